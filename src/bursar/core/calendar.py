"""When a firm works and may be heard: weekly windows, holidays, and shifting an instant into the next window.

Days are dates in a zone the caller names; instants are aware datetimes, answered in UTC. Outside a
window things wait for the next one, they are never dropped (R42, T31). All data is the tenant's
(R38, R40): a country only gives the defaults, `holiday_suggestions` only proposals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Self
from zoneinfo import ZoneInfo

from bursar.core.errors import N_, Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
LONGEST_SEASON = timedelta(days=100)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day that people in `zone` write at `instant`."""
    return instant.astimezone(zone).date()


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall time.

    When the clocks go forward a skipped 02:30 becomes 03:30; when they go back the first of the two
    is meant.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`; a thing due on `day` is overdue from the next day's (R77)."""
    return instant_of(day, time.min, zone)


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `opens` until just before `closes`, local time. `closes` at 00:00 means midnight."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes != time.min and self.closes <= self.opens:
            raise Invalid(
                N_("The hours must end after they begin."), code="window_ends_before_start", field="calendar"
            )

    def within(self, other: "Window") -> "Window | None":
        """What both have in common, if anything."""
        opens = max(self.opens, other.opens)
        closes = min(self.closes, other.closes, key=_late)
        return Window(opens, closes) if opens < _late(closes) else None


@dataclass(frozen=True, slots=True)
class ShortDays:
    """From `first` to `last`, both among them, nobody is there but in `hours`: Ramadan, a summer's Fridays (R42)."""

    first: date
    last: date
    hours: Window


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week` holds Monday to Sunday, None for a day off. `holidays` says of a date whether it is a half day.

    On a half holiday a day's window shrinks to what it shares with `half`, on short days to what it shares with
    their hours. Raises `Invalid` if no weekday is open: everything would wait for ever.
    """

    week: tuple[Window | None, ...]
    half: Window
    holidays: Mapping[date, bool] = field(default_factory=dict)
    short: tuple[ShortDays, ...] = ()

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS):
            raise ValueError("a week has seven days")
        if not any(self.week):
            raise Invalid(
                N_("At least one day of the week must be open."), code="never_open", field="calendar"
            )

    def window_on(self, day: date) -> Window | None:
        window = self.week[day.weekday()]
        is_half = self.holidays.get(day)
        if window is not None and is_half is not None:
            window = window.within(self.half) if is_half else None
        for days in self.short:
            if window is not None and days.first <= day <= days.last:
                window = window.within(days.hours)
        return window

    def next_open(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """`instant` itself if it lies in a window of `zone`, else the start of the next one; in UTC."""
        instant = instant.astimezone(UTC)
        first = local_date(instant, zone)
        # One day earlier too: a clock change at midnight can push that day's window past it.
        # It ends because one weekday is open and holidays are finitely many.
        for days in count(-1):
            hours = self._hours(first + days * _DAY, zone)
            if hours is not None and instant < hours[1]:
                return max(instant, hours[0])
        raise AssertionError("unreachable")

    def is_open(self, instant: datetime, zone: ZoneInfo) -> bool:
        return self.next_open(instant, zone) == instant

    def is_working(self, day: date) -> bool:
        """Half days count: somebody is there."""
        return self.window_on(day) is not None

    def working_day_from(self, day: date) -> date:
        """`day` itself if it is worked on, else the next that is."""
        while not self.is_working(day):
            day += _DAY
        return day

    def add_working_days(self, day: date, days: int) -> date:
        """The `days`-th working day after `day` (before it, if negative); 0 moves only off a day off."""
        if days == 0:
            return self.working_day_from(day)
        step = _DAY if days > 0 else -_DAY
        for _ in range(abs(days)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie in [start, end); negative if `end` comes first."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working(start + days * _DAY) for days in range((end - start).days))

    def with_holidays(self, holidays: Mapping[date, bool]) -> "Calendar":
        return replace(self, holidays=holidays)

    def shared_with(self, other: "Calendar") -> "Calendar":
        """Open when both are; this one alone where no weekday would be left.

        The half holidays and short days of the other close it no further: they are its own firm's word, not its
        country's.
        """
        pairs = zip(self.week, other.week, strict=True)
        week = tuple(one.within(its) if one and its else None for one, its in pairs)
        if not any(week):
            return self
        closed = {day: half for day, half in other.holidays.items() if not half}
        return replace(self, week=week, holidays={**self.holidays, **closed})

    @classmethod
    def load(cls, document: Mapping[str, Any], country: str, holidays: Mapping[date, bool]) -> Self:
        """From a tenant's settings: `{"week": {"mon": ["09:00", "18:00"], "sun": null}, "half": [...]}`.

        What is not said is the country's default. Raises `Invalid`.
        """
        default = default_for(country)
        week = document.get("week", {})
        if unknown := set(week) - set(WEEKDAYS):
            raise Invalid(
                N_("%(day)s is not a day of the week. Use mon, tue, wed, thu, fri, sat, sun."),
                code="unknown_weekday",
                field="calendar",
                day=min(unknown),
            )
        windows = (
            _window(week[day]) if day in week else usual
            for day, usual in zip(WEEKDAYS, default.week, strict=True)
        )
        half = _window(document.get("half"))
        short = tuple(_short(one) for one in document.get("short", ()))
        return cls(tuple(windows), half or default.half, dict(holidays), short)

    def dump(self) -> dict[str, Any]:
        """What `load` reads; holidays are rows of their own."""
        week = {day: _texts(window) for day, window in zip(WEEKDAYS, self.week, strict=True)}
        short = [
            {"from": one.first.isoformat(), "to": one.last.isoformat(), "hours": _texts(one.hours)}
            for one in self.short
        ]
        return {"week": week, "half": _texts(self.half), **({"short": short} if short else {})}

    def _hours(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        window = self.window_on(day)
        if window is None:
            return None
        closing_day = day + _DAY if window.closes == time.min else day
        opens, closes = instant_of(day, window.opens, zone), instant_of(closing_day, window.closes, zone)
        return (opens, closes) if opens < closes else None


def _late(closes: time) -> time:
    return time.max if closes == time.min else closes


def _window(texts: Any) -> Window | None:
    if texts is None:
        return None
    try:
        opens, closes = texts
        return Window(time.fromisoformat(opens), time.fromisoformat(closes))
    except (TypeError, ValueError):
        raise Invalid(
            N_("Write hours as two times, like 09:00 and 18:00."), code="window_unreadable", field="calendar"
        ) from None


def _short(given: Mapping[str, Any]) -> ShortDays:
    try:
        first, last = date.fromisoformat(given["from"]), date.fromisoformat(given["to"])
        hours = _window(given["hours"])
    except (KeyError, TypeError, ValueError):
        first, last, hours = date.max, date.min, None
    if hours is None or not first <= last <= first + LONGEST_SEASON:
        raise Invalid(
            N_("Short days need a first day, a last one within %(days)s days, and hours."),
            code="short_days_unreadable",
            field="calendar",
            days=LONGEST_SEASON.days,
        )
    return ShortDays(first, last, hours)


def _texts(window: Window | None) -> list[str] | None:
    return window and [f"{window.opens:%H:%M}", f"{window.closes:%H:%M}"]


def _hours_of_day(opens: int, closes: int) -> Window:
    return Window(time(opens), time(closes))


_OFFICE, _UNTIL_NOON, _UNTIL_ONE = _hours_of_day(9, 18), _hours_of_day(9, 12), _hours_of_day(9, 13)
_LONG = _hours_of_day(9, 20)
_MONDAY_TO_FRIDAY = Calendar((*[_OFFICE] * 5, None, None), _UNTIL_ONE)
_SUNDAY_TO_THURSDAY = Calendar((*[_OFFICE] * 4, None, None, _OFFICE), _UNTIL_ONE)
_DEFAULTS = {
    "AE": Calendar((*[_OFFICE] * 4, _UNTIL_NOON, None, None), _UNTIL_NOON),  # R38, R42
    "IL": Calendar((*[_LONG] * 4, _UNTIL_ONE, None, _LONG), _UNTIL_ONE),  # R54
}
# Weekend on Friday and Saturday.
_REST_ON_FRIDAY = frozenset({"BH", "DZ", "EG", "IQ", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE"})


def default_for(country: str) -> Calendar:
    """The usual week of a country (ISO 3166 alpha-2), without holidays."""
    usual = _SUNDAY_TO_THURSDAY if country in _REST_ON_FRIDAY else _MONDAY_TO_FRIDAY
    return _DEFAULTS.get(country, usual)
