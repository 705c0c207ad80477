from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.calendar import (
    Calendar,
    Window,
    default_for,
    instant_of,
    local_date,
    start_of_day,
)
from bursar.core.errors import Invalid
from bursar.core.holiday_suggestions import suggested_holidays

pytestmark = pytest.mark.pure

DUBAI, JERUSALEM, PARIS = ZoneInfo("Asia/Dubai"), ZoneInfo("Asia/Jerusalem"), ZoneInfo("Europe/Paris")
BEIRUT = ZoneInfo("Asia/Beirut")  # its clocks change at midnight
NUUK = ZoneInfo("America/Nuuk")
AE, IL, FR = default_for("AE"), default_for("IL"), default_for("FR")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("calendar", "hours"),
    [
        (AE, ["09-18", "09-18", "09-18", "09-18", "09-12", None, None]),
        (IL, ["09-20", "09-20", "09-20", "09-20", "09-13", None, "09-20"]),
        (FR, ["09-18", "09-18", "09-18", "09-18", "09-18", None, None]),
        (default_for("SA"), ["09-18", "09-18", "09-18", "09-18", None, None, "09-18"]),
        (default_for("XX"), ["09-18", "09-18", "09-18", "09-18", "09-18", None, None]),
    ],
    ids=["AE", "IL", "FR", "SA", "unknown"],
)
def test_each_country_has_its_usual_week(calendar, hours):
    assert [w and f"{w.opens:%H}-{w.closes:%H}" for w in calendar.week] == hours


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("2026-11-18 05:00", "Wed 2026-11-18 09:00"),  # 09:00 sharp is open
        ("2026-11-18 04:59", "Wed 2026-11-18 09:00"),
        ("2026-11-18 13:59", "Wed 2026-11-18 17:59"),
        ("2026-11-18 14:00", "Thu 2026-11-19 09:00"),  # 18:00 sharp is closed
        ("2026-11-18 23:30", "Thu 2026-11-19 09:00"),  # already Thursday in Dubai
        ("2026-11-20 07:59", "Fri 2026-11-20 11:59"),
        ("2026-11-20 08:00", "Mon 2026-11-23 09:00"),  # Friday noon: over the weekend
        ("2026-11-19 23:30", "Fri 2026-11-20 09:00"),
        ("2026-11-20 23:30", "Mon 2026-11-23 09:00"),
    ],
)
def test_outside_the_window_dubai_waits_for_the_next(asked, answer):
    shifted = AE.next_open(utc(asked), DUBAI)
    assert wall(shifted, DUBAI) == answer
    assert shifted.tzinfo is UTC


def test_the_recipients_zone_decides_not_ours():
    assert wall(AE.next_open(utc("2026-11-18 07:30"), DUBAI), DUBAI) == "Wed 2026-11-18 11:30"
    assert wall(AE.next_open(utc("2026-11-18 07:30"), PARIS), PARIS) == "Wed 2026-11-18 09:00"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("2026-11-20 10:59", "Fri 2026-11-20 12:59"),
        ("2026-11-20 11:00", "Sun 2026-11-22 09:00"),  # nothing from Friday 13:00 over Shabbat
        ("2026-11-21 19:30", "Sun 2026-11-22 09:00"),  # nor on Saturday night
        # The clocks go forward on Friday 27 March 2026 at 02:00 and 09:00 comes an hour sooner.
        ("2026-03-26 18:00", "Fri 2026-03-27 09:00"),
        ("2026-03-27 00:30", "Fri 2026-03-27 09:00"),
        # They go back on Sunday 25 October 2026 at 02:00.
        ("2026-10-24 22:30", "Sun 2026-10-25 09:00"),
        ("2026-10-24 23:30", "Sun 2026-10-25 09:00"),
        ("2027-03-25 23:30", "Fri 2027-03-26 09:00"),
        ("2027-10-30 23:30", "Sun 2027-10-31 09:00"),
    ],
)
def test_jerusalem_rests_on_shabbat_and_changes_its_clocks(asked, answer):
    assert wall(IL.next_open(utc(asked), JERUSALEM), JERUSALEM) == answer


@pytest.mark.parametrize(
    ("day", "at_nine"),
    [
        ("2026-03-26", "07:00"),
        ("2026-03-27", "06:00"),
        ("2026-10-23", "06:00"),
        ("2026-10-25", "07:00"),
        ("2027-03-25", "07:00"),
        ("2027-03-26", "06:00"),
        ("2027-10-29", "06:00"),
        ("2027-10-31", "07:00"),
    ],
)
def test_nine_in_jerusalem_is_another_instant_after_each_change(day, at_nine):
    opens = instant_of(date.fromisoformat(day), time(9), JERUSALEM)
    assert opens == utc(f"{day} {at_nine}")


