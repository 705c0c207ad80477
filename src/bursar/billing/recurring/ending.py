"""The end of a recurring invoice: from now on, or from a day in a month that was billed whole (R87)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from bursar.billing import credit_notes, locks
from bursar.billing.credit_notes import CreditNote
from bursar.billing.crediting import Left, Part
from bursar.billing.queries import recurring as queries
from bursar.billing.queries import recurring_runs as runs
from bursar.billing.recurring import schedule
from bursar.billing.recurring.planning import lock
from bursar.billing.states import END_RECURRING, InvoiceState, Proration
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.moves import move, move_all
from bursar.core.work import Work


async def end_recurring(
    work: Work,
    recurring_id: UUID,
    *,
    because: str | None = None,
    last_day: date | None = None,
    version: int | None = None,
) -> list[CreditNote]:
    """Bill nothing any more. It stays to be seen, and so does what it has billed; deleting it is this too.

    With `last_day`, what was billed for the days after it is credited by the formula that charges parts of a month; the
    credit notes are returned, the earliest month's first. Raises `NotFound`, `IllegalMove`, `StaleVersion`; with a last
    day also `Invalid` for one that was not billed or of an agreement that charges whole months, and `Conflict` while
    the month's invoice is a draft.
    """
    work.allow(AgentRole.AGENT)
    notes = [] if last_day is None else await _give_back(work, recurring_id, last_day, because)
    await lock(work, recurring_id, END_RECURRING.event, END_RECURRING.sources, version)
    values: dict[str, Any] = {"next_run_on": None, "refusal": None}
    if last_day is not None:
        values["end_date"] = last_day
    await move(work, END_RECURRING, recurring_id, because=because, **values)
    return notes


async def end_passed(work: Work) -> int:
    """End those whose last day is over; how many. Whatever they missed until then is billed first."""
    ids = list(await work.db.scalars(runs.passed(work)))
    return len(await move_all(work, END_RECURRING, ids, because="end_date", next_run_on=None, refusal=None))


async def _give_back(work: Work, recurring_id: UUID, last_day: date, because: str | None) -> list[CreditNote]:
    """Customer, invoices, agreement: locked in the order in which everybody locks."""
    agreed = (await work.db.execute(queries.one(work, recurring_id))).one_or_none()
    if agreed is None:
        raise NotFound("recurring invoice")
    if agreed.proration != Proration.DAILY:
        raise Invalid(
            N_("It charges whole months, so no part of one is given back. End it without a last day."),
            code="charges_whole_months",
            field="last_day",
        )
    if last_day < agreed.start_date:
        raise Invalid(N_("It had not begun by then."), code="before_start", field="last_day")
    await locks.lock_customers(work, [agreed.customer_id])
    since = schedule.period_of(last_day)
    billed = (await work.db.execute(queries.invoices_since(work, recurring_id, since))).all()
    if not billed or billed[0].period != since:
        raise Invalid(
            N_(
                "The month of this day is not billed yet. Change the end date, and its last bill is by the day."
            ),
            code="month_not_billed",
            field="last_day",
        )
    notes = []
    for invoice in billed:  # one, or a few where months were billed after the last day
        if invoice.state == InvoiceState.DRAFT:
            raise Conflict(
                N_("The invoice of %(period)s is a draft. Issue or delete it first."),
                code="month_is_a_draft",
                period=invoice.period,
            )
        if invoice.state not in (InvoiceState.ISSUED, InvoiceState.PAID):
            continue
        parts = _unused(await credit_notes.left_of(work, invoice.id), last_day, invoice.currency)
        if parts:
            because = because or f"{agreed.start_date.isoformat()} – {last_day.isoformat()}"
            notes.append(await credit_notes.issue_credit_note(work, invoice.id, parts=parts, because=because))
    return notes


def _unused(lefts: Sequence[Left], last_day: date, currency: str) -> list[Part]:
    """What of each line was for days after the last one, at most what no credit note has taken yet."""
    parts = []
    for left in lefts:
        first, last = left.line["service_from"], left.line["service_to"]
        if first is None or last is None or last <= last_day:
            continue
        days = (last - first).days + 1
        used = max((last_day - first).days + 1, 0)
        _, unused = schedule.parts_of_month(left.line["net_minor"], [used, days - used], days)
        if back := min(unused, left.net):
            parts.append(Part(left.line["position"], net=Money(back, currency)))
    return parts
