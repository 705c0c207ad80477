"""Sheets of payments: each to the invoice whose number it gives, what is over to the customer's credit (R73)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bursar.billing import finding, payments
from bursar.billing.finding import AmbiguousNumber, Numbered
from bursar.billing.payments import NewPayment, PaymentRecorded
from bursar.billing.states import PaymentSource
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.money import Money, exponent_of
from bursar.core.work import Work
from bursar.tenancy.amounts import NumberStyle, parse_amount
from bursar.tenancy.cells import parse_code, parse_name
from bursar.tenancy.dates import parse_date
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

_FINEST = 3
"""Decimals of the currency with the most: two amounts alike to here are alike."""


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """`amount` stays a cell until its invoice is known, whose currency says how many decimals it has."""

    number: str
    amount: CellValue
    style: NumberStyle
    currency: str | None
    received_on: date
    method: str | None
    reference: str | None
    external_id: str | None

    @property
    def mark(self) -> tuple[Any, ...]:
        """Two rows with the same are one payment."""
        if self.external_id:
            return ("id", self.external_id)
        amount = parse_amount(self.amount, _FINEST, self.style)
        return (self.number, amount, self.currency, self.received_on, self.reference)


@dataclass(frozen=True, slots=True)
class PaymentImporter:
    """A payment is the same by its own id, else by invoice, amount, day and reference."""

    kind: ImportKind = ImportKind.PAYMENTS

    def read(self, table: Table, firm: Firm) -> list[Entry[PaymentFacts]]:
        return _without_doubles(read_rows(table, lambda row: _facts(table, row, firm)))

    async def judge(self, work: Work, entries: Sequence[Entry[PaymentFacts]]) -> list[Verdict]:
        given, refusals = await _payments(work, entries)
        return _verdicts(entries, refusals, given, await payments.plan_payments(work, list(given.values())))

    async def write(self, work: Work, entries: Sequence[Entry[PaymentFacts]]) -> list[Verdict]:
        given, refusals = await _payments(work, entries)
        return _verdicts(entries, refusals, given, await payments.record_payments(work, list(given.values())))


def _facts(table: Table, row: Row, firm: Firm) -> PaymentFacts:
    needed = {name: table.cell(row, name) for name in ("invoice_number", "amount", "received_on")}
    messages = {
        "invoice_number": N_("Give the number of the invoice that was paid."),
        "amount": N_("Give the amount that was paid."),
        "received_on": N_("Give the day on which the money arrived."),
    }
    for name, cell in needed.items():
        if cell is None:
            raise Invalid(messages[name], code=f"{name}_missing", field=name)
    rest = table.cells(row, ("method", "reference", "external_id"))
    facts = PaymentFacts(
        parse_code(needed["invoice_number"] or "", field="invoice_number"),
        needed["amount"] or "",
        table.numbers,
        table.currency(row, ("amount",), firm.currency),
        parse_date(needed["received_on"] or "", table.dates, field="received_on"),
        _named(rest, "method"),
        _named(rest, "reference"),
        parse_code(rest["external_id"], field="external_id") if "external_id" in rest else None,
    )
    if parse_amount(facts.amount, _FINEST, facts.style) <= 0:
        raise Invalid(N_("The amount must be more than zero."), code="amount_not_positive", field="amount")
    if facts.received_on > firm.today:
        raise Invalid(
            N_("Money cannot have arrived in the future. Give the day it arrived."),
            code="received_in_future",
            field="received_on",
        )
    return facts


def _named(cells: Mapping[str, CellValue], name: str) -> str | None:
    return parse_name(cells[name], field=name) if name in cells else None


def _without_doubles(entries: Sequence[Entry[PaymentFacts]]) -> list[Entry[PaymentFacts]]:
    first: dict[tuple[Any, ...], int] = {}
    kept: list[Entry[PaymentFacts]] = []
    for entry in entries:
        if (
            entry.refusal is None
            and (before := first.setdefault(entry.read.mark, entry.number)) != entry.number
        ):
            message = N_(
                "Row %(row)s repeats the payment of row %(first)s. Delete it, or give both their own IDs."
            )
            params = {"row": entry.number, "first": before}
            field = "external_id" if entry.read.external_id else "amount"
            kept.append(Entry(entry.number, refusal=Reason(message, "duplicate_payment", field, params)))
        else:
            kept.append(entry)
    return kept


async def _payments(
    work: Work, entries: Sequence[Entry[PaymentFacts]]
) -> tuple[dict[int, NewPayment], dict[int, Reason]]:
    """By row, the payment it means or why it means none."""
    named = await finding.with_numbers(work, [entry.read.number for entry in entries])
    given: dict[int, NewPayment] = {}
    refusals: dict[int, Reason] = {}
    for entry in entries:
        try:
            given[entry.number] = _payment(entry.read, named.get(entry.read.number, ()))
        except Refusal as refusal:
            refusals[entry.number] = Reason.of(refusal)
    return given, refusals


def _payment(facts: PaymentFacts, found: Sequence[Numbered]) -> NewPayment:
    """Raises `AmbiguousNumber` with the series, `Invalid` for an unknown number and another currency."""
    if len(found) > 1:
        raise AmbiguousNumber(facts.number, found)
    if not found:
        raise Invalid(
            N_("There is no invoice %(number)s. Import it first, or correct the number."),
            code="invoice_unknown",
            field="invoice_number",
            number=facts.number,
        )
    invoice = found[0]
    currency = invoice.balance.currency
    if facts.currency not in (None, currency):
        raise Invalid(
            N_("The payment is in %(paid)s and the invoice in %(invoiced)s. Correct the currency."),
            code="other_currency",
            field="currency",
            paid=facts.currency,
            invoiced=currency,
        )
    amount = parse_amount(facts.amount, exponent_of(currency), facts.style, currency=currency)
    return NewPayment(
        Money(amount, currency),
        facts.received_on,
        customer_id=invoice.customer_id,
        allocate_to=[(invoice.id, None)],
        method=facts.method,
        reference=facts.reference,
        source=PaymentSource.IMPORT,
        external_id=facts.external_id or _made_id(invoice, amount, facts),
    )


def _made_id(invoice: Numbered, amount: int, facts: PaymentFacts) -> str:
    told = f"{invoice.id}|{amount}|{facts.received_on}|{facts.reference or ''}"
    return f"row/{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _verdicts(
    entries: Sequence[Entry[PaymentFacts]],
    refusals: Mapping[int, Reason],
    given: Mapping[int, NewPayment],
    answers: Sequence[PaymentRecorded | Refusal],
) -> list[Verdict]:
    told = dict(zip(given, answers, strict=True))
    return [
        refused(entry.number, refusals[entry.number])
        if entry.number in refusals
        else _verdict(entry.number, told[entry.number])
        for entry in entries
    ]


def _verdict(number: int, answer: PaymentRecorded | Refusal) -> Verdict:
    if isinstance(answer, Refusal):
        return refused(number, Reason.of(answer))
    if answer.repeated:
        return Verdict(number, RowOutcome.UNCHANGED, entity_id=answer.payment_id)
    if not answer.credit:
        return Verdict(number, RowOutcome.CREATED, entity_id=answer.payment_id)
    message = N_("%(amount)s is more than was open: kept as the customer's credit.")
    note = Reason(message, "over_paid", params={"amount": str(answer.credit)})
    return Verdict(number, RowOutcome.CREATED, (note,), answer.payment_id)
