"""What may stand in a customer's and a contact's columns, said once for people, the API and sheets."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from bursar.core.errors import N_, Invalid
from bursar.tenancy import cells, rules
from bursar.tenancy.cells import MAX_NAME
from bursar.tenancy.phones import parse_phone

CLOSED = frozenset({"kind", "locale", "time_zone", "country", "email_key"})
"""Fields of closed lists; their values may stand in the journal in clear. Every other is personal (R110)."""

MAX_ADDRESS_LINES = 6
MAX_TAGS = 50
MAX_CUSTOM_FIELDS = 50
_BLANKS: dict[str, Any] = {"tags": [], "address_lines": [], "custom_fields": {}}


class CustomerInput(TypedDict, total=False):
    """Texts as people typed them. A field left out is not touched, one that is None or blank is emptied."""

    external_code: str | None
    kind: str | None
    full_name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    time_zone: str | None
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str] | str | None
    city: str | None
    subdivision: str | None
    country: str | None
    name_local: str | None
    tags: list[str] | str | None
    custom_fields: dict[str, Any] | None


class ContactInput(TypedDict, total=False):
    """Likewise for one of the people of a firm."""

    name: str | None
    email: str | None
    phone: str | None
    role: str | None
    locale: str | None


def clean_customer(given: Mapping[str, Any], region: str, *, country: str | None = None) -> dict[str, Any]:
    """Columns of `customers` for what was given; `email` brings its `email_key`.

    `region` is the tenant's country, for phones without a country code. A tax number is held to the rules
    of the customer's country: the one given, else `country`, else the tenant's. Raises `Invalid` with the
    field's name.
    """
    columns: dict[str, Any] = {}
    taxed_in = rules.check_country(given.get("country") or country or region)
    for name in given:
        value = given[name]
        if _is_blank(value):
            columns[name] = _blank(name)
        elif name == "phone":
            columns[name] = parse_phone(value, region)
        elif name == "tax_number":
            columns[name] = cells.parse_tax_number(value, taxed_in).value
        else:
            columns[name] = _parser(_CUSTOMER, name)(value, name)
    return _with_key(columns)


def clean_contact(given: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Columns of `customer_contacts`, under the same rules."""
    columns: dict[str, Any] = {}
    for name, value in given.items():
        if _is_blank(value):
            columns[name] = "billing" if name == "role" else None
        elif name == "phone":
            columns[name] = parse_phone(value, region)
        else:
            columns[name] = _parser(_CONTACT, name)(value, name)
    return _with_key(columns)


def split_change(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`changes` and `private` of an edit's event: closed lists in clear, everything typed under the key."""
    clear = [name for name in after if name in CLOSED and name != "email_key"]
    personal = [name for name in after if name not in CLOSED]
    changes = _sides(before, after, clear)
    return {**changes, "fields": sorted([*clear, *personal])}, _sides(before, after, personal)


def _sides(before: Mapping[str, Any], after: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    return {"before": {name: before[name] for name in names}, "after": {name: after[name] for name in names}}


def _is_blank(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and cells.says_nothing(value))


def _blank(name: str) -> Any:
    if name == "kind":
        raise Invalid(N_("Write “person” or “firm” here."), code="kind_unknown", field="kind")
    return _BLANKS.get(name)


def _with_key(columns: dict[str, Any]) -> dict[str, Any]:
    if "email" in columns:
        columns["email"], columns["email_key"] = columns["email"] or (None, None)
    return columns


def _parser(parsers: Mapping[str, Callable[[Any, str], Any]], name: str) -> Callable[[Any, str], Any]:
    if name not in parsers:
        raise Invalid(N_("There is no field %(name)s."), code="field_unknown", field=name, name=name)
    return parsers[name]


def _address_lines(value: Any, field: str) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else value
    kept = [cells.parse_name(line, field=field) for line in lines if not cells.says_nothing(line)]
    if len(kept) > MAX_ADDRESS_LINES:
        raise Invalid(
            N_("An address has at most %(limit)s lines."),
            code="address_too_long",
            field=field,
            limit=MAX_ADDRESS_LINES,
        )
    return kept


def _tags(value: Any, field: str) -> list[str]:
    tags = cells.parse_tags(value if isinstance(value, str) else "\n".join(value), field=field)
    if len(tags) > MAX_TAGS:
        raise Invalid(N_("At most %(limit)s tags."), code="too_many_tags", field=field, limit=MAX_TAGS)
    return tags


def _custom_fields(value: Any, field: str) -> dict[str, Any]:
    """One level of texts, numbers and yes or no: templates and filters ask for nothing deeper."""
    plain = isinstance(value, dict) and all(
        isinstance(item, str | int | float | bool | None) for item in value.values()
    )
    if not plain or len(value) > MAX_CUSTOM_FIELDS:
        raise Invalid(
            N_("Custom fields are at most %(limit)s names with one text, number or yes or no each."),
            code="custom_fields_unusable",
            field=field,
            limit=MAX_CUSTOM_FIELDS,
        )
    return {
        cells.parse_name(name, field=field): cells.parse_text(item, field=field)
        if isinstance(item, str)
        else item
        for name, item in value.items()
    }


def _name(value: Any, field: str) -> str:
    return cells.parse_name(value, field=field, limit=MAX_NAME)


_CUSTOMER: dict[str, Callable[[Any, str], Any]] = {
    "external_code": lambda value, field: cells.parse_code(value, field=field),
    "kind": lambda value, field: cells.parse_kind(value, field=field),
    "full_name": _name,
    "company_name": _name,
    "email": lambda value, field: cells.parse_email(value, field=field),
    "locale": lambda value, field: cells.parse_locale(value, field=field),
    "time_zone": lambda value, field: rules.check_time_zone(value, field=field),
    "address_lines": _address_lines,
    **dict.fromkeys(
        ("city", "subdivision", "name_local", "registration_number", "registration_authority"), _name
    ),
    "country": lambda value, field: rules.check_country(value, field=field),
    "tags": _tags,
    "custom_fields": _custom_fields,
}
_CONTACT: dict[str, Callable[[Any, str], Any]] = {
    "name": _name,
    "email": _CUSTOMER["email"],
    "role": _name,
    "locale": _CUSTOMER["locale"],
}
