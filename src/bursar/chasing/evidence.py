"""What a reason stands on, so that "promised" leads to the promise and "paid" to the payment (promise 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from bursar.chasing.queries import evidence as queries
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class About:
    """Whom and what a reason is about; what is not known of it is None or empty."""

    invoice_ids: Sequence[UUID] = ()
    customer_id: UUID | None = None
    address_key: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row behind a `reason`.

    `kind` names it: promise, dispute, payment, credit_note, reply, suppression, customer, exclusion, chase or send.
    `text` says more in a word, which may be a code; `on_date` or `at` is its time; `about_id` the invoice or customer.
    """

    reason: str
    kind: str
    id: UUID
    text: str | None
    on_date: date | None
    at: datetime | None
    about_id: UUID | None


async def evidence_of(work: Work, reasons: Iterable[str], about: About) -> tuple[Evidence, ...]:
    """What each of these reasons stands on, the newest of it first; a reason that needs none has none."""
    found: list[Evidence] = []
    for reason in dict.fromkeys(reasons):
        statement = _statement(work, reason, about)
        if statement is not None:
            found += [
                Evidence(reason, row.kind, row.id, row.text, row.on_date, row.at, row.about_id)
                for row in await work.db.execute(statement)
            ]
    return tuple(found)


_ABOUT_INVOICES = {
    "promise": queries.promised,
    "dispute": queries.contested,
    "processing": queries.being_paid,
    "paid": queries.paid,
    "crossed": queries.paid,
    "credited": queries.credited,
    "cancelled": queries.credited,
}
_ABOUT_CUSTOMERS = {"replied": queries.replied, "customer_suspended": queries.suspended}
_ABOUT_BOTH = {
    "excluded": queries.kept_out,
    "chase_paused": queries.waiting_chases,
    "chase_stopped": queries.waiting_chases,
}
_ABOUT_ADDRESSES = frozenset({"unsubscribed", "hard_bounce", "complaint", "erased", "suppressed"})
_ABOUT_CONTACT = frozenset({"written_to_today", "quiet_cap", "too_soon"})


def _statement(work: Work, reason: str, about: About) -> sa.Select | None:
    """Where to look for a reason; None where nothing is known to look by."""
    if about.invoice_ids and reason in _ABOUT_INVOICES:
        return _ABOUT_INVOICES[reason](work, about.invoice_ids)
    if about.address_key and reason in _ABOUT_ADDRESSES:
        return queries.suppressed(work, about.address_key)
    return _of_customer(work, reason, about, about.customer_id) if about.customer_id else None


def _of_customer(work: Work, reason: str, about: About, customer_id: UUID) -> sa.Select | None:
    if reason in _ABOUT_CUSTOMERS:
        return _ABOUT_CUSTOMERS[reason](work, customer_id)
    if reason in _ABOUT_BOTH:
        return _ABOUT_BOTH[reason](work, customer_id, about.invoice_ids)
    if reason in _ABOUT_CONTACT:
        address = [about.address_key] if about.address_key else []
        return queries.written_to(work, [f"customer/{customer_id}", *address])
    return None