def test_a_skipped_wall_time_moves_forward_and_a_doubled_one_is_the_first():
    assert wall(instant_of(date(2026, 3, 27), time(2, 30), JERUSALEM), JERUSALEM).endswith("03:30")
    assert instant_of(date(2026, 10, 25), time(1, 30), JERUSALEM) == utc("2026-10-24 22:30")


def test_three_days_are_72_hours_then_rolled_into_the_window():
    paid = instant_of(date(2026, 3, 25), time(19, 30), JERUSALEM)  # the clocks change in between
    due = paid + timedelta(hours=72)
    assert wall(due, JERUSALEM) == "Sat 2026-03-28 20:30"
    assert wall(IL.next_open(due, JERUSALEM), JERUSALEM) == "Sun 2026-03-29 09:00"


def test_a_holiday_is_closed_and_a_half_one_shrinks():
    calendar = IL.with_holidays({date(2026, 4, 1): True, date(2026, 4, 2): False, date(2026, 4, 3): False})

    assert wall(calendar.next_open(utc("2026-04-01 09:59"), JERUSALEM), JERUSALEM) == "Wed 2026-04-01 12:59"
    assert wall(calendar.next_open(utc("2026-04-01 10:00"), JERUSALEM), JERUSALEM) == "Sun 2026-04-05 09:00"


def test_a_half_holiday_outside_the_usual_hours_leaves_nothing():
    evening = Window(time(17), time(22))
    calendar = Calendar((evening,) * 7, Window(time(9), time(13)), {date(2026, 4, 1): True})
    assert not calendar.is_working(date(2026, 4, 1))


def test_closing_at_midnight_means_the_end_of_the_day():
    always = Calendar((Window(time.min, time.min),) * 7, Window(time(9), time.min))
    for text in ("2026-03-26 23:59:59", "2026-03-27 00:00", "2026-10-25 00:30"):
        assert always.is_open(utc(text), JERUSALEM)


def test_a_clock_change_at_midnight_keeps_every_window():
    """Beirut skips 00:00-01:00 on 29 March 2026: that day begins at 01:00."""
    assert wall(start_of_day(date(2026, 3, 29), BEIRUT), BEIRUT) == "Sun 2026-03-29 01:00"
    late = Calendar((Window(time(23), time.min),) * 7, Window(time(9), time(12)))
    assert late.is_open(utc("2026-03-28 21:59"), BEIRUT)
    assert wall(late.next_open(utc("2026-03-28 22:00"), BEIRUT), BEIRUT) == "Sun 2026-03-29 23:00"


def test_a_window_that_a_clock_change_pushes_past_midnight_stays_open():
    """Nuuk skips 23:00-24:00 on Saturday 28 March 2026, so 23:10 of that day is 00:10 of the next."""
    saturdays = Calendar((*[None] * 5, Window(time(23, 10), time(23, 50)), None), Window(time(9), time(12)))
    opens = saturdays.next_open(utc("2026-03-28 12:00"), NUUK)
    assert wall(opens, NUUK) == "Sun 2026-03-29 00:10"
    assert saturdays.is_open(opens, NUUK)


windows = st.tuples(st.times(), st.times()).filter(lambda t: t[0] < t[1] or t[1] == time.min)
weeks = st.lists(st.none() | windows.map(lambda t: Window(*t)), min_size=7, max_size=7).filter(any)
calendars = st.builds(
    Calendar,
    weeks.map(tuple),
    windows.map(lambda t: Window(*t)),
    st.dictionaries(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.booleans(), max_size=30),
)
FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001  hypothesis adds the zone
instants = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
zones = st.sampled_from([DUBAI, JERUSALEM, PARIS, BEIRUT, NUUK, ZoneInfo("Pacific/Apia"), ZoneInfo("UTC")])


@given(calendars, instants, zones)
def test_the_next_open_instant_is_open_and_never_past(calendar, instant, zone):
    shifted = calendar.next_open(instant, zone)
    assert shifted >= instant
    assert calendar.is_open(shifted, zone)
    assert calendar.next_open(shifted, zone) == shifted


@given(calendars, instants, instants, zones)
def test_what_was_earlier_is_never_overtaken(calendar, one, other, zone):
    earlier, later = sorted((one, other))
    assert calendar.next_open(earlier, zone) <= calendar.next_open(later, zone)


@given(calendars, instants, st.integers(0, 48 * 60), zones)
def test_nothing_open_is_passed_over(calendar, instant, minutes, zone):
    between = instant + timedelta(minutes=minutes)
    if calendar.is_open(between, zone):
        assert calendar.next_open(instant, zone) <= between


