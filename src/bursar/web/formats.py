"""Money, dates and numbers as HTML: short, isolated from the text around them, in Latin digits (R43).

Tables want the short month; `core.formats` has the long forms of mails and documents.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import dates, numbers
from markupsafe import Markup, escape

from bursar.core.formats import format_money
from bursar.core.money import Money


def percent(part: int, whole: int, locale: str) -> str:
    """Whole percent, never rounded up to 100 before all is done; nothing of nothing is 0 %."""
    share = Decimal(100 * part // whole) / 100 if whole else Decimal(0)
    return numbers.format_percent(share, locale=locale, numbering_system="latn")


def money(amount: Money, locale: str) -> Markup:
    """As `core.formats` writes it, with the currency's letters a little quieter than the figure."""
    letters = Markup('<span class="money-code">{}</span>').format(amount.currency)
    shown = escape(format_money(amount, locale)).replace(amount.currency, letters)
    return Markup('<bdi class="money">{}</bdi>').format(shown)


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
    """Like "3 hours ago" or "in 2 days"."""
    return _time(value, dates.format_timedelta(value - now, add_direction=True, locale=locale))


def _time(value: datetime, shown: str) -> Markup:
    stamp = value.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}"><bdi>{}</bdi></time>').format(stamp, stamp, shown)


def bdi(value: object) -> Markup:
    """Numbers, addresses and names keep their own direction inside a sentence of the other one."""
    return Markup("<bdi>{}</bdi>").format(escape(value))


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""Signs in a User-Agent, the most telling first: Edge calls itself Chrome too, Chrome Safari, Android Linux."""


def browser(user_agent: str) -> str:
    """Like "Firefox · Linux"; what names neither is shown as it came, shortened."""
    named = (
        next((name for sign, name in signs if sign in user_agent), None) for signs in (BROWSERS, SYSTEMS)
    )
    return " · ".join(filter(None, named)) or user_agent[:40]
