"""The lines of a draft between two requests: as they are typed, and as the rules take them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData

from bursar.billing.lines import Line, price
from bursar.billing.settings import BillingSettings
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.products import Product
from bursar.core.errors import N_, Invalid, Refusal
from bursar.core.money import Money, is_currency
from bursar.web import reading

Typed = dict[str, str]

BLANK: Mapping[str, str] = {
    "description": "",
    "quantity": "1",
    "unit_price": "",
    "discount": "",
    "tax_category": TaxCategory.STANDARD,
    "tax_rate": "5",
    "service_from": "",
    "service_to": "",
    "description_local": "",
    "unit_code": "C62",
    "item_kind": ItemKind.SERVICES,
    "classification_code": "",
    "product_id": "",
    "customer_price_id": "",
}
MORE = ("discount", "service_from", "service_to", "description_local", "classification_code")
"""What stands behind "More" of a line, open when one of them says something."""
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines come to, or why that cannot be said yet."""

    subtotal: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    refusal: Refusal | None = None


def blank_line(usual: BillingSettings, *, registered: bool) -> Typed:
    """An empty line taxed as the firm usually does; a firm without registration charges no tax (R8)."""
    if not registered:
        return {**BLANK, "tax_category": TaxCategory.OUT_OF_SCOPE, "tax_rate": "0"}
    rate = f"{usual.default_tax_rate.normalize():f}"
    return {**BLANK, "tax_category": usual.default_tax_category, "tax_rate": rate}


def line_of_product(product: Product, found: Money | None, price_id: UUID | None) -> Typed:
    """What the catalog knows of it; `found` is what this customer pays today, if anything was agreed."""
    return {
        **BLANK,
        "description": product.description or product.name,
        "description_local": product.description_local or product.name_local or "",
        "unit_price": found.plain() if found else "",
        "tax_category": product.tax_category,
        "tax_rate": f"{product.tax_rate.normalize():f}",
        "unit_code": product.unit_code,
        "item_kind": product.item_kind,
        "classification_code": product.classification_code or "",
        "product_id": str(product.id),
        "customer_price_id": str(price_id or ""),
    }


def stored_line(row: Mapping[str, Any], currency: str) -> Typed:
    """A line of the draft as somebody would have typed it."""
    plain = {name: "" if row[name] is None else str(row[name]) for name in BLANK if name in row}
    return {
        **plain,
        "quantity": f"{row['quantity'].normalize():f}",
        "tax_rate": f"{row['tax_rate'].normalize():f}",
        "unit_price": Money(row["unit_price_minor"], currency).plain(),
        "discount": Money(row["discount_minor"], currency).plain() if row["discount_minor"] else "",
    }


def lines_of(typed: FormData) -> list[Typed]:
    """As many as there are descriptions; what a line does not say is as on a blank one."""
    columns = {name: [str(value) for value in typed.getlist(name)] for name in BLANK}
    count = min(len(columns["description"]), MOST_LINES)
    return [
        {name: values[at] if at < len(values) else BLANK[name] for name, values in columns.items()}
        for at in range(count)
    ]


def line_of(line: Typed, currency: str, place: int) -> Line:
    """Raises `Invalid` about `lines[place]`."""
    field = f"lines[{place}]"
    discount = line["discount"].strip()
    return Line(
        description=line["description"],
        unit_price=_price(line["unit_price"], currency, field),
        quantity=reading.number(line["quantity"], field),
        discount=reading.amount({field: discount}, currency, field) if discount else None,
        tax_category=TaxCategory(reading.must_be({field: line["tax_category"]}, field, TaxCategory)),
        tax_rate=reading.number(line["tax_rate"] or "0", field),
        service_from=reading.day_or_none({field: line["service_from"]}, field),
        service_to=reading.day_or_none({field: line["service_to"]}, field),
        product_id=reading.cursor(line["product_id"]),
        customer_price_id=reading.cursor(line["customer_price_id"]),
        description_local=line["description_local"].strip() or None,
        unit_code=line["unit_code"].strip().upper() or BLANK["unit_code"],
        item_kind=ItemKind(reading.must_be({field: line["item_kind"]}, field, ItemKind)),
        classification_code=line["classification_code"].strip() or None,
    )


def sums_of(lines: list[Typed], currency: str) -> Sums:
    """Lines that are still empty count nothing, so that the rest adds up while one types."""
    begun = [(place, line) for place, line in enumerate(lines) if line["unit_price"].strip()]
    try:
        described = [{**line, "description": line["description"].strip() or "…"} for _, line in begun]
        priced = price(
            [
                line_of(line, currency_of(currency), place)
                for (place, _), line in zip(begun, described, strict=True)
            ],
            currency,
        ).totals
    except Refusal as refusal:
        return Sums(refusal=refusal)
    subtotal, tax, total = (
        Money(priced[name], currency) for name in ("subtotal_minor", "tax_minor", "total_minor")
    )
    return Sums(subtotal, tax, total)


def currency_of(code: str) -> str:
    if not is_currency(code):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    return code


def _price(text: str, currency: str, field: str) -> Money:
    """A price below zero is a rebate."""
    amount = reading.amount({field: text.strip().lstrip("-−")}, currency, field)
    return -amount if text.strip().startswith(("-", "−")) else amount
