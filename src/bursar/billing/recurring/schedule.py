"""When a recurring invoice runs and which month it charges, from its days alone (R83)."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor


def next_runs(day_of_month: int, start: date, end: date | None, from_day: date) -> Iterator[date]:
    """Its run days in order: none before `start` or `from_day`, none after `end`, else without end.

    `day_of_month` is 1 to 28, so that every month has it.
    """
    run = first_run(day_of_month, max(start, from_day))
    while end is None or run <= end:
        yield run
        run = a_month_after(run)


def first_run(day_of_month: int, start: date) -> date:
    """The first day with that number from `start` on, and `start` itself if it has it."""
    run = start.replace(day=day_of_month)
    return run if run >= start else a_month_after(run)


def a_month_after(run: date) -> date:
    """The same day of the next month."""
    return run.replace(year=run.year + run.month // 12, month=run.month % 12 + 1)


def period_of(run: date) -> str:
    """The month that a run charges, as it stands on the invoice: 2026-11."""
    return f"{run:%Y-%m}"


def month_of(run: date) -> tuple[date, date]:
    """The first and the last day of the month that a run charges."""
    return run.replace(day=1), run.replace(day=monthrange(run.year, run.month)[1])


def share_of_month(amount: Decimal | int, days: int, month_days: int) -> int:
    """What some days of a month cost when the month costs `amount` minor units (R87); half a unit goes up."""
    return floor(Fraction(amount) * days / month_days + Fraction(1, 2))


def parts_of_month(amount: int, days: Sequence[int], month_days: int) -> list[int]:
    """The shares of consecutive parts of a month, `days` long each; the parts of a whole month are the whole price.

    Each part ends where the price of all days up to its end stands, so the last one takes what is left.
    """
    ends = list(accumulate(days, initial=0))
    upto = [share_of_month(amount, end, month_days) for end in ends]
    return [after - before for before, after in pairwise(upto)]