@given(calendars, st.dates(date(2026, 1, 1), date(2027, 6, 1)), st.integers(1, 20))
def test_working_days_forth_and_back_come_home(calendar, day, days):
    start = calendar.working_day_from(day)
    there = calendar.add_working_days(start, days)
    assert calendar.is_working(there)
    assert calendar.working_days_between(start, there) == days
    assert calendar.working_days_between(there, start) == -days
    assert calendar.add_working_days(there, -days) == start


def test_working_days_skip_weekend_and_holiday():
    calendar = AE.with_holidays({date(2026, 12, 2): False, date(2026, 12, 3): False})
    assert calendar.add_working_days(date(2026, 12, 1), 1) == date(2026, 12, 4)
    assert calendar.add_working_days(date(2026, 12, 1), 2) == date(2026, 12, 7)
    assert calendar.add_working_days(date(2026, 12, 7), -2) == date(2026, 12, 1)
    assert calendar.add_working_days(date(2026, 12, 5), 0) == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-18 19:59:59", "2026-11-18"),
        ("2026-11-18 20:00", "2026-11-19"),
        ("2026-11-18 23:30", "2026-11-19"),
    ],
)
def test_the_day_turns_at_local_midnight(instant, day):
    assert local_date(utc(instant), DUBAI) == date.fromisoformat(day)
    assert start_of_day(date(2026, 11, 19), DUBAI) == utc("2026-11-18 20:00")


def test_a_tenants_document_overrides_its_country_day_by_day():
    document = {
        "week": {"fri": None, "sat": ["10:00", "14:00"], "thu": ["08:30", "00:00"]},
        "half": ["09:00", "11:00"],
    }
    calendar = Calendar.load(document, "AE", {date(2026, 12, 2): False})

    assert calendar.week[0] == Window(time(9), time(18))
    assert calendar.week[3:6] == (Window(time(8, 30), time.min), None, Window(time(10), time(14)))
    assert calendar.half == Window(time(9), time(11))
    assert calendar.holidays == {date(2026, 12, 2): False}


@pytest.mark.parametrize("country", ["AE", "IL", "FR", "SA"])
def test_an_empty_document_is_the_countrys_default_and_a_dump_is_read_back(country):
    default = default_for(country)
    assert Calendar.load({}, country, {}) == default
    assert Calendar.load(default.dump(), "FR", {}) == default


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"week": {"monday": None}}, "unknown_weekday"),
        ({"week": {"mon": ["9", "late"]}}, "window_unreadable"),
        ({"week": {"mon": "09:00-18:00"}}, "window_unreadable"),
        ({"week": {"mon": ["09:00"]}}, "window_unreadable"),
        ({"week": {"mon": [9, 18]}}, "window_unreadable"),
        ({"half": ["18:00", "09:00"]}, "window_ends_before_start"),
        ({"week": {"mon": ["09:00", "09:00"]}}, "window_ends_before_start"),
        ({"week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"))}, "never_open"),
    ],
)
def test_a_document_that_makes_no_sense_is_refused(document, code):
    with pytest.raises(Invalid) as refused:
        Calendar.load(document, "AE", {})
    assert (refused.value.code, refused.value.field) == (code, "calendar")


def test_israeli_eves_are_half_days_and_yom_tov_is_off():
    days = {each.day: each for each in suggested_holidays("IL", 2026)}

    assert [(days[date(2026, 9, day)].half, days[date(2026, 9, day)].label) for day in (20, 21)] == [
        (True, "Yom Kippur eve"),
        (False, "Yom Kippur"),
    ]
    assert not days[date(2026, 9, 12)].half  # the eve of the second day is a holiday itself
    assert not days[date(2026, 4, 21)].half  # memorial day
    assert date(2026, 4, 5) not in days  # the days between are worked


def test_moon_dates_are_marked_as_not_confirmed():
    days = {each.day: each for each in suggested_holidays("AE", 2027, "ar")}
    assert not days[date(2027, 3, 9)].confirmed
    assert days[date(2027, 3, 9)].label == "عيد الفطر"
    assert days[date(2027, 12, 2)].confirmed


def test_labels_follow_the_language_and_never_the_environment(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "th")
    assert suggested_holidays("FR", 2026, "fr")[-1].label == "Noël"
    assert suggested_holidays("IL", 2026, "he")[0].label == "ערב פסח"
    assert suggested_holidays("AE", 2026, "fr")[0].label == "New Year's Day"


def test_a_country_without_data_has_no_suggestions():
    assert suggested_holidays("ZZ", 2026) == []
