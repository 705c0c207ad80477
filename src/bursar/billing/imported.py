"""Invoices of another program: their numbers stay theirs, open ones are chased and paid ones are history (R67)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks, numbers, payments
from bursar.billing.queries import imported as queries
from bursar.billing.queries import money
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Work
from bursar.tenancy.states import RowOutcome

OPENING = "opening balance"


@dataclass(frozen=True, slots=True)
class ImportedInvoice:
    """One row. `balance` is what is open of `total`, and `paid_on` when the rest was paid, if that is known.

    A dry run may not know the customer's id yet.
    """

    number: str
    customer_id: UUID | None
    total: Money
    balance: Money
    issue_date: date
    due_date: date
    description: str | None = None
    purchase_order: str | None = None
    locale: str | None = None
    paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a row, or would. `paid` is what an update finds to have been paid meanwhile, on `paid_on`."""

    outcome: RowOutcome
    id: UUID | None = None
    refusal: Refusal | None = None
    paid: Money | None = None
    paid_on: date | None = None


async def plan_imported(work: Work, source: str, given: Sequence[ImportedInvoice]) -> list[Imported]:
    """What `add_imported` would do with each row; writes nothing."""
    work.allow(AgentRole.AGENT)
    found = await work.db.execute(queries.known(work, source, sorted({row.number for row in given})))
    known = {row.external_id: row for row in found}
    seen: set[str] = set()
    planned = []
    for row in given:
        try:
            _check(work, row, seen)
            planned.append(_compare(row, known.get(row.number)))
        except Refusal as refusal:
            planned.append(Imported(RowOutcome.REFUSED, refusal=refusal))
    return planned


async def add_imported(work: Work, source: str, given: Sequence[ImportedInvoice]) -> list[Imported]:
    """Take these invoices in, born issued or paid in the series of their source; one answer for each row.

    An invoice that is here already stays as it was issued. If less of it is open now, the difference was
    paid and is recorded; if more is, what we know of its payments counts. Anything else is refused.
    """
    planned = await plan_imported(work, source, given)
    customers = await locks.lock_customers(work, [row.customer_id for row in given if row.customer_id])
    answers = [
        Imported(RowOutcome.REFUSED, refusal=NotFound("customer"))
        if plan.outcome is not RowOutcome.REFUSED and row.customer_id not in customers
        else plan
        for row, plan in zip(given, planned, strict=True)
    ]
    pairs = list(zip(given, answers, strict=True))
    ids = await _create(work, source, [row for row, plan in pairs if plan.outcome is RowOutcome.CREATED])
    await _pay(work, [plan for plan in answers if plan.outcome is RowOutcome.UPDATED])
    return [
        Imported(RowOutcome.CREATED, id=ids[row.number]) if plan.outcome is RowOutcome.CREATED else plan
        for row, plan in pairs
    ]


def _check(work: Work, row: ImportedInvoice, seen: set[str]) -> None:
    if not row.number.strip():
        raise Invalid(N_("The invoice has no number."), code="number_missing", field="number")
    if row.number in seen:
        raise Invalid(
            N_("Number %(number)s stands in this file twice."),
            code="duplicate_number",
            field="number",
            number=row.number,
        )
    seen.add(row.number)
    if row.balance.currency != row.total.currency:
        raise MixedCurrencies(row.total.currency, row.balance.currency)
    if row.total.minor <= 0:
        raise Invalid(N_("The total must be more than zero."), code="total_not_positive", field="total")
    if not 0 <= row.balance.minor <= row.total.minor:
        raise Invalid(
            N_("What is open cannot be below zero or more than the total."),
            code="balance_does_not_fit",
            field="balance",
        )
    if row.issue_date > work.today:
        raise Invalid(N_("The issue date is in the future."), code="issue_date_in_future", field="issue_date")
    if row.due_date < row.issue_date:
        raise Invalid(
            N_("The due date is before the date of issue."), code="due_before_issue", field="due_date"
        )

    if row.paid_on is not None and row.paid_on > work.today:
        raise Invalid(N_("The day of payment is in the future."), code="paid_on_in_future", field="paid_on")
    if row.paid_on is not None and row.balance == row.total:
        raise Invalid(
            N_("It has a day of payment, and nothing of it was paid. Correct one of them."),
            code="nothing_paid",
            field="paid_on",
        )


