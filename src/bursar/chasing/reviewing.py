"""Walking through a campaign's messages: one after the other, and by what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.chasing.previews import InvoiceLine
from bursar.chasing.queries import results
from bursar.chasing.queries import reviewing as queries
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands among those of its run; `number` counts from 1."""

    previous: UUID | None
    next: UUID | None
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of a campaign and what became of their message. `subjects`: how many invoices it is about."""

    send_id: UUID
    customer_id: UUID | None
    name: str | None
    address: str | None
    locale: str
    state: str
    reason: str | None
    subjects: int
    sent_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Recipient]
    next: UUID | None


async def place_of(work: Work, run_id: UUID, send_id: UUID) -> Place:
    row = (await work.db.execute(queries.place(work, run_id, send_id))).one()
    return Place(row.previous, row.next, row.earlier + 1, row.earlier + 1 + row.later)


async def recipients(
    work: Work,
    run_id: UUID,
    *,
    state: str | None = None,
    reason: str | None = None,
    text: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Page:
    """In the order in which they were listed. `state` may be `changed`: those that wait for an agent."""
    rows = (
        await work.db.execute(
            queries.recipients(
                work, run_id, state=state, reason=reason, text=text, after=after, limit=limit + 1
            )
        )
    ).all()
    found = [
        Recipient(
            row.id,
            row.customer_id,
            row.to_name,
            row.to_address,
            row.locale,
            row.state,
            row.reason,
            row.subjects,
            row.sent_at,
            row.opened_at,
            row.clicked_at,
        )
        for row in rows[:limit]
    ]
    return Page(found, found[-1].send_id if len(rows) > limit else None)


async def collected_since(work: Work, campaign_ids: Sequence[UUID]) -> dict[UUID, list[Money]]:
    """What came in for the invoices of each campaign since it was let go; those without anything are missing."""
    found: dict[UUID, list[Money]] = {}
    for row in await work.db.execute(queries.collected(work, campaign_ids)):
        found.setdefault(row.id, []).append(Money(row.minor, row.currency))
    return found


async def campaign_of(work: Work, run_id: UUID | None) -> tuple[UUID, str] | None:
    """Id and name of the campaign that made a run; None for a run of another room, or that was made again since."""
    if run_id is None:
        return None
    row = (await work.db.execute(queries.campaign_of(work, run_id))).one_or_none()
    return (row.id, row.name) if row else None


async def invoices_of(work: Work, send_id: UUID) -> list[InvoiceLine]:
    """The invoices that a send is about, those that were dropped from it too, with what is open on each today."""
    return [
        InvoiceLine(
            row.id, row.number, Money(row.balance_minor, row.currency), row.reason if row.dropped_at else None
        )
        for row in await work.db.execute(results.invoices_about(work, [send_id]))
    ]
