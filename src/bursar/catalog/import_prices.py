"""Sheets of prices: who pays what for what from when on, past days included (seed 004's rate history)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bursar.catalog.naming import Named, find_named
from bursar.catalog.ports import Billed
from bursar.catalog.price_book import NewPrice, PriceAdded
from bursar.catalog.prices import add_prices, plan_prices
from bursar.catalog.products import Product
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.money import Money, exponent_of
from bursar.core.work import Work
from bursar.tenancy.amounts import NumberStyle, parse_amount
from bursar.tenancy.cells import parse_name
from bursar.tenancy.dates import parse_date
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

_NEEDED = {
    "customer": N_("Give the customer's code, e-mail address or name."),
    "price": N_("Give the price."),
    "effective_from": N_("Give the day from which the price holds."),
}
_COLUMNS = {"unit_price": "price"}
"""What a verb calls otherwise than the sheet does."""


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """`price` stays a cell until its product is known, whose currency says how many decimals it has."""

    named: Named
    price: CellValue
    style: NumberStyle
    currency: str | None
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True)
class PriceImporter:
    """A price is the same by customer, product, first day and amount. What was billed keeps its price."""

    billed: Billed
    kind: ImportKind = ImportKind.PRICES

    def read(self, table: Table, firm: Firm) -> list[Entry[PriceFacts]]:
        return read_rows(table, lambda row: _facts(table, row, firm))

    async def judge(self, work: Work, entries: Sequence[Entry[PriceFacts]]) -> list[Verdict]:
        given, refusals = await _prices(work, entries)
        return _verdicts(
            entries, refusals, given, await plan_prices(work, list(given.values()), billed=self.billed)
        )

    async def write(self, work: Work, entries: Sequence[Entry[PriceFacts]]) -> list[Verdict]:
        given, refusals = await _prices(work, entries)
        return _verdicts(
            entries, refusals, given, await add_prices(work, list(given.values()), billed=self.billed)
        )


def _facts(table: Table, row: Row, firm: Firm) -> PriceFacts:
    cells = {name: table.cell(row, name) for name in (*_NEEDED, "product", "effective_to")}
    for name, message in _NEEDED.items():
        if cells[name] is None:
            raise Invalid(message, code=f"{name}_missing", field=name)
    product, end = cells["product"], cells["effective_to"]
    return PriceFacts(
        Named(
            parse_name(cells["customer"] or "", field="customer"),
            parse_name(product, field="product") if product is not None else None,
        ),
        cells["price"] or "",
        table.numbers,
        table.currency(row, ("price",), firm.currency),
        parse_date(cells["effective_from"] or "", table.dates, field="effective_from"),
        parse_date(end, table.dates, field="effective_to") if end is not None else None,
    )


async def _prices(
    work: Work, entries: Sequence[Entry[PriceFacts]]
) -> tuple[dict[int, NewPrice], dict[int, Reason]]:
    """By row, the price it means or why it means none."""
    found = await find_named(work, [entry.read.named for entry in entries])
    given: dict[int, NewPrice] = {}
    refusals: dict[int, Reason] = {}
    for entry in entries:
        meant = found[entry.read.named]
        if isinstance(meant, Reason):
            refusals[entry.number] = meant
            continue
        try:
            given[entry.number] = _price(entry.read, *meant)
        except Refusal as refusal:
            refusals[entry.number] = Reason.of(refusal)
    return given, refusals


def _price(facts: PriceFacts, customer_id: UUID, product: Product) -> NewPrice:
    """In the currency that the sheet says, else the product's. A sheet of past prices means them."""
    currency = facts.currency or product.currency
    minor = parse_amount(
        facts.price, exponent_of(currency), facts.style, currency=facts.currency, field="price"
    )
    return NewPrice(
        customer_id,
        product.id,
        Money(minor, currency),
        facts.effective_from,
        facts.effective_to,
        backdated=True,
    )


def _verdicts(
    entries: Sequence[Entry[PriceFacts]],
    refusals: Mapping[int, Reason],
    given: Mapping[int, NewPrice],
    answers: Sequence[PriceAdded | Refusal],
) -> list[Verdict]:
    told = dict(zip(given, answers, strict=True))
    return [
        refused(entry.number, refusals[entry.number])
        if entry.number in refusals
        else _verdict(entry.number, told[entry.number])
        for entry in entries
    ]


def _verdict(number: int, answer: PriceAdded | Refusal) -> Verdict:
    if isinstance(answer, Refusal):
        field = _COLUMNS.get(answer.field or "", answer.field)
        return refused(number, Reason(answer.message, answer.code, field, answer.params))
    outcome = RowOutcome.UNCHANGED if answer.same else RowOutcome.CREATED
    return Verdict(number, outcome, entity_id=answer.price_id)
