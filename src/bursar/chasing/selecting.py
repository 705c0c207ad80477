"""What an agent chose to chase, checked: pasted numbers, the rows of a sheet, or a filter over open invoices."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Invalid
from bursar.tenancy import cells
from bursar.tenancy.places import parse_country

MOST_DAYS = 3_650
MOST_MINOR = 2**53
MOST_ITEMS = 10_000  # numbers or customers in one choice
LONGEST_NUMBER = 100
FIELD = "invoices"


def check_selection(selection: Mapping[str, Any]) -> dict[str, Any]:
    """The choice as it is stored: each number once, ids as text, nothing that is not asked for.

    With numbers the rest of a filter means nothing and is left out. Raises `Invalid` naming the field.
    """
    unknown = set(selection) - {"numbers", *_FILTERS}
    if unknown:
        raise Invalid(
            N_("Invoices cannot be chosen by %(name)s."),
            code="unknown_filter",
            field=FIELD,
            name=min(map(str, unknown))[:50],
        )
    if selection.get("numbers") is not None:
        return {"numbers": _numbers(selection["numbers"])}
    given = {name: value for name, value in selection.items() if value is not None}
    checked = {name: _FILTERS[name](value, name) for name, value in given.items()}
    if checked.get("min_days_overdue", 0) > checked.get("max_days_overdue", MOST_DAYS):
        raise Invalid(
            N_("The fewest days overdue must not be more than the most."),
            code="days_crossed",
            field="max_days_overdue",
        )
    if checked.get("min_balance_minor", 0) > checked.get("max_balance_minor", MOST_MINOR):
        raise Invalid(
            N_("The least open amount must not be more than the most."),
            code="amounts_crossed",
            field="max_balance_minor",
        )
    return checked


def template_code(code: str | None) -> str | None:
    """A template's code as it may be looked for; None for none. Raises `Invalid`."""
    return cells.parse_name(code, field="template") if code else None


def _numbers(given: Any) -> list[str]:
    told = (text_of(one, FIELD) for one in _several(given, FIELD))
    numbers = list(dict.fromkeys(one for one in told if one))
    if not numbers:
        raise Invalid(N_("Paste at least one invoice number."), code="no_numbers", field=FIELD)
    return numbers


def text_of(value: Any, field: str) -> str:
    """One line of text; a number is read as it is written. Raises `Invalid`."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _unreadable(field)
    text = " ".join(str(value).split())
    if len(text) > LONGEST_NUMBER or not text.isprintable():
        raise _unreadable(field)
    return text


def _whole(most: int) -> Callable[[Any, str], int]:
    def check(value: Any, field: str) -> int:
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value.strip()[:20])
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise Invalid(
                N_("Give a whole number between 0 and %(most)s."),
                code="number_unusable",
                field=field,
                most=most,
            )
        return value

    return check


def _several(given: Any, field: str) -> Sequence[Any]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Sequence):
        raise _unreadable(field)
    if len(given) > MOST_ITEMS:
        raise Invalid(N_("Choose at most %(most)s at a time."), code="too_many", field=field, most=MOST_ITEMS)
    return given


def _currency(value: Any, field: str) -> str:
    return cells.parse_currency(text_of(value, field), field=field)


def _tags(given: Any, field: str) -> list[str]:
    if isinstance(given, str):
        return cells.parse_tags(given, field=field)
    return list(dict.fromkeys(text_of(one, field) for one in _several(given, field)))


def _customers(given: Any, field: str) -> list[str]:
    try:
        return list(dict.fromkeys(str(UUID(str(one))) for one in _several(given, field)))
    except ValueError:
        raise _unreadable(field) from None


def _kind(value: Any, field: str) -> str:
    return cells.parse_kind(text_of(value, field), field=field)


def _each(parse: Callable[..., str]) -> Callable[[Any, str], list[str]]:
    def check(given: Any, field: str) -> list[str]:
        told = given.split(",") if isinstance(given, str) else _several(given, field)
        return list(dict.fromkeys(parse(text_of(one, field), field=field) for one in told))

    return check


def _sheet(value: Any, field: str) -> str:
    try:
        return str(UUID(text_of(value, field)))
    except ValueError:
        raise _unreadable(field) from None


def _unreadable(field: str) -> Invalid:
    return Invalid(N_("This choice cannot be read. Make it again."), code="selection_unreadable", field=field)


_FILTERS: Mapping[str, Callable[[Any, str], Any]] = {
    "min_days_overdue": _whole(MOST_DAYS),
    "max_days_overdue": _whole(MOST_DAYS),
    "due_within_days": _whole(MOST_DAYS),
    "min_balance_minor": _whole(MOST_MINOR),
    "max_balance_minor": _whole(MOST_MINOR),
    "currency": _currency,
    "tags": _tags,
    "customers": _customers,
    "customer_kind": _kind,
    "languages": _each(cells.parse_locale),
    "countries": _each(parse_country),
    "quiet_days": _whole(MOST_DAYS),
    "import_run": _sheet,
}
