"""What may stand in a product's columns, said once for people, the API and sheets."""

from collections.abc import Mapping
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
}
"""What a product is where nobody said otherwise. Its currency is the firm's."""

_TEXTS = ("description", "description_local")
_NAMES = ("name", "name_local")
LONGEST_CODE = 50


class ProductInput(TypedDict, total=False):
    """A field left out is not touched, an optional one that is None or blank is emptied.

    `price` None: whoever is billed needs a price of their own. `tax_rate` is in percent.
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