def _compare(row: ImportedInvoice, known: sa.Row[Any] | None) -> Imported:
    if known is None and not row.balance and row.paid_on is None:
        raise Invalid(
            N_(
                "Nothing of this invoice is open. Say on which day it was paid to keep it as history,"
                " or leave it out of the sheet."
            ),
            code="nothing_open",
            field="balance",
        )
    if known is None:
        return Imported(RowOutcome.CREATED)
    facts = (known.customer_id, known.total_minor, known.currency, known.issue_date, known.due_date)
    told = (row.customer_id, row.total.minor, row.total.currency, row.issue_date, row.due_date)
    if facts != told:
        raise Conflict(
            N_("Invoice %(number)s is here already with other facts, and what was issued does not change."),
            code="invoice_differs",
            field="number",
            number=row.number,
        )
    less = known.balance_minor - row.balance.minor
    if known.state == InvoiceState.ISSUED and less > 0:
        paid = Money(less, known.currency)
        return Imported(RowOutcome.UPDATED, id=known.id, paid=paid, paid_on=row.paid_on)
    return Imported(RowOutcome.UNCHANGED, id=known.id)


async def _create(work: Work, source: str, new: Sequence[ImportedInvoice]) -> Mapping[str, UUID]:
    if not new:
        return {}
    facts = [
        (
            *(row.number, row.customer_id, row.total.currency, row.total.minor, row.balance.minor),
            *(row.issue_date, row.due_date, row.paid_on, row.purchase_order, row.locale),
        )
        for row in new
    ]
    written = await work.db.execute(queries.add_invoices(work, source, f"{numbers.IMPORTED}{source}", facts))
    ids = {row.external_id: row.id for row in written}
    if len(ids) < len(new):
        raise Conflict(N_("Somebody else is importing the same invoices right now."), code="busy")
    lines = [
        (ids[row.number], row.customer_id, row.description or row.number, row.total.minor) for row in new
    ]
    await work.db.execute(queries.add_lines(work, lines))
    await _bring_forward(work, source, [row for row in new if row.balance != row.total], ids)
    return ids


async def _bring_forward(
    work: Work, source: str, part_paid: Sequence[ImportedInvoice], ids: Mapping[str, UUID]
) -> None:
    """What was paid elsewhere, so that ledger and balance agree. Nobody received money now: no event says so.

    Where its day is not known it is the day of issue: this month's collections must not have it.
    """
    if not part_paid:
        return
    payment_ids = await work.db.scalars(money.new_ids(len(part_paid)))
    openings = [
        (
            *(payment_id, ids[row.number], row.customer_id, row.total.currency),
            *(row.total.minor - row.balance.minor, row.paid_on or row.issue_date),
            *(max(row.paid_on or row.issue_date, row.issue_date), f"opening/{source}/{row.number}"),
        )
        for payment_id, row in zip(payment_ids, part_paid, strict=True)
    ]
    await work.db.execute(queries.add_opening_payments(work, OPENING, openings))
    await work.db.execute(queries.allocate_openings(work, openings))


async def _pay(work: Work, found: Sequence[Imported]) -> None:
    """What the other program has received since the last sheet."""
    paid = [
        payments.NewPayment(
            plan.paid,
            plan.paid_on or work.today,
            allocate_to=[(plan.id, None)],
            reference=OPENING,
            source=PaymentSource.IMPORT,
        )
        for plan in found
        if plan.id and plan.paid
    ]
    for answer in await payments.record_payments(work, paid):
        if isinstance(answer, Refusal):
            raise answer
