"""The form of a sequence: what was typed into it, what it means, and a segment said as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from starlette.requests import Request

from bursar.chasing.sequences.ladders import DEFAULT_LADDER, LATEST, MOST_TOUCHES, TouchPlan
from bursar.chasing.sequences.sequences import Sequence, SequencePlan
from bursar.chasing.states import GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.web import reading
from bursar.web.campaign_forms import Typed as Choice

SPARE_ROWS = 3
"""Empty rungs below those that are there, to be filled in."""
_BOXES = ("tags", "languages")
_DAYS = {"min_days": "min_days_overdue", "max_days": "max_days_overdue"}


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it came, so that it can be shown again."""

    values: Mapping[str, Any]

    @property
    def rungs(self) -> list[dict[str, str]]:
        """Its rows of touches with a few empty ones below."""
        filled = [row for row in _rows(self.values) if any(row.values())]
        spare = min(SPARE_ROWS, MOST_TOUCHES - len(filled))
        return [*filled, *({"offset": "", "template": "", "severity": ""} for _ in range(spare))]

    def segment(self, currency: str) -> dict[str, Any]:
        """Whom it is for. `currency` is the firm's own. Raises `Invalid` by field."""
        return Choice({**self.values, "source": "filter", "kind": "payment_follow_up"}).selection(currency)

    def plan(self, currency: str) -> SequencePlan:
        return SequencePlan(
            name=self.values.get("name", ""),
            description=self.values.get("description") or None,
            touches=[_touch(row) for row in _rows(self.values) if row["offset"] or row["template"]],
            applies_to=self.segment(currency),
            group_by=GroupBy(reading.must_be(self.values, "group_by", GroupBy)),
            sending_account_id=reading.cursor(self.values.get("sending_account")),
            sender_name=self.values.get("sender_name") or None,
            reply_to=self.values.get("reply_to") or None,
            auto_release=self.values.get("auto_release") == "yes",
            release_time=_time(self.values.get("release_time", "")),
            gap_days=_whole(self.values.get("gap_days", ""), "gap_days"),
        )


async def read_form(request: Request) -> Typed:
    typed = await reading.typed(request)
    return Typed({**typed, **{name: await reading.chosen(request, name) for name in _BOXES}})


def blank() -> Typed:
    """The ladder that a firm starts with (R79)."""
    return Typed(
        {
            "group_by": GroupBy.CUSTOMER,
            "release_time": "09:00",
            "gap_days": "3",
            "tags": [],
            "languages": [],
            **_ladder((touch.offset_days, touch.template, touch.severity) for touch in DEFAULT_LADDER),
        }
    )


def again(sequence: Sequence, home: str) -> Typed:
    """The form as it was when this sequence was saved; `home` is the firm's currency."""
    chosen = sequence.applies_to
    values: dict[str, Any] = {
        "name": sequence.name,
        "description": sequence.description or "",
        "currency": chosen.get("currency", ""),
        "tags": list(chosen.get("tags", ())),
        "languages": list(chosen.get("languages", ())),
        "customer_kind": chosen.get("customer_kind", ""),
        "countries": ", ".join(chosen.get("countries", ())),
        "group_by": sequence.group_by,
        "sending_account": sequence.sending_account_id,
        "sender_name": sequence.sender_name or "",
        "reply_to": sequence.reply_to or "",
        "auto_release": "yes" if sequence.auto_release else "",
        "release_time": sequence.release_time.strftime("%H:%M"),
        "gap_days": str(sequence.gap_days),
        **{name: str(chosen.get(key, "")) for name, key in _DAYS.items()},
        **_ladder((one.offset_days, one.template_code, one.severity) for one in sequence.touches),
    }
    for name in ("min_balance", "max_balance"):
        if (amount := chosen.get(f"{name}_minor")) is not None:
            values[name] = Money(amount, chosen.get("currency") or home).plain()
    return Typed(values)


def _ladder(touches: Any) -> dict[str, str]:
    return {
        f"{name}-{place}": str(value)
        for place, touch in enumerate(touches)
        for name, value in zip(("offset", "template", "severity"), touch, strict=True)
    }


def _rows(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rungs by their places, which need not follow each other."""
    names = ("offset", "template", "severity")
    return [
        {name: str(values.get(f"{name}-{place}", "")).strip() for name in names}
        for place in range(MOST_TOUCHES)
        if any(values.get(f"{name}-{place}") for name in names)
    ]


def _touch(row: Mapping[str, str]) -> TouchPlan:
    text = row["offset"].replace("\N{MINUS SIGN}", "-").lstrip("+")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4):
        raise Invalid(
            N_("Write the day of a touch as a whole number, like -5 or 14, up to %(most)s."),
            code="offset_unreadable",
            field="touches",
            most=LATEST,
        )
    if not row["template"]:
        raise Invalid(N_("Choose a template for each touch."), code="template_missing", field="touches")
    return TouchPlan(int(text), row["template"], _whole(row["severity"] or "0", "touches"))


def _whole(text: str, field: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Invalid(N_("Give a whole number of days."), code="days_unreadable", field=field)
    return int(text)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(
            N_("Choose a time, like 09:00."), code="time_unreadable", field="release_time"
        ) from None
