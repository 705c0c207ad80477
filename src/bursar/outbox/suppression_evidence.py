"""One suppression with what it stands on: which message, which report or press of a button, and who says so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.outbox.queries import suppression_evidence as queries
from bursar.outbox.suppressions import Suppression, suppression_of

FEW = 20
"""Customers who share an address: a bookkeeper has several firms."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of how it came about; each part may be missing.

    `send_subject` and `sent_at`: the message that it followed. `refusal`: what the other mail server said of it.
    `pressed_at`: when its reader pressed the button. `incoming_*`: what came in, a report or an answer. `made_by`: the
    agent whose word it is.
    """

    send_subject: str | None
    sent_at: datetime | None
    refusal: str | None
    pressed_at: datetime | None
    incoming_subject: str | None
    incoming_class: str | None
    received_at: datetime | None
    made_by: str | None
    lifted_by: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer who has the address."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Explained:
    suppression: Suppression
    evidence: Evidence
    customers: tuple[Holder, ...]


async def explain_suppression(work: Work, suppression_id: UUID) -> Explained:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.shown(work, suppression_id))).one_or_none()
    if row is None:
        raise NotFound("suppression")
    suppression = suppression_of(row)
    evidence = Evidence(
        row.send_subject,
        row.sent_at,
        row.provider_response,
        row.pressed_at,
        row.incoming_subject,
        row.incoming_class,
        row.received_at,
        row.made_by,
        row.lifted_by_name,
    )
    found = await work.db.execute(queries.customers_with(work, suppression.address_key, FEW))
    return Explained(suppression, evidence, tuple(Holder(one.id, one.name) for one in found))
