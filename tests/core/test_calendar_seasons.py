"""Seasons of shorter days, and the days that a firm and its reader in another country both work."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from bursar.core.calendar import Calendar, ShortDays, Window, default_for
from bursar.core.errors import Invalid

pytestmark = pytest.mark.pure

RAMADAN = ShortDays(date(2027, 2, 8), date(2027, 3, 8), Window(time(10), time(14)))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2027, 2, 5), (9, 12)),  # the Friday before
        (date(2027, 2, 8), (10, 14)),
        (date(2027, 3, 5), (10, 12)),  # a Friday of it: what both leave
        (date(2027, 3, 6), None),
        (date(2027, 3, 9), (9, 18)),
    ],
)
def test_short_days_leave_what_the_week_shares_with_them(day, hours):
    window = replace(default_for("AE"), short=(RAMADAN,)).window_on(day)
    assert window == (hours and Window(time(hours[0]), time(hours[1])))


def test_short_days_are_dumped_and_read_back():
    calendar = replace(default_for("AE"), short=(RAMADAN,))
    assert Calendar.load(calendar.dump(), "AE", {}) == calendar


@pytest.mark.parametrize(
    "season",
    [
        {"from": "2027-03-08", "to": "2027-02-08", "hours": ["10:00", "14:00"]},
        {"from": "2027-02-08", "to": "2028-02-08", "hours": ["10:00", "14:00"]},
        {"from": "2027-02-08", "to": "2027-03-08", "hours": None},
        {"from": "tomorrow", "to": "2027-03-08", "hours": ["10:00", "14:00"]},
        {"to": "2027-03-08"},
    ],
)
def test_short_days_that_make_no_sense_are_refused(season):
    with pytest.raises(Invalid) as refused:
        Calendar.load({"short": [season]}, "AE", {})
    assert refused.value.code == "short_days_unreadable"


def test_two_calendars_share_the_days_and_hours_of_both():
    dubai = default_for("AE")
    shared = dubai.shared_with(default_for("IL").with_holidays({date(2027, 3, 24): False}))
    days = [shared.window_on(date(2027, 3, 22) + timedelta(days=each)) for each in range(7)]
    assert [window and (window.opens.hour, window.closes.hour) for window in days] == [
        *((9, 18), (9, 18), None, (9, 18)),  # the Wednesday is a feast there
        *((9, 12), None, None),
    ]


def test_where_no_weekday_would_be_left_the_own_calendar_stands():
    saturday = Window(time(9), time(12))
    weekend_only = Calendar((*[None] * 5, saturday, None), saturday)
    assert weekend_only.shared_with(default_for("FR")) is weekend_only
