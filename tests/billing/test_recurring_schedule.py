"""Run days of a recurring invoice: which day, from when, until when, for which month."""

from datetime import date
from itertools import islice

import pytest

from bursar.billing.recurring.schedule import month_of, next_runs, period_of

pytestmark = pytest.mark.pure


def runs(day: int, start: str, end: str | None, from_day: str, count: int = 3) -> list[str]:
    found = next_runs(
        day, date.fromisoformat(start), date.fromisoformat(end) if end else None, date.fromisoformat(from_day)
    )
    return [run.isoformat() for run in islice(found, count)]


@pytest.mark.parametrize(
    ("day", "start", "end", "from_day", "expected"),
    [
        (1, "2026-11-01", None, "2026-11-01", ["2026-11-01", "2026-12-01", "2027-01-01"]),
        (1, "2026-11-02", None, "2026-10-01", ["2026-12-01", "2027-01-01", "2027-02-01"]),
        (28, "2027-01-31", None, "2027-01-01", ["2027-02-28", "2027-03-28", "2027-04-28"]),
        (15, "2026-01-01", None, "2026-11-15", ["2026-11-15", "2026-12-15", "2027-01-15"]),
        (15, "2026-01-01", None, "2026-11-16", ["2026-12-15", "2027-01-15", "2027-02-15"]),
        (15, "2026-01-01", "2026-12-15", "2026-11-16", ["2026-12-15"]),
        (15, "2026-01-01", "2026-12-14", "2026-11-16", []),
    ],
)
def test_runs_fall_on_their_day_from_the_start_to_the_end_both_included(
    day: int, start: str, end: str | None, from_day: str, expected: list[str]
) -> None:
    assert runs(day, start, end, from_day) == expected


def test_a_run_charges_the_calendar_month_it_falls_in() -> None:
    assert period_of(date(2027, 2, 28)) == "2027-02"
    assert month_of(date(2028, 2, 1)) == (date(2028, 2, 1), date(2028, 2, 29))
