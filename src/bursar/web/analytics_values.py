"""How results are asked for in an address, and how they are drawn: words and links, no figures of its own."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from bursar.chasing.analytics.overview import Part, Results
from bursar.chasing.asking import WINDOWS, Asked, Dimension, Interval
from bursar.core.errors import N_
from bursar.core.money import exponent_of
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import Purpose
from bursar.web import reading

FIELDS = ("from", "to", "interval", "purpose", "campaign", "sequence", "template", "account", "days", "by")
NUMBER = ("figure", "reason")
"""Which number of results was opened."""

LABELS: Mapping[str, str] = {
    "ordered": N_("Ordered"),
    "accepted": N_("Sent"),
    "delivered": N_("Delivered"),
    "bounced": N_("Bounced"),
    "failed": N_("Failed"),
    "suppressed": N_("Held back"),
    "cancelled": N_("Cancelled"),
    "waiting": N_("Waiting"),
    "uncertain": N_("Uncertain"),
    "sent": N_("On their way or arrived"),
    "replied": N_("Answered"),
    "opened": N_("Opened by people"),
    "clicked": N_("Links followed by people"),
    "machine_opened": N_("Opened by machines only"),
    "machine_clicked": N_("Links followed by machines only"),
}
"""Every number that opens its messages."""

DIMENSIONS: Mapping[Dimension, str] = {
    Dimension.TEMPLATE: N_("By template"),
    Dimension.CAMPAIGN: N_("By campaign"),
    Dimension.SEQUENCE: N_("By sequence"),
    Dimension.SENDING_ACCOUNT: N_("By mailbox"),
    Dimension.PURPOSE: N_("By purpose"),
}
PURPOSES: Mapping[str, str] = {
    "campaign": N_("Campaigns"),
    "chase": N_("Sequences"),
    "notice": N_("Notices of invoices"),
    "message": N_("Single messages"),
    "reply": N_("Answers"),
    "statement": N_("Statements"),
    "notification": N_("Notifications"),
    "payment_link": N_("Payment links"),
    "test": N_("Test mails"),
}
"""Purposes there are messages of; others show their own name."""

NARROWS = {
    Dimension.TEMPLATE: "template",
    Dimension.CAMPAIGN: "campaign",
    Dimension.SEQUENCE: "sequence",
    Dimension.SENDING_ACCOUNT: "account",
    Dimension.PURPOSE: "purpose",
}
"""The field of an address that narrows results to one part."""


def asked_of(given: Mapping[str, str]) -> Asked:
    """What an address asks for; what makes no sense in it is left out. Raises `Invalid` about a date."""
    purpose = reading.one_of(given.get("purpose", ""), Purpose)
    return Asked(
        first=reading.day_or_none(given, "from"),
        last=reading.day_or_none(given, "to"),
        interval=Interval(reading.one_of(given.get("interval", ""), Interval) or Interval.WEEK),
        purpose=Purpose(purpose) if purpose else None,
        campaign_id=reading.cursor(given.get("campaign")),
        sequence_id=reading.cursor(given.get("sequence")),
        template_id=reading.cursor(given.get("template")),
        sending_account_id=reading.cursor(given.get("account")),
        windows=windows_of(given.get("days", "")),
    )


def windows_of(text: str) -> tuple[int, ...]:
    """Numbers with commas between them, like 7,14,30; what is no such list is the usual one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return WINDOWS
    return tuple(sorted({int(part) for part in parts}))


def dimension_of(given: Mapping[str, str]) -> Dimension:
    return Dimension(reading.one_of(given.get("by", ""), Dimension) or Dimension.TEMPLATE)


def figure_of(given: Mapping[str, str]) -> tuple[Outcome | None, Figure | None]:
    """The number that somebody opened; none of these names is all that was ordered."""
    name = given.get("figure", "")
    if name in set(Figure):
        return None, Figure(name)
    return (Outcome(name), None) if name in set(Outcome) else (None, None)


def address(path: str, given: Mapping[str, str], **changed: str) -> str:
    """The same question with something else in it."""
    fields = {name: given.get(name, "") for name in (*FIELDS, *NUMBER)} | changed
    told = {name: value for name, value in fields.items() if value}
    return f"{path}?{urlencode(told)}" if told else path


def charts(found: Results) -> list[dict[str, Any]]:
    """What the browser draws: each has its numbers in a table of the page too."""

    def each(*names: str) -> list[int]:
        return [sum(part.counts.of(name) for name in names) for part in found.periods]

    messages = [
        ("arrived", N_("Sent"), each("sent", "delivered")),
        ("trouble", N_("Bounced or failed"), each("bounced", "failed")),
        ("quiet", N_("Held back or cancelled"), each("suppressed", "cancelled")),
        ("open", N_("Waiting or uncertain"), each("waiting", "uncertain")),
    ]
    answers = [
        ("arrived", N_("Answered"), each("replied")),
        ("open", N_("Promises made"), [part.promised.made for part in found.periods]),
        ("quiet", N_("Promises kept"), [part.promised.kept for part in found.periods]),
    ]
    return [
        {"key": "messages", "currency": None, "title": N_("Messages"), "stacked": True, "sets": messages},
        *(_money_chart(found, currency) for currency in sorted(found.collected)),
        {
            "key": "answers",
            "currency": None,
            "title": N_("Answers and promises"),
            "stacked": False,
            "sets": answers,
        },
    ]


def _money_chart(found: Results, currency: str) -> dict[str, Any]:
    """In whole units of the currency, window upon window: each bar adds up to what the longest one says."""
    unit, sets = 10 ** exponent_of(currency), []
    for number, (tone, days) in enumerate(zip(("arrived", "open", "quiet"), found.windows, strict=False)):
        minor = [_more(part, currency, number) for part in found.periods]
        sets.append((tone, (N_("within %(days)s days"), {"days": days}), [value / unit for value in minor]))
    return {
        "key": f"money-{currency}",
        "title": N_("Money after messages"),
        "currency": currency,
        "stacked": True,
        "sets": sets,
    }


def _more(part: Part, currency: str, window: int) -> int:
    """Minor units that a window of days has more than the one before it."""
    sums = part.collected.get(currency)
    if sums is None:
        return 0
    return sums.within[window].minor - (sums.within[window - 1].minor if window else 0)


def last_of(begin: date, interval: Interval, last: date) -> date:
    """The last day of the period that begins on `begin`, as far as results go."""
    days = {Interval.DAY: 0, Interval.WEEK: 6, Interval.MONTH: 31}[interval]
    end = begin + timedelta(days=days)
    if interval is Interval.MONTH:
        end = end.replace(day=1) - timedelta(days=1)
    return min(end, last)
