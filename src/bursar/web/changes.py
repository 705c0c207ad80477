"""What an event changed, as people read it: a row for each thing, before and after."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from bursar.core.errors import N_
from bursar.core.journal import Entry
from bursar.core.money import Money, is_currency
from bursar.web import formats, languages, words

FIELDS = {
    "active": N_("In use"),
    "active_from": N_("In service from"),
    "active_to": N_("In service until"),
    "address_lines": N_("Address"),
    "amount_minor": N_("Amount"),
    "as_of": N_("Up to"),
    "auto_issue": N_("Issued by itself"),
    "balance_minor": N_("Open"),
    "because": N_("Why"),
    "city": N_("City"),
    "code": N_("Code"),
    "company_name": N_("Company"),
    "country": N_("Country"),
    "credit_minor": N_("Credit"),
    "currency": N_("Currency"),
    "day_of_month": N_("Day of the month"),
    "description": N_("Description"),
    "due_date": N_("Due"),
    "effective_from": N_("Holds from"),
    "effective_to": N_("Holds until"),
    "email": N_("E-mail"),
    "end_date": N_("Ends"),
    "fields": N_("Changed"),
    "first_bad": N_("First bad place"),
    "label": N_("Label"),
    "locale": N_("Language"),
    "name": N_("Name"),
    "name_local": N_("Name in the local language"),
    "next_run_on": N_("Next run"),
    "notes": N_("Notes"),
    "number": N_("Number"),
    "period": N_("Month"),
    "phone": N_("Phone"),
    "price_minor": N_("Price"),
    "promised_for": N_("Promised for"),
    "purchase_order": N_("Purchase order"),
    "quantity": N_("Quantity"),
    "reason": N_("Why"),
    "refunded_minor": N_("Refunded"),
    "role": N_("Role"),
    "source": N_("Comes from"),
    "start_date": N_("Begins"),
    "state": N_("State"),
    "subtotal_minor": N_("Subtotal"),
    "supply_date": N_("Date of supply"),
    "tax_category": N_("Tax category"),
    "tax_minor": N_("Tax"),
    "tax_number": N_("Tax number"),
    "tax_rate": N_("Tax rate"),
    "total_minor": N_("Total"),
    "unit_price_minor": N_("Unit price"),
}
"""Names of columns in words; one that is not here is shown as it is written."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")
_DECIMAL = re.compile(r"-?\d{1,20}\.\d{1,12}")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing before and after; None where it had no value, or where nothing was there to have one."""

    label: str
    before: Markup | None
    after: Markup | None


@dataclass(frozen=True, slots=True)
class Changes:
    """`rows` have two sides; `facts` are what was said besides, with one."""

    rows: Sequence[Change]
    facts: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Reader:
    """In whose language and at whose time of day."""

    code: str
    time_zone: str

    def changes(self, entry: Entry) -> Changes:
        """What is personal stands among the rest: who may not see it was given none."""
        sides = [_merged(entry, side) for side in ("before", "after")]
        private = {k: v for k, v in (entry.private or {}).items() if k not in {"before", "after"}}
        rest = {k: v for k, v in entry.changes.items() if k not in {"before", "after"}}
        facts = {**rest, **entry.payload, **private}
        currencies = [_currency(one) for one in (*sides, facts)]
        names = [name for name in {**sides[0], **sides[1]} if sides[0].get(name) != sides[1].get(name)]
        rows = [
            Change(
                self._label(name),
                *(
                    self._value(entry.entity_type, name, side[name], own or _first(currencies))
                    if side.get(name) is not None
                    else None
                    for side, own in zip(sides, currencies, strict=False)
                ),
            )
            for name in names
        ]
        told = [
            Change(
                self._label(name), None, self._value(entry.entity_type, name, value, _first(currencies[::-1]))
            )
            for name, value in facts.items()
            if value is not None
        ]
        return Changes(rows, told)

    def _label(self, name: str) -> str:
        known = FIELDS.get(name)
        return languages.say(self.code, known) if known else name.removesuffix("_minor").replace("_", " ")

    def _value(self, noun: str, name: str, value: Any, currency: str | None) -> Markup:
        match value:
            case bool():
                return escape(languages.say(self.code, N_("yes") if value else N_("no")))
            case int() if name.endswith("_minor") and currency:
                return formats.money(Money(value, currency), self.code)
            case list():
                return Markup(", ").join(self._value(noun, name, one, currency) for one in value)
            case dict():
                parts = (
                    Markup("{}: {}").format(self._label(key), self._value(noun, key, one, currency))
                    for key, one in value.items()
                )
                return Markup(", ").join(parts)
            case str():
                return self._text(noun, name, value)
            case _:
                return formats.bdi("–" if value is None else value)

    def _text(self, noun: str, name: str, value: str) -> Markup:
        if name == "state":
            return escape(words.state_word(languages.words_of(self.code), noun, value)[0])
        if name == "role":
            return escape(words.word(languages.words_of(self.code), "role", value))
        try:
            if _DAY.fullmatch(value):
                return formats.day(date.fromisoformat(value), self.code)
            if _MOMENT.fullmatch(value) and (at := datetime.fromisoformat(value)).tzinfo:
                return formats.moment(at, self.code, self.time_zone)
        except ValueError:
            pass
        if _DECIMAL.fullmatch(value):  # the database writes 2 as 2.000000
            return formats.bdi(f"{Decimal(value).normalize():f}")
        return formats.bdi(value)


def _merged(entry: Entry, side: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for part in (entry.changes, entry.private or {}):
        told |= dict(found) if isinstance(found := part.get(side), Mapping) else {}
    return told


def _currency(told: Mapping[str, Any]) -> str | None:
    """The currency that stands beside the amounts; without one an amount is shown as it was written."""
    code = told.get("currency")
    return code if isinstance(code, str) and is_currency(code) else None


def _first(currencies: Sequence[str | None]) -> str | None:
    return next((one for one in currencies if one), None)
