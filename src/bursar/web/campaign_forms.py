"""The form in which a campaign is chosen: what was typed into it, and what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from bursar.chasing.campaigns import CampaignPlan
from bursar.chasing.results import CampaignShown
from bursar.chasing.states import CampaignKind, GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.web import reading

LONGEST_WAIT = 3_650  # days
_BETWEEN = re.compile(r"[\n\r,;\t]+")
_DAYS = {"min_days": "min_days_overdue", "max_days": "max_days_overdue", "due_within": "due_within_days"}
_ASKED = {
    CampaignKind.OVERDUE_NOTICE: ("min_days", "max_days"),
    CampaignKind.INVOICE_REMINDER: ("due_within",),
}
"""Which spans of days a kind asks for; what stands in the other fields does not count."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it came, so that it can be shown again."""

    values: Mapping[str, Any]

    @property
    def kind(self) -> CampaignKind:
        return CampaignKind(reading.must_be(self.values, "kind", CampaignKind))

    def selection(self, currency: str) -> dict[str, Any]:
        """As `CampaignPlan` wants it. `currency` is the firm's own. Raises `Invalid` by field."""
        if self.values.get("source") == "numbers":
            return {"numbers": numbers_in(self.values.get("invoices", ""))}
        chosen: dict[str, Any] = {}
        for name in _ASKED.get(self.kind, ()):
            if (days := self._days(name)) is not None:
                chosen[_DAYS[name]] = days
        if asked := self.values.get("currency"):
            chosen["currency"] = asked
        if (least := self._least(asked or currency)) is not None:
            chosen |= {"min_balance_minor": least.minor, "currency": least.currency}
        if tags := self.values.get("tags"):
            chosen["tags"] = tags
        return chosen

    def plan(self, currency: str) -> CampaignPlan:
        group_by = reading.must_be(self.values, "group_by", GroupBy)
        account = reading.cursor(self.values.get("sending_account"))
        return CampaignPlan(
            name=self.values.get("name", ""),
            kind=self.kind,
            selection=self.selection(currency),
            group_by=GroupBy(group_by),
            template=self.values.get("template") or None,
            sending_account_id=account,
        )

    def _days(self, name: str) -> int | None:
        text = self.values.get(name, "").strip()
        if not text:
            return None
        if not (text.isdecimal() and int(text) <= LONGEST_WAIT):
            raise Invalid(N_("Give a whole number of days."), code="days_unreadable", field=name)
        return int(text)

    def _least(self, currency: str) -> Money | None:
        return reading.amount_or_none(self.values, currency, "min_balance")


async def read_form(request: Request) -> Typed:
    typed = await reading.typed(request)
    return Typed({**typed, "tags": await reading.chosen(request, "tags")})


def blank() -> Typed:
    """What a new campaign most often is."""
    return Typed(
        {"kind": "overdue_notice", "source": "filter", "group_by": "customer", "min_days": "1", "tags": []}
    )


def again(campaign: CampaignShown, template: str | None) -> Typed:
    """The form as it was when this draft was made."""
    chosen = campaign.selection
    values: dict[str, Any] = {
        "name": campaign.name,
        "kind": campaign.kind,
        "source": "numbers" if "numbers" in chosen else "filter",
        "invoices": "\n".join(chosen.get("numbers", ())),
        "currency": chosen.get("currency", ""),
        "tags": list(chosen.get("tags", ())),
        "group_by": campaign.group_by,
        "template": template,
        "sending_account": campaign.sending_account_id,
        **{name: str(chosen.get(key, "")) for name, key in _DAYS.items()},
    }
    if (least := chosen.get("min_balance_minor")) is not None:
        values["min_balance"] = Money(least, chosen["currency"]).plain()
    return Typed(values)


def numbers_in(text: str) -> list[str]:
    """Invoice numbers as people paste them: a line each, or with commas, semicolons or tabs between."""
    found = (one.strip() for one in _BETWEEN.split(text))
    return list(dict.fromkeys(one for one in found if one))
