"""Whom a sequence is for, as a sentence that people read."""

from collections.abc import Mapping
from typing import Any

from bursar.core.errors import N_
from bursar.core.formats import format_money, format_number
from bursar.core.money import Money
from bursar.web import languages
from bursar.web.languages import WRITTEN

EVERYBODY = N_("Every open invoice.")
_PARTS = {
    "min_days_overdue": N_("late for at least %(value)s days"),
    "max_days_overdue": N_("late for at most %(value)s days"),
    "currency": N_("in %(value)s"),
    "min_balance_minor": N_("of at least %(value)s"),
    "max_balance_minor": N_("of at most %(value)s"),
    "tags": N_("of customers tagged %(value)s"),
    "languages": N_("of customers who read %(value)s"),
    "countries": N_("of customers in %(value)s"),
    "customers": N_("of %(value)s chosen customers"),
}
_KINDS = {"person": N_("of persons"), "firm": N_("of firms")}


def segment_sentence(code: str, segment: Mapping[str, Any], home: str) -> str:
    """In the language `code`; `home` is the firm's currency, for amounts that name none."""
    if not segment:
        return languages.say(code, EVERYBODY)
    told = [
        languages.say(code, part, {"value": _value(code, name, segment, home)})
        for name, part in _PARTS.items()
        if segment.get(name) not in (None, [], "")
    ]
    if kind := _KINDS.get(segment.get("customer_kind", "")):
        told.append(languages.say(code, kind))
    comma = languages.say(code, N_(", "))
    return languages.say(code, N_("Open invoices %(conditions)s."), {"conditions": comma.join(told)})


def _value(code: str, name: str, segment: Mapping[str, Any], home: str) -> str:
    value = segment[name]
    if name.endswith("_minor"):
        return format_money(Money(value, segment.get("currency") or home), code)
    if name == "customers":
        return format_number(len(value), code)
    if name == "languages":
        names: dict[str, str] = dict(WRITTEN)
        return ", ".join(names.get(str(one), str(one)) for one in value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return format_number(value, code) if isinstance(value, int) else str(value)
