"""What people typed into a form of ours, read once: texts, amounts, days, and places in a list."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bursar.core.errors import N_, Invalid
from bursar.core.money import Money, exponent_of
from bursar.tenancy.amounts import NumberStyle, parse_amount

LONGEST_SEARCH = 100
LONGEST_WHOLE = 9
LARGEST_NUMBER = 10**9


async def typed(request: Request) -> dict[str, str]:
    """The texts of a form; of a name that stands there twice, the last one."""
    form = await request.form()
    return {name: value for name, value in form.multi_items() if not isinstance(value, UploadFile)}


async def chosen(request: Request, name: str) -> list[str]:
    """Every value of boxes that share a name."""
    return [value for value in (await request.form()).getlist(name) if isinstance(value, str)]


def amount(values: Mapping[str, str], currency: str, field: str = "amount") -> Money:
    """As people write amounts, "1,050.00" too. Raises `Invalid` about `field`."""
    text = values.get(field, "").strip()
    if not text:
        raise Invalid(N_("Give an amount."), code="amount_missing", field=field)
    minor = parse_amount(text, exponent_of(currency), NumberStyle.POINT, currency=currency, field=field)
    return Money(minor, currency)


def amount_or_none(values: Mapping[str, str], currency: str, field: str = "amount") -> Money | None:
    return amount(values, currency, field) if values.get(field, "").strip() else None


def day(values: Mapping[str, str], field: str) -> date:
    """What `<input type=date>` sends. Raises `Invalid` about `field`."""
    found = day_or_none(values, field)
    if found is None:
        raise Invalid(N_("Give a date."), code="date_missing", field=field)
    return found


def day_or_none(values: Mapping[str, str], field: str) -> date | None:
    text = values.get(field, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Write the date like 2026-11-20."), code="date_unreadable", field=field) from None


def one_of(text: str, allowed: Iterable[str]) -> str | None:
    """A choice of a filter; what is not offered chooses nothing."""
    return text if text in {str(each) for each in allowed} else None


def must_be(values: Mapping[str, str], field: str, allowed: Iterable[str]) -> str:
    """A choice of a form. Raises `Invalid` about `field` for what is not offered."""
    found = one_of(values.get(field, ""), allowed)
    if found is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field=field)
    return found


def number(text: str, field: str) -> Decimal:
    """As people write a quantity or a rate, "1.5". Raises `Invalid` about `field`, for NaN and 1e99 too."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > LARGEST_NUMBER:
        raise Invalid(N_("Write a number, like 2 or 1.5."), code="number_unreadable", field=field)
    return found


def version(values: Mapping[str, Any]) -> int | None:
    """Which version of a thing a form was filled in from; None for a form that does not say.

    Raises `Invalid` for what is no version: dropped in silence it would overwrite what others changed.
    """
    text = str(values.get("version") or "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_WHOLE):
        raise Invalid(N_("Open this form again: it was changed on its way."), code="version_unreadable")
    return int(text)


def cursor(text: str | None) -> UUID | None:
    """Where a list goes on; an address that somebody changed begins at its start."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def search(text: str) -> str | None:
    """A search as it is worth running."""
    return " ".join(text.split())[:LONGEST_SEARCH] or None
