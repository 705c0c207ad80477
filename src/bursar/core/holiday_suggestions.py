"""Public holidays as proposals for a tenant to accept, change or strike out (R40); the library's data."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

# How the library marks a date that was computed from the moon and not announced yet; in other
# languages it is another word in brackets at the same place.
_ESTIMATED = "(estimated)"
_BRACKETS = re.compile(r" *\([^()]*\)(?=;|$)")

# Israel (R54): the library knows no eves. Work stops early on the day before each of these, and the
# memorial day is kept though by law it is no holiday.
_HAVE_EVES = frozenset(
    {
        "Pesach",
        "Rosh Hashanah",
        "Seventh day of Pesach",
        "Shavuot",
        "Simchat Torah / Shemini Atzeret",
        "Sukkot",
        "Yom Kippur",
    }
)
_KEPT_BY_CUSTOM = "Remembrance Day"
_EVE_IN = {"en_US": "{} eve", "he": "ערב {}"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`confirmed` is False for a date that still hangs on the sighting of the moon."""

    day: date
    label: str
    half: bool = False
    confirmed: bool = True


def suggested_holidays(country: str, year: int, language: str = "en") -> list[Suggestion]:
    """The public holidays of a year by date, with the eves of Israeli ones as half days.

    Empty for a country the library does not know. Labels are in `language` if the library has the
    country in it, else in English.
    """
    import holidays

    kind = getattr(holidays, country, None) if country in holidays.list_supported_countries() else None
    if kind is None:
        return []
    # Said aloud always: left open, the library follows the environment of the process.
    language = language if language in kind.supported_languages else "en_US"
    names = dict(kind(years=year, language="en_US").items())
    labels = dict(kind(years=year, language=language).items())
    if country == "IL":
        optional = [kind(years=year, language=each, categories="optional") for each in ("en_US", language)]
        custom = [day for day, name in optional[0].items() if name.startswith(_KEPT_BY_CUSTOM)]
        names |= {day: optional[0][day] for day in custom}
        labels |= {day: optional[1][day] for day in custom}
    days = {day: _suggestion(day, name, labels[day]) for day, name in names.items()}
    eves = _eves(names, labels, _EVE_IN[language]) if country == "IL" else {}
    return [suggestion for _, suggestion in sorted((eves | days).items())]


def _suggestion(day: date, name: str, label: str) -> Suggestion:
    estimated = _ESTIMATED in name
    return Suggestion(day, _BRACKETS.sub("", label) if estimated else label, confirmed=not estimated)


def _eves(names: dict[date, str], labels: dict[date, str], eve: str) -> dict[date, Suggestion]:
    before = {day: day - timedelta(days=1) for day, name in names.items() if name in _HAVE_EVES}
    return {
        earlier: Suggestion(earlier, eve.format(labels[day]), half=True) for day, earlier in before.items()
    }
