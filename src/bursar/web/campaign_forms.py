"""The form in which a campaign is chosen: what was typed into it, and what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from bursar.chasing.planning import CampaignPlan
from bursar.chasing.results import CampaignShown
from bursar.chasing.states import CampaignKind, GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.web import reading

LONGEST_WAIT = 3_650  # days
_BETWEEN = re.compile(r"[\n\r,;\t]+")
_AGE = {"min_days": "min_days_overdue", "max_days": "max_days_overdue"}
_SOON = {"due_within": "due_within_days"}
_QUIET = {"quiet_days": "quiet_days"}
_BOXES = ("tags", "languages")
SEGMENT = (
    *("kind", "min_days", "max_days", "due_within", "currency", "min_balance", "max_balance", "tags"),
    *("languages", "customer_kind", "countries", "quiet_days"),
)
"""The fields that a kept segment holds: whom one chooses, not what is said to them."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it came, so that it can be shown again."""

    values: Mapping[str, Any]

    @property
    def kind(self) -> CampaignKind:
        return CampaignKind(reading.must_be(self.values, "kind", CampaignKind))

    def selection(self, currency: str) -> dict[str, Any]:
        """As `CampaignPlan` wants it. `currency` is the firm's own. Raises `Invalid` by field."""
        source = self.values.get("source")
        if source == "numbers":
            return {"numbers": numbers_in(self.values.get("invoices", ""))}
        chosen: dict[str, Any] = {}
        if source == "sheet" and (import_run := self.values.get("import_run")):
            chosen["import_run"] = import_run
        by_age = _SOON if self.kind is CampaignKind.INVOICE_REMINDER else _AGE
        for name, meant in {**by_age, **_QUIET}.items():
            if (days := self._days(name)) is not None:
                chosen[meant] = days
        chosen |= self._amounts(currency)
        for name in ("tags", "languages", "customer_kind", "countries"):
            if given := self.values.get(name):
                chosen[name] = given
        return chosen

    def plan(self, currency: str) -> CampaignPlan:
        return CampaignPlan(
            name=self.values.get("name", ""),
            kind=self.kind,
            selection=self.selection(currency),
            group_by=GroupBy(reading.must_be(self.values, "group_by", GroupBy)),
            template=self.values.get("template") or None,
            sending_account_id=reading.cursor(self.values.get("sending_account")),
            sender_name=self.values.get("sender_name") or None,
            reply_to=self.values.get("reply_to") or None,
            description=self.values.get("description") or None,
            other_template=self.values.get("other_template") or None,
            other_share=self._percent("other_share", 50),
            holdout_percent=self._percent("holdout_percent", 0),
        )

    def segment(self) -> dict[str, Any]:
        """What is kept of it under a name."""
        return {name: self.values[name] for name in SEGMENT if self.values.get(name)}

    def _days(self, name: str) -> int | None:
        text = self.values.get(name, "").strip()
        if not text:
            return None
        if not (text.isdecimal() and int(text) <= LONGEST_WAIT):
            raise Invalid(N_("Give a whole number of days."), code="days_unreadable", field=name)
        return int(text)

    def _percent(self, name: str, usual: int) -> int:
        text = self.values.get(name, "").strip()
        if not text:
            return usual
        if not (text.isdecimal() and len(text) < 4):
            raise Invalid(N_("Give a whole number of percent."), code="percent_unreadable", field=name)
        return int(text)

    def _amounts(self, currency: str) -> dict[str, Any]:
        asked = self.values.get("currency")
        chosen: dict[str, Any] = {"currency": asked} if asked else {}
        for name in ("min_balance", "max_balance"):
            if (amount := reading.amount_or_none(self.values, asked or currency, name)) is not None:
                chosen |= {f"{name}_minor": amount.minor, "currency": amount.currency}
        return chosen


async def read_form(request: Request) -> Typed:
    typed = await reading.typed(request)
    return Typed({**typed, **{name: await reading.chosen(request, name) for name in _BOXES}})


def blank(segment: Mapping[str, Any] | None = None) -> Typed:
    """What a new campaign most often is, or one over a kept segment."""
    usual = {
        "kind": CampaignKind.OVERDUE_NOTICE,
        "source": "filter",
        "group_by": GroupBy.CUSTOMER,
        "tags": [],
    }
    return Typed({**usual, **(segment or {})})


def again(campaign: CampaignShown, template: str | None, home: str) -> Typed:
    """The form as it was when this draft was made; `home` is the firm's currency."""
    chosen = campaign.selection
    source = next(
        (name for key, name in (("numbers", "numbers"), ("import_run", "sheet")) if key in chosen), "filter"
    )
    values: dict[str, Any] = {
        "name": campaign.name,
        "description": campaign.description or "",
        "kind": campaign.kind,
        "source": source,
        "invoices": "\n".join(chosen.get("numbers", ())),
        "import_run": chosen.get("import_run", ""),
        "currency": chosen.get("currency", ""),
        "tags": list(chosen.get("tags", ())),
        "languages": list(chosen.get("languages", ())),
        "customer_kind": chosen.get("customer_kind", ""),
        "countries": ", ".join(chosen.get("countries", ())),
        "group_by": campaign.group_by,
        "template": template,
        "sending_account": campaign.sending_account_id,
        "sender_name": campaign.sender_name or "",
        "reply_to": campaign.reply_to or "",
        "holdout_percent": campaign.holdout_percent or "",
        **{name: str(chosen.get(key, "")) for name, key in {**_AGE, **_SOON, **_QUIET}.items()},
    }
    for name in ("min_balance", "max_balance"):
        if (amount := chosen.get(f"{name}_minor")) is not None:
            values[name] = Money(amount, chosen.get("currency") or home).plain()
    if campaign.variants:
        other = campaign.variants[-1]
        values |= {"other_template": other.template, "other_share": other.share}
    return Typed(values)


def numbers_in(text: str) -> list[str]:
    """Invoice numbers as people paste them: a line each, or with commas, semicolons or tabs between."""
    found = (one.strip() for one in _BETWEEN.split(text))
    return list(dict.fromkeys(one for one in found if one))
