"""Sheets of products: new ones are added, known ones get what the sheet says of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, cast

from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.product_fields import LISTS, ProductInput
from bursar.catalog.product_sets import Described, Put, plan_products, put_products
from bursar.catalog.rules import UNTAXED
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.money import Money, exponent_of
from bursar.core.work import Work
from bursar.tenancy.amounts import parse_amount
from bursar.tenancy.cells import parse_code, parse_name, parse_text, text_of
from bursar.tenancy.folding import fold
from bursar.tenancy.grids import CellValue
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind

_NEEDED = {"code": N_("Give the product a code."), "name": N_("Give the product a name.")}
_CATEGORIES = {
    fold(word): category
    for category, words in {
        TaxCategory.STANDARD: "S|standard|standard rated|taxable|vat|خاضع|أساسي|normal|taux normal",
        TaxCategory.ZERO: "Z|zero|zero rated|صفري|نسبة الصفر|taux zéro",
        TaxCategory.EXEMPT: "E|exempt|معفى|exonéré|exonération",
        TaxCategory.OUT_OF_SCOPE: "O|out of scope|outside|خارج النطاق|hors champ",
        TaxCategory.REVERSE_CHARGE: "AE|reverse charge|احتساب عكسي|autoliquidation",
        TaxCategory.MARGIN: "N|margin|margin scheme|هامش الربح|marge",
    }.items()
    for word in words.split("|")
}
_KINDS = {
    fold(word): kind
    for kind, words in {
        ItemKind.GOODS: "goods|good|product|بضائع|سلع|سلعة|biens|bien|marchandises",
        ItemKind.SERVICES: "services|service|خدمات|خدمة|prestation|prestations",
        ItemKind.BOTH: "both|mixed|كلاهما|les deux|mixte",
    }.items()
    for word in words.split("|")
}


_LINE_ENDS = re.compile(r"[\n;|]")
"""Between the lines of what a price covers; a comma may stand within one."""


class UsualTax(Protocol):
    """The category and the rate in percent of a firm with these settings, where a sheet does not say."""

    def __call__(self, settings: Mapping[str, Any]) -> tuple[TaxCategory, Decimal]: ...


@dataclass(frozen=True, slots=True)
class ProductImporter:
    """A product is the same by its code. What the sheet leaves blank stays as it is."""

    usual_tax: UsualTax
    kind: ImportKind = ImportKind.PRODUCTS

    def read(self, table: Table, firm: Firm) -> list[Entry[Described]]:
        usual = self.usual_tax(firm.settings)
        return _without_doubles(read_rows(table, lambda row: _facts(table, row, firm, usual)))

    async def judge(self, work: Work, entries: Sequence[Entry[Described]]) -> list[Verdict]:
        return _verdicts(entries, await plan_products(work, [entry.read for entry in entries]))

    async def write(self, work: Work, entries: Sequence[Entry[Described]]) -> list[Verdict]:
        return _verdicts(entries, await put_products(work, [entry.read for entry in entries]))


def _facts(table: Table, row: Row, firm: Firm, usual: tuple[TaxCategory, Decimal]) -> Described:
    cells = {name: table.cell(row, name) for name in _NEEDED}
    for name, message in _NEEDED.items():
        if cells[name] is None:
            raise Invalid(message, code=f"{name}_missing", field=name)
    given: dict[str, Any] = {
        "code": parse_code(cells["code"] or "", field="code"),
        "name": parse_name(cells["name"] or "", field="name"),
        **_money(table, row, firm),
        **_tax(table, row, usual),
    }
    for name, cell in table.cells(row, ("name_local", "description", "item_kind")).items():
        given[name] = _text(name, cell)
    for name, cell in table.cells(row, ("unit_code", "classification_code")).items():
        given[name] = parse_code(cell, field=name).upper()
    for name, cell in table.cells(row, ("stripe_product_id", "stripe_price_id")).items():
        given[name] = parse_code(cell, field=name)
    for name, cell in table.cells(row, LISTS).items():
        given[name] = _LINE_ENDS.split(parse_text(cell, field=name))
    silent: ProductInput = {"tax_category": usual[0], "tax_rate": usual[1]}
    return Described(given["code"], cast("ProductInput", given), silent)


def _text(name: str, cell: CellValue) -> str | ItemKind:
    if name != "item_kind":
        return parse_name(cell, field=name) if name == "name_local" else parse_text(cell, field=name)
    kind = _KINDS.get(fold(text_of(cell, name)))
    if kind is None:
        raise Invalid(N_("Write goods, services or both."), code="item_kind_unknown", field=name)
    return kind


def _money(table: Table, row: Row, firm: Firm) -> dict[str, Any]:
    said = table.currency(row, ("price",), firm.currency)
    cell = table.cell(row, "price")
    if cell is None:
        return {"currency": said} if said else {}
    currency = said or firm.currency
    minor = parse_amount(cell, exponent_of(currency), table.numbers, currency=said, field="price")
    return {"price": Money(minor, currency), "currency": currency}


def _tax(table: Table, row: Row, usual: tuple[TaxCategory, Decimal]) -> dict[str, Any]:
    """What the row says; a rate alone means the firm's usual category, a category alone its usual rate."""
    stated, rate = table.cell(row, "tax_category"), table.cell(row, "tax_rate")
    if stated is None and rate is None:
        return {}
    category = usual[0] if stated is None else _CATEGORIES.get(fold(text_of(stated, "tax_category")))
    if category is None:
        raise Invalid(
            N_("Write the tax category as S, Z, E, O, AE or N."),
            code="tax_category_unknown",
            field="tax_category",
        )
    if rate is not None:
        return {"tax_category": category, "tax_rate": _percent(table, rate)}
    return {"tax_category": category, "tax_rate": Decimal(0) if category in UNTAXED else usual[1]}


def _percent(table: Table, cell: CellValue) -> Decimal:
    """What 5, 5% and a workbook's 0.05 shown as 5% all mean."""
    text = text_of(cell, "tax_rate").replace("%", "").replace("٪", "").strip()
    hundredths = parse_amount(text, 2, table.numbers, field="tax_rate")
    percent = Decimal(hundredths).scaleb(-2)
    return percent * 100 if isinstance(cell, Decimal) and 0 < percent < 1 else percent


def _without_doubles(entries: Sequence[Entry[Described]]) -> list[Entry[Described]]:
    first: dict[str, int] = {}
    kept: list[Entry[Described]] = []
    for entry in entries:
        code = entry.read.code if entry.refusal is None else None
        if code is not None and (before := first.setdefault(code, entry.number)) != entry.number:
            message = N_("Row %(first)s has this code already. A product stands in a sheet once.")
            params = {"first": before}
            kept.append(Entry(entry.number, refusal=Reason(message, "duplicate_code", "code", params)))
        else:
            kept.append(entry)
    return kept


def _verdicts(entries: Sequence[Entry[Described]], answers: Sequence[Put | Refusal]) -> list[Verdict]:
    return [
        refused(entry.number, Reason.of(answer))
        if isinstance(answer, Refusal)
        else Verdict(entry.number, answer.outcome, entity_id=answer.product_id)
        for entry, answer in zip(entries, answers, strict=True)
    ]
