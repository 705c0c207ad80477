"""What may stand in a product's columns, said once for people, the API and sheets."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from bursar.catalog import rules
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money, exponent_of
from bursar.tenancy.cells import parse_code, parse_name, parse_text

DEFAULTS: Mapping[str, Any] = {
    "name_local": None,
    "description": None,
    "description_local": None,
    "price_minor": None,
    "tax_category": TaxCategory.STANDARD,
    "unit_code": "C62",
    "item_kind": ItemKind.SERVICES,
    "classification_code": None,
    "included": [],
    "included_local": [],
    "stripe_product_id": None,
    "stripe_price_id": None,
}
"""What a product is where nobody said otherwise. Its currency is the firm's."""

_TEXTS = ("description", "description_local")
_NAMES = ("name", "name_local")
LISTS = ("included", "included_local")
LONGEST_CODE = 50
MOST_LINES, LONGEST_LINE = 30, 200
_AT_STRIPE = {"stripe_product_id": "prod_", "stripe_price_id": "price_"}
"""How a provider's own ids begin; they are kept for whoever keeps books there, and decide nothing here."""


class ProductInput(TypedDict, total=False):
    """A field left out is not touched, an optional one that is None or blank is emptied.

    `price` None: whoever is billed needs a price of their own. `tax_rate` is in percent. `included` is what the price
    covers, a line each, for whoever is asked to buy.
    """

    code: str
    name: str
    name_local: str | None
    description: str | None
    description_local: str | None
    price: Money | None
    currency: str
    tax_category: TaxCategory
    tax_rate: Decimal
    unit_code: str
    item_kind: ItemKind
    classification_code: str | None
    included: Sequence[str]
    included_local: Sequence[str]
    stripe_product_id: str | None
    stripe_price_id: str | None


def clean_product(given: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of `products` for what was given. Raises `Invalid` with the field's name."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if name == "price":
            columns |= _price(value)
        elif name in _NAMES or name in _TEXTS:
            columns[name] = _text(name, value)
        elif name == "code":
            columns[name] = _code(value)
        elif name in LISTS:
            columns[name] = _lines(name, value)
        elif name in _AT_STRIPE:
            columns[name] = _at_stripe(name, value)
        else:
            columns[name] = _listed(name, value)
    return columns


def check_product(values: Mapping[str, Any]) -> None:
    """What must be true of all fields together. Raises `Invalid`."""
    if not values.get("name"):
        raise Invalid(N_("Give the product a name."), code="name_missing", field="name")
    if not values.get("code"):
        raise Invalid(N_("Give the product a code."), code="code_missing", field="code")
    exponent_of(values["currency"])
    rules.check_tax(TaxCategory(values["tax_category"]), values["tax_rate"])


def _price(value: Money | None) -> dict[str, Any]:
    if value is None:
        return {"price_minor": None}
    rules.check_positive(value, "price")
    return {"price_minor": value.minor, "currency": value.currency}


def _text(name: str, value: str | None) -> str | None:
    if not value or not value.strip():
        return None
    return parse_name(value, field=name) if name in _NAMES else parse_text(value, field=name)


def _code(value: str) -> str:
    code = parse_code(value, field="code")
    if len(code) > LONGEST_CODE:
        raise Invalid(
            N_("This text has more than %(limit)s characters. Shorten it."),
            code="text_too_long",
            field="code",
            limit=LONGEST_CODE,
        )
    return code


def _lines(name: str, value: Sequence[str]) -> list[str]:
    """Blank lines say nothing."""
    lines = [parse_name(line, field=name, limit=LONGEST_LINE) for line in value if line.strip()]
    if len(lines) > MOST_LINES:
        raise Invalid(
            N_("Say it in %(limit)s lines at most."), code="too_many_lines", field=name, limit=MOST_LINES
        )
    return lines


def _at_stripe(name: str, value: str | None) -> str | None:
    text = (value or "").strip()
    begin = _AT_STRIPE[name]
    if text and not re.fullmatch(rf"{begin}[A-Za-z0-9]{{1,100}}", text):
        raise Invalid(
            N_("An id of this kind begins with %(begin)s. Copy it whole from Stripe."),
            code="stripe_id_unreadable",
            field=name,
            begin=begin,
        )
    return text or None


def _listed(name: str, value: Any) -> Any:
    match name:
        case "unit_code":
            return rules.check_unit(str(value or DEFAULTS["unit_code"]).strip())
        case "classification_code":
            return rules.check_classification(value.strip()) if value and value.strip() else None
        case "tax_category":
            return TaxCategory(value)
        case "item_kind":
            return ItemKind(value)
        case "currency" | "tax_rate":
            return value
        case _:
            raise ValueError(f"a product has no field {name}")
