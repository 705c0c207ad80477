"""Reports over the books: ageing as of a day, a customer's statement, figures by month."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import LARGEST_PAGE
from bursar.api.values import Day, Shown, ShownMoney, Strict
from bursar.billing import aged, figures, statements
from bursar.billing.rules import Bucket
from bursar.billing.statements import EntryKind

router = door("/reports", "payments", tag="reports")


class Aged(Shown):
    """`disputed` is a part of what is open; `credit` is money that pays nothing yet, apart from it."""

    buckets: dict[Bucket, ShownMoney]
    total: ShownMoney
    disputed: ShownMoney
    credit: ShownMoney


class AgedCustomer(Shown):
    customer_id: UUID
    customer_name: str
    aged: Aged


class AgeingReport(Shown):
    """Each currency by itself. `more` customers stand on the next page."""

    as_of: date
    totals: dict[str, Aged]
    customers: list[AgedCustomer]
    more: bool


class AgeingQuery(Strict):
    as_of: Day | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class StatementQuery(Strict):
    customer_id: UUID
    start: Day
    end: Day


class Entry(Shown):
    """Above zero raises what is owed; `balance` is what was owed after it."""

    kind: EntryKind
    on_day: date
    id: UUID
    label: str | None
    amount: ShownMoney
    balance: ShownMoney


class Account(Shown):
    opening: ShownMoney
    entries: list[Entry]
    closing: ShownMoney


class Statement(Shown):
    customer_id: UUID
    customer_name: str
    start: date
    end: date
    accounts: dict[str, Account]


class FiguresQuery(Strict):
    as_of: Day | None = None
    months: Annotated[int, Field(ge=1, le=60)] = figures.MONTHS


class Month(Shown):
    first: date
    invoiced: ShownMoney
    credited: ShownMoney
    collected: ShownMoney
    refunded: ShownMoney


class CurrencyFigures(Shown):
    """`dso`: what is open, by what was invoiced less credited in the last 90 days, times 90."""

    months: list[Month]
    open: ShownMoney
    overdue: ShownMoney
    dso: Decimal | None


class Figures(Shown):
    as_of: date
    currencies: dict[str, CurrencyFigures]


@router.get("/ageing")
async def get_ageing(work: Acting, asked: Annotated[AgeingQuery, Query()]) -> AgeingReport:
    """What was open when a day ended, by how late it was: today, or any day before."""
    report = await aged.aged_report(
        work, asked.as_of, currency=asked.currency, limit=asked.limit, offset=asked.offset
    )
    return AgeingReport.model_validate(report)


@router.get("/statement")
async def get_statement(work: Acting, asked: Annotated[StatementQuery, Query()]) -> Statement:
    """A customer's account over a period, in each currency."""
    return Statement.model_validate(
        await statements.statement(work, asked.customer_id, asked.start, asked.end)
    )


@router.get("/figures")
async def get_figures(work: Acting, asked: Annotated[FiguresQuery, Query()]) -> Figures:
    """What each month brought, and in how many days what is invoiced is paid."""
    return Figures.model_validate(await figures.figures(work, asked.as_of, months=asked.months))
