"""Standing exclusions: customers and invoices that are not written about until somebody says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import exclusions as queries
from bursar.chasing.states import Covers, ExcludedReason
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox.states import Purpose
from bursar.outbox.taking_out import take_out
from bursar.tenancy import cells

LONGEST_REASON = 300  # characters
LARGEST_PAGE = 200
REACH = {
    Covers.CAMPAIGNS: (Purpose.CAMPAIGN,),
    Covers.EVERYTHING: (Purpose.CAMPAIGN, Purpose.CHASE),
}
"""What a standing exclusion stops; what a person asked for and notices of one invoice go all the same."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """`invoice_id` is None for all of a customer's; `until` is its last day, None while nobody lifts it."""

    id: UUID
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    covers: Covers
    reason: str
    until: date | None
    lifted_at: datetime | None
    created_at: datetime
    in_force: bool


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Exclusion]
    next: UUID | None


async def exclude(
    work: Work,
    customer_id: UUID,
    *,
    reason: str,
    invoice_id: UUID | None = None,
    covers: Covers = Covers.EVERYTHING,
    until: date | None = None,
) -> UUID:
    """Write no more about a customer, or one invoice of theirs; what waits about it is dropped in the same transaction.

    The same customer or invoice again keeps the new words. Raises `Invalid` by field, and `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    said = cells.parse_text(reason, field="reason", limit=LONGEST_REASON) if reason.strip() else ""
    if not said:
        raise Invalid(N_("Say why, for whoever looks at it later."), code="reason_missing", field="reason")
    if until is not None and until < work.today:
        raise Invalid(N_("The last day must not be over."), code="until_past", field="until")
    about = (await work.db.execute(queries.invoices_about(work, customer_id, invoice_id))).all()
    if not about:
        raise NotFound("invoice" if invoice_id else "customer")
    values = {
        "customer_id": customer_id,
        "invoice_id": invoice_id,
        "covers": covers,
        "reason": said,
        "until": until,
    }
    exclusion_id = (await work.db.scalars(queries.add(work, values))).one()
    ids = [row.id for row in about if row.id is not None]
    await take_out(work, "invoice", ids, reason=ExcludedReason.EXCLUDED, purposes=REACH[covers])
    told = {"covers": covers, "until": until.isoformat() if until else None}
    payload = {**told, "invoice_id": str(invoice_id) if invoice_id else None}
    await work.record(
        "exclusion.exclude", Record(exclusion_id, customer_id, payload=payload, private={"reason": said})
    )
    return exclusion_id


async def lift(work: Work, exclusion_id: UUID) -> None:
    """They may be written about again; what was dropped meanwhile stays so. The row keeps the trace.

    Raises `NotFound`, and `Conflict` for one that was lifted before.
    """
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.one(work, exclusion_id))).one_or_none()
    if row is None:
        raise NotFound("exclusion")
    if not list(await work.db.scalars(queries.lift(work, exclusion_id))):
        raise Conflict(N_("This exclusion was lifted already."), code="already_lifted")
    await work.record("exclusion.lift", Record(exclusion_id, row.customer_id))


async def list_exclusions(
    work: Work,
    *,
    text: str | None = None,
    customer_id: UUID | None = None,
    lifted: bool = False,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The newest first; with `lifted` also those that no longer hold. `text` is a part of name, number or reason."""
    size = max(1, min(limit, LARGEST_PAGE))
    statement = queries.page(work, text, customer_id, lifted=lifted, cursor=cursor, limit=size + 1)
    rows = (await work.db.execute(statement)).all()
    found = [_exclusion(work, row) for row in rows[:size]]
    return Page(found, found[-1].id if len(rows) > size else None)


async def leave_out_excluded(work: Work, run_ids: Sequence[UUID]) -> None:
    """What was excluded since these runs were frozen is dropped from them, before they are let go."""
    for run_id in run_ids:
        ids = list(await work.db.scalars(queries.excluded_of_run(work, run_id)))
        await take_out(
            work,
            "invoice",
            ids,
            reason=ExcludedReason.EXCLUDED,
            purposes=REACH[Covers.CAMPAIGNS],
            run_id=run_id,
        )


def _exclusion(work: Work, row: Row[Any]) -> Exclusion:
    return Exclusion(
        row.id,
        row.customer_id,
        row.customer_name,
        row.invoice_id,
        row.invoice_number,
        Covers(row.covers),
        row.reason,
        row.until,
        row.lifted_at,
        row.created_at,
        row.lifted_at is None and (row.until is None or row.until >= work.today),
    )
