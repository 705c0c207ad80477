"""Numbers without gaps: taken at issue, from a row that stays locked until COMMIT (R66-R70, T62-T64)."""

from datetime import date

from bursar.billing import rules
from bursar.billing.queries import invoices as queries
from bursar.billing.rules import SeriesStrategy
from bursar.billing.settings import Series
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work

INVOICES = "invoice"
CREDIT_NOTES = "CN"
IMPORTED = "import:"
"""Followed by the source: numbers that somebody else gave are theirs."""

PREFIXES = {INVOICES: "", CREDIT_NOTES: "CN-"}


async def take_serials(
    work: Work, series: str, day: date, count: int = 1, *, strategy: SeriesStrategy = SeriesStrategy.DAILY
) -> int:
    """The first of `count` serials of that day, year or series; the others follow it.

    Nothing slow may happen in this Work from here on: everybody else who issues waits for its end.
    Raises `Invalid` for a day to come and `Conflict` for one before the last that the series has used.
    """
    if day > work.today:
        raise Invalid(
            N_("The issue date is in the future. Choose today or leave it out."),
            code="issue_date_in_future",
            field="issue_date",
        )
    if await work.db.scalar(queries.advance_series(work, series, day)) is None:
        raise Conflict(
            N_("A later date was already used in this series. Choose today."),
            code="issue_date_before_last",
            field="issue_date",
        )
    period = rules.period_of(strategy, day)
    return (await work.db.execute(queries.take_serials(work, series, period, count))).scalar_one()


async def take_numbers(work: Work, series: str, day: date, count: int, how: Series) -> list[tuple[str, int]]:
    """The next `count` numbers of a series, each with its serial. Raises as `take_serials`."""
    first = await take_serials(work, series, day, count, strategy=how.strategy)
    prefix = f"{PREFIXES[series]}{how.prefix}"
    return [
        (rules.number_of(day, serial, prefix, how.strategy), serial) for serial in range(first, first + count)
    ]
