"""Ageing as of any day: what each customer owed when it ended, by how late it was (R78)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import aged as queries
from bursar.billing.rules import Bucket, bucket_of
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Aged:
    """What was open in one currency, by age. `disputed` is a part of it; `credit` is money apart from it."""

    buckets: Mapping[Bucket, Money]
    total: Money
    disputed: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class AgedCustomer:
    """One customer in one currency."""

    customer_id: UUID
    customer_name: str
    aged: Aged


@dataclass(frozen=True, slots=True)
class AgedInvoice:
    """An invoice of which `open` was left to pay when the day ended."""

    id: UUID
    customer_id: UUID
    number: str
    issue_date: date
    due_date: date
    open: Money
    bucket: Bucket
    disputed: bool


@dataclass(frozen=True, slots=True)
class AgedReport:
    """`totals` by currency, never added to each other. `customers` are those of one page."""

    as_of: date
    totals: Mapping[str, Aged]
    customers: tuple[AgedCustomer, ...]
    more: bool


async def aged_report(
    work: Work, as_of: date | None = None, *, currency: str | None = None, limit: int = 100, offset: int = 0
) -> AgedReport:
    """What was open at the end of `as_of`, today if it is not given. Raises `Invalid` for a day to come.

    `limit` and `offset` choose the customers, who owe most first; with none the totals are all that is asked.
    """
    day, midnight = _end_of(work, as_of)
    await work.db.execute(queries.ROOM)
    credit = (await work.db.execute(queries.credits_at(work, day))).all()
    opened = queries.open_at(work, day, midnight)
    page = queries.report(work, opened, day, currency=currency, limit=limit + 1, offset=offset)
    found = (await work.db.execute(page)).mappings().all()
    totals = {row["currency"]: row for row in found if row["customer_id"] is None}
    rows = [row for row in found if row["customer_id"] is not None]
    of_customer = {(row.customer_id, row.currency): row.minor for row in credit}
    return AgedReport(
        day,
        {
            code: _aged(totals.get(code), code, sum(row.minor for row in credit if row.currency == code))
            for code in sorted(totals.keys() | {row.currency for row in credit})
        },
        tuple(
            AgedCustomer(
                row["customer_id"],
                row["customer_name"],
                _aged(row, row["currency"], of_customer.get((row["customer_id"], row["currency"]), 0)),
            )
            for row in rows[:limit]
        ),
        more=len(rows) > limit > 0,
    )


async def aged_invoices(work: Work, customer_id: UUID, as_of: date | None = None) -> list[AgedInvoice]:
    """A customer's invoices of which something was open, the longest due first."""
    day, midnight = _end_of(work, as_of)
    opened = queries.open_at(work, day, midnight, customer_id=customer_id)
    return [
        AgedInvoice(
            row.id,
            row.customer_id,
            row.number,
            row.issue_date,
            row.due_date,
            Money(row.minor, row.currency),
            bucket_of(row.due_date, day),
            row.disputed,
        )
        for row in await work.db.execute(queries.invoices_of(opened))
    ]


async def credit_at(work: Work, customer_id: UUID, as_of: date) -> dict[str, Money]:
    """A customer's money that paid nothing when the day ended, by currency."""
    day, _ = _end_of(work, as_of)
    found = await work.db.execute(queries.credits_at(work, day, customer_id=customer_id))
    return {row.currency: Money(row.minor, row.currency) for row in found}


def _end_of(work: Work, as_of: date | None) -> tuple[date, datetime]:
    """A day of the tenant's and the instant that ends it. Raises `Invalid` for one that is still to come."""
    day = as_of or work.today
    if day > work.today:
        raise Invalid(N_("Choose today or a day that is over."), code="as_of_in_future", field="as_of")
    return day, datetime.combine(day + timedelta(days=1), time(), work.zone)


def _aged(row: Mapping[Any, Any] | sa.RowMapping | None, currency: str, credit: int) -> Aged:
    def money(name: str) -> Money:
        return Money(row[name] if row is not None else 0, currency)

    return Aged(
        {bucket: money(bucket) for bucket in Bucket},
        money("total"),
        money("disputed"),
        Money(credit, currency),
    )


def rows_of(aged: Aged) -> Sequence[Money]:
    """The buckets in their order."""
    return [aged.buckets[bucket] for bucket in Bucket]
