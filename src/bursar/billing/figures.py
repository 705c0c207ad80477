"""Figures of a firm's books: what each month brought, and in how many days what is invoiced is paid."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bursar.billing.aged import aged_report
from bursar.billing.queries import figures as queries
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work

MONTHS = 12
DSO_DAYS = 90
"""The days of sales that what is open is compared with."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month in one currency; `collected` is money that came less what was reversed in the month."""

    first: date
    invoiced: Money
    credited: Money
    collected: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """`dso` is days sales outstanding: what is open, divided by what was invoiced less credited in the last 90
    days, times 90; None if nothing was invoiced in them.
    """

    months: tuple[Month, ...]
    open: Money
    overdue: Money
    dso: Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """By currency, which are never added to each other."""

    as_of: date
    currencies: Mapping[str, CurrencyFigures]


async def figures(work: Work, as_of: date | None = None, *, months: int = MONTHS) -> Figures:
    """The last `months` months up to `as_of`, today if it is not given. Raises `Invalid` for a day to come."""
    if not 1 <= months <= 5 * MONTHS:
        raise Invalid(N_("Choose between 1 and 60 months."), code="months_out_of_range", field="months")
    report = await aged_report(work, as_of, limit=0)
    firsts = _months(report.as_of, months)
    sums: dict[str, dict[tuple[str, date], int]] = defaultdict(dict)
    for row in await work.db.execute(queries.by_month(work, firsts[0], report.as_of)):
        sums[row.currency][row.kind, row.month] = row.minor
    lately: dict[str, int] = defaultdict(int)
    start = report.as_of - timedelta(days=DSO_DAYS - 1)
    for row in await work.db.execute(queries.by_month(work, start, report.as_of)):
        lately[row.currency] += {"invoiced": row.minor, "credited": -row.minor}.get(row.kind, 0)
    told = {}
    for code in sorted(sums.keys() | report.totals.keys()):
        aged = report.totals.get(code)
        owed = aged.total if aged else Money.zero(code)
        late = aged.total - aged.buckets[next(iter(aged.buckets))] if aged else owed
        told[code] = CurrencyFigures(
            tuple(_month(sums[code], first, code) for first in firsts),
            owed,
            late,
            days_sales_outstanding(owed, Money(lately[code], code)),
        )
    return Figures(report.as_of, told)


def days_sales_outstanding(owed: Money, invoiced: Money, days: int = DSO_DAYS) -> Decimal | None:
    """In how many days of sales as lately what is open was sold; to a tenth of a day."""
    if invoiced.minor <= 0:
        return None
    return (Decimal(owed.minor) * days / Decimal(invoiced.minor)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _month(sums: Mapping[tuple[str, date], int], first: date, currency: str) -> Month:
    kinds = ("invoiced", "credited", "collected", "refunded")
    return Month(first, *(Money(sums.get((kind, first), 0), currency) for kind in kinds))


def _months(until: date, count: int) -> list[date]:
    """The first days of the last `count` months, the oldest first."""
    last = until.year * 12 + until.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - count + 1, last + 1)]
