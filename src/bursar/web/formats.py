"""Money, dates and numbers as a reader expects them; digits are Latin in every language (R43)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import dates, numbers
from markupsafe import Markup, escape


class Amount(Protocol):
    """What is needed of `core.money.Money` to print it."""

    @property
    def minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


def number(value: int | Decimal, locale: str) -> str:
    return numbers.format_decimal(value, locale=locale, numbering_system="latn")


def percent(part: int, whole: int, locale: str) -> str:
    """Whole percent; nothing of nothing is 0 %."""
    share = Decimal(part) / whole if whole else Decimal(0)
    return numbers.format_percent(share, locale=locale, numbering_system="latn")


def money(amount: Amount, exponent: int, locale: str) -> Markup:
    """The code, not a symbol: "$" is a dozen currencies, and dirham has none that every font knows."""
    figure = numbers.format_decimal(
        Decimal(amount.minor).scaleb(-exponent),
        format=f"#,##0.{'0' * exponent}" if exponent else "#,##0",
        locale=locale,
        numbering_system="latn",
    )
    return Markup(
        '<bdi class="money" dir="ltr"><span class="money-code">{}</span>&nbsp;{}</bdi>'
    ).format(amount.currency, figure)


DAY = {"he": "d בMMM y"}
"""Day first and the month in letters, so that nobody takes 3/4 for the other one. English included."""


def _day(value: date, locale: str) -> str:
    return dates.format_date(value, format=DAY.get(locale, "d MMM y"), locale=locale)


def day(value: date, locale: str) -> Markup:
    shown = _day(value, locale)
    return Markup('<time datetime="{}"><bdi>{}</bdi></time>').format(value.isoformat(), shown)


def moment(value: datetime, locale: str, time_zone: str) -> Markup:
    """The reader's day and minute; the exact instant is in the element."""
    local = value.astimezone(ZoneInfo(time_zone))
    comma = "، " if locale == "ar" else ", "
    shown = f"{_day(local.date(), locale)}{comma}{local:%H:%M}"
    return _time(value, shown)


def ago(value: datetime, now: datetime, locale: str) -> Markup:
    """"3 hours ago", "in 2 days"."""
    distance: timedelta = value - now
    return _time(value, dates.format_timedelta(distance, add_direction=True, locale=locale))


def _time(value: datetime, shown: str) -> Markup:
    stamp = value.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}"><bdi>{}</bdi></time>').format(stamp, stamp, shown)


def bdi(value: object) -> Markup:
    """Numbers, addresses and names keep their own direction inside a sentence of the other one."""
    return Markup("<bdi>{}</bdi>").format(escape(value))


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"
