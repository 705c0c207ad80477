"""When a recurring invoice runs and which month it charges, from its days alone (R83)."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date


def next_runs(day_of_month: int, start: date, end: date | None, from_day: date) -> Iterator[date]:
    """Its run days in order: none before `start` or `from_day`, none after `end`, else without end.

    `day_of_month` is 1 to 28, so that every month has it.
    """
    run = _on_or_after(day_of_month, max(start, from_day))
    while end is None or run <= end:
        yield run
        run = a_month_after(run)


def a_month_after(run: date) -> date:
    """The same day of the next month."""
    return run.replace(year=run.year + run.month // 12, month=run.month % 12 + 1)


def period_of(run: date) -> str:
    """The month that a run charges, as it stands on the invoice: 2026-11."""
    return f"{run:%Y-%m}"


def month_of(run: date) -> tuple[date, date]:
    """The first and the last day of the month that a run charges."""
    return run.replace(day=1), run.replace(day=monthrange(run.year, run.month)[1])


def _on_or_after(day_of_month: int, day: date) -> date:
    run = day.replace(day=day_of_month)
    return run if run >= day else a_month_after(run)
