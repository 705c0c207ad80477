"""Tables of invoices, payments, ageing and statements for spreadsheets: a header, then rows in batches."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bursar.billing.aged import aged_report, rows_of
from bursar.billing.filters import Chosen
from bursar.billing.finding import list_invoices
from bursar.billing.rules import Bucket
from bursar.billing.showing import payment_lines
from bursar.billing.statements import statement
from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.tenancy.reports import ReportValue

AT_ONCE = 1_000
"""Rows read and written together, so that a million of them need no memory."""

Rows = AsyncIterator[Sequence[Sequence[ReportValue]]]


@dataclass(frozen=True, slots=True)
class Export:
    """`header` are msgids; what a row says of money is a number beside its currency."""

    name: str
    header: tuple[str, ...]
    rows: Rows


def invoices(work: Work, chosen: Chosen) -> Export:
    header = (N_("Number"), N_("Customer"), N_("Issue date"), N_("Due date"), N_("Currency"), N_("Subtotal"))
    header += (N_("Tax"), N_("Total"), N_("Open"), N_("State"), N_("Paid on"), N_("Purchase order"))
    return Export("invoices", header, _invoices(work, chosen))


async def _invoices(work: Work, chosen: Chosen) -> Rows:
    before: UUID | None = None
    while found := await list_invoices(work, chosen, before=before, limit=AT_ONCE):
        yield [
            (
                *(one.number, one.customer_name, one.issue_date, one.due_date, one.total.currency),
                *(one.subtotal.decimal, one.tax.decimal, one.total.decimal, one.balance.decimal),
                *(str(one.status), one.paid_on, one.purchase_order),
            )
            for one in found
        ]
        before = found[-1].id


def payments(work: Work, text: str | None = None) -> Export:
    header = (N_("Received on"), N_("Customer"), N_("Currency"), N_("Amount"), N_("Left as credit"))
    header += (N_("Refunded"), N_("Method"), N_("Reference"), N_("Comes from"), N_("Reversed"))
    return Export("payments", header, _payments(work, text))


async def _payments(work: Work, text: str | None) -> Rows:
    before: UUID | None = None
    while found := await payment_lines(work, text=text, before=before, limit=AT_ONCE):
        yield [
            (
                *(one.received_on, one.customer_name, one.amount.currency, one.amount.decimal),
                *(one.unused.decimal, one.refunded.decimal, one.method, one.reference, str(one.source)),
                one.reversed or one.reverses_id is not None,
            )
            for one in found
        ]
        before = found[-1].id


def ageing(work: Work, as_of: date | None = None) -> Export:
    header = (N_("Customer"), N_("Currency"), *map(str, Bucket), N_("Open"), N_("Disputed"), N_("Credit"))
    return Export("ageing", header, _ageing(work, as_of))


async def _ageing(work: Work, as_of: date | None) -> Rows:
    offset, more = 0, True
    while more:
        report = await aged_report(work, as_of, limit=AT_ONCE, offset=offset)
        yield [
            (
                *(one.customer_name, one.aged.total.currency),
                *(amount.decimal for amount in rows_of(one.aged)),
                *(one.aged.total.decimal, one.aged.disputed.decimal, one.aged.credit.decimal),
            )
            for one in report.customers
        ]
        offset, more = offset + AT_ONCE, report.more


def account(work: Work, customer_id: UUID, start: date, end: date) -> Export:
    header = (N_("Date"), N_("What"), N_("About"), N_("Currency"), N_("Amount"), N_("Balance"))
    return Export("statement", header, _account(work, customer_id, start, end))


async def _account(work: Work, customer_id: UUID, start: date, end: date) -> Rows:
    for code, one in (await statement(work, customer_id, start, end)).accounts.items():
        yield [
            (start, "opening", None, code, None, one.opening.decimal),
            *(
                (e.on_day, str(e.kind), e.label, code, e.amount.decimal, e.balance.decimal)
                for e in one.entries
            ),
            (end, "closing", None, code, None, one.closing.decimal),
        ]
