"""Whom a sequence is for: a filter over open invoices and their customers; an empty one is everybody."""

from collections.abc import Mapping
from typing import Any

from bursar.chasing.selecting import check_selection
from bursar.core.errors import N_, Invalid

KEYS = frozenset(
    {
        "min_days_overdue",
        "max_days_overdue",
        "currency",
        "min_balance_minor",
        "max_balance_minor",
        "tags",
        "customers",
        "customer_kind",
        "languages",
        "countries",
    }
)
"""Those of a campaign's choices that hold for an invoice day after day; the others are about a single mailing."""


def check_segment(given: Mapping[str, Any]) -> dict[str, Any]:
    """As it is stored. Raises `Invalid` naming the field.

    Amounts of several currencies are never compared: a bound needs its currency.
    """
    foreign = set(given) - KEYS
    if foreign:
        raise Invalid(
            N_("A sequence cannot be for invoices by %(name)s."),
            code="unknown_filter",
            field="applies_to",
            name=min(map(str, foreign))[:50],
        )
    segment = check_selection(given)
    if "currency" not in segment and {"min_balance_minor", "max_balance_minor"} & segment.keys():
        raise Invalid(N_("Say in which currency the amount is."), code="currency_missing", field="currency")
    return {name: value for name, value in segment.items() if value not in ([], "")}
