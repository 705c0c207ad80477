"""Rows of a sheet of invoices as facts: pure, since it runs in a thread."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bursar.billing.sheet_status import says_paid
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money, exponent_of
from bursar.tenancy.amounts import parse_amount
from bursar.tenancy.cells import parse_code, parse_text
from bursar.tenancy.dates import parse_date
from bursar.tenancy.grids import CellValue
from bursar.tenancy.import_customers import Cleaner, with_parties
from bursar.tenancy.importers import Entry, Firm, Table, read_rows
from bursar.tenancy.merging import Party
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row

AMOUNTS = ("total", "balance", "paid")
_CUSTOMER = {
    "customer_code": "external_code",
    "customer_name": "full_name",
    **{name: name for name in ("company_name", "email", "phone", "locale", "tax_number")},
}
_WHO = ("external_code", "full_name", "company_name", "email")


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What a row says. A date that it does not say is None; `balance` is what is still open, `paid_on` when the
    rest was paid.
    """

    number: str
    total: Money
    balance: Money
    issue_date: date | None
    due_date: date | None
    paid_on: date | None
    description: str | None
    purchase_order: str | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A row's facts and its customer, whom other rows of the sheet may share."""

    facts: InvoiceFacts
    party: Party


def read_invoices(table: Table, firm: Firm) -> list[Entry[InvoiceRow]]:
    """One entry a row. Numbers that stand twice with other facts are refused wherever they stand; where the
    facts are the same, the first row counts.
    """
    clean = Cleaner(firm)

    def read_row(row: Row) -> tuple[InvoiceFacts, dict[str, Any]]:
        return _facts(table, row, firm), _customer(table, row, clean)

    read = read_rows(table, read_row)
    parties = with_parties([_customer_of(entry) for entry in read])
    rows = [_joined(entry, party) for entry, party in zip(read, parties, strict=True)]
    return _without_doubles(rows)


def _facts(table: Table, row: Row, firm: Firm) -> InvoiceFacts:
    number = table.cell(row, "number")
    if number is None:
        raise Invalid(N_("Give the invoice's number."), code="number_missing", field="number")
    currency = table.currency(row, AMOUNTS, firm.currency) or firm.currency
    issue_date, due_date = _days(table, row, firm.today)
    paid_on = _paid_on(table, row, firm.today)
    settled = says_paid(table.cell(row, "status"))
    total, balance = _amounts(table, row, currency, paid=settled or paid_on is not None)
    if settled and balance:
        raise Invalid(
            N_("The status says that it is paid, and something of it is open. Correct one of them."),
            code="status_does_not_fit",
            field="status",
        )
    return InvoiceFacts(
        parse_code(number, field="number"),
        total,
        balance,
        issue_date,
        due_date,
        paid_on,
        _text(table.cell(row, "description"), "description"),
        _text(table.cell(row, "purchase_order"), "purchase_order"),
        None,
    )


def _amounts(table: Table, row: Row, currency: str, *, paid: bool) -> tuple[Money, Money]:
    """Total and open amount, one from the other if the row has only one; three that do not add up are refused.

    Of one that was `paid`, and does not say how much of it, all was.
    """
    told = {
        name: parse_amount(cell, exponent_of(currency), table.numbers, currency=currency, field=name)
        for name, cell in table.cells(row, AMOUNTS).items()
    }
    total = told.get("total", told.get("balance"))
    if total is None:
        raise Invalid(N_("Give the invoice's amount."), code="amount_missing", field="total")
    if total <= 0:
        field = "total" if "total" in told else "balance"
        raise Invalid(N_("The amount must be more than zero."), code="amount_not_positive", field=field)
    balance = told.get("balance", total - told.get("paid", total if paid and "total" in told else 0))
    for name in ("balance", "paid"):
        if told.get(name, 0) < 0:
            raise Invalid(N_("This amount cannot be below zero."), code="amount_negative", field=name)
    if not 0 <= balance <= total:
        raise Invalid(
            N_("No more than the invoice's total can be open or paid. Correct one of the amounts."),
            code="balance_does_not_fit",
            field="balance" if "balance" in told else "paid",
        )
    if len(told) == len(AMOUNTS) and told["balance"] + told["paid"] != total:
        raise Invalid(
            N_("What is open and what was paid do not add up to the total. Correct one of them."),
            code="amounts_do_not_add_up",
            field="balance",
        )
    return Money(total, currency), Money(balance, currency)


def _days(table: Table, row: Row, today: date) -> tuple[date | None, date | None]:
    days = {
        name: parse_date(cell, table.dates, field=name)
        for name, cell in table.cells(row, ("issue_date", "due_date")).items()
    }
    issue_date, due_date = days.get("issue_date"), days.get("due_date")
    if not days:
        raise Invalid(N_("Give the due date or the issue date."), code="dates_missing", field="due_date")
    if issue_date and issue_date > today:
        raise Invalid(
            N_("The issue date is in the future. Correct it, or import this invoice when it is issued."),
            code="issue_date_in_future",
            field="issue_date",
        )
    if issue_date and due_date and due_date < issue_date:
        raise Invalid(
            N_("The due date is before the issue date. Correct one of them."),
            code="due_before_issue",
            field="due_date",
        )
    return issue_date, due_date


def _paid_on(table: Table, row: Row, today: date) -> date | None:
    cell = table.cell(row, "paid_on")
    day = None if cell is None else parse_date(cell, table.dates, field="paid_on")
    if day is not None and day > today:
        raise Invalid(
            N_("Money cannot have arrived in the future. Give the day it arrived."),
            code="paid_on_in_future",
            field="paid_on",
        )
    return day


def _customer(table: Table, row: Row, clean: Cleaner) -> dict[str, Any]:
    cells = {_CUSTOMER[name]: cell for name, cell in table.cells(row, _CUSTOMER).items()}
    if not any(name in cells for name in _WHO):
        raise Invalid(
            N_("Give the customer's code, name or e-mail address."),
            code="customer_missing",
            field="customer_name",
        )
    try:
        return clean(cells)
    except Invalid as refusal:
        sheet_names = {column: name for name, column in _CUSTOMER.items()}
        field = sheet_names.get(refusal.field or "", refusal.field)
        raise Invalid(refusal.message, code=refusal.code, field=field, **refusal.params) from None


def _text(cell: CellValue | None, field: str) -> str | None:
    return None if cell is None else parse_text(cell, field=field)


def _customer_of(entry: Entry[tuple[InvoiceFacts, dict[str, Any]]]) -> Entry[dict[str, Any]]:
    return Entry(entry.number, entry.facts[1] if entry.facts else None, entry.refusal)


def _joined(entry: Entry[tuple[InvoiceFacts, dict[str, Any]]], party: Entry[Party]) -> Entry[InvoiceRow]:
    if party.refusal is not None:
        return Entry(entry.number, refusal=party.refusal)
    facts, customer = entry.read
    return Entry(
        entry.number,
        InvoiceRow(replace(facts, locale=customer.get("locale")), party.read),
        notes=party.notes,
    )


def _without_doubles(entries: Sequence[Entry[InvoiceRow]]) -> list[Entry[InvoiceRow]]:
    by_number: Mapping[str, list[Entry[InvoiceRow]]] = defaultdict(list)
    for entry in entries:
        if entry.refusal is None:
            by_number[entry.read.facts.number].append(entry)
    refusals: dict[int, Reason] = {}
    for number, twins in by_number.items():
        if len(twins) > 1:
            alike = all(twin.read == twins[0].read for twin in twins)
            for twin in twins[1 if alike else 0 :]:
                refusals[twin.number] = _double(
                    number, [each.number for each in twins], twin.number, alike=alike
                )
    return [
        Entry(entry.number, refusal=refusals[entry.number]) if entry.number in refusals else entry
        for entry in entries
    ]


def _double(number: str, rows: Sequence[int], own: int, *, alike: bool) -> Reason:
    if alike:
        message = N_(
            "Row %(row)s repeats invoice %(number)s of row %(first)s, which counts. Delete this row."
        )
        params = {"row": own, "number": number, "first": rows[0]}
    else:
        message = N_("Invoice %(number)s stands in rows %(rows)s with different facts. Keep the right one.")
        params = {"number": number, "rows": ", ".join(map(str, rows))}
    return Reason(message, "duplicate_number", "number", params)
