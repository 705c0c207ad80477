"""Recurring invoices and their runs as others see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import recurring as queries
from bursar.billing.queries import recurring_runs as runs
from bursar.billing.recurring.plans import Plan
from bursar.billing.states import InvoiceState, Proration, QuantitySource, RecurringState
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work

SILENT = timedelta(minutes=5)
"""A run that counted nothing for so long was stopped: a slice takes seconds. The next run does what is left."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """One agreement. `refusal` is why its last run wrote no invoice; `next_run_on` is none once it has ended."""

    id: UUID
    version: int
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    product_name: str
    state: RecurringState
    description: str | None
    day_of_month: int
    unit_price: Money | None
    currency: str
    quantity_source: QuantitySource
    quantity: Decimal | None
    proration: Proration
    start_date: date
    end_date: date | None
    next_run_on: date | None
    last_generated_on: date | None
    auto_issue: bool
    purchase_order: str | None
    notes: str | None
    refusal: str | None
    created_at: datetime

    def plan(self) -> Plan:
        """What was agreed, to be changed and handed back."""
        names = (name for name in Plan.__dataclass_fields__)
        return Plan(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class Made:
    """An invoice that it has made, for the month `period`."""

    id: UUID
    period: str
    number: str | None
    state: InvoiceState
    issue_date: date | None
    total: Money


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `due` months were to be billed: so many became drafts, were issued at once, or could not be billed."""

    id: UUID
    as_of: date
    due: int
    drafted: int
    issued: int
    refused: int
    begun_at: datetime
    finished_at: datetime | None
    stopped: bool

    @property
    def done(self) -> int:
        return self.drafted + self.issued + self.refused


async def get_recurring(work: Work, recurring_id: UUID) -> Recurring:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.one(work, recurring_id))).one_or_none()
    if row is None:
        raise NotFound("recurring invoice")
    return _recurring(row)


async def list_recurring(
    work: Work,
    *,
    state: RecurringState | None = None,
    customer_id: UUID | None = None,
    product_id: UUID | None = None,
    refused: bool = False,
    text: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Recurring]:
    """The newest first, older than `before`; `refused` are those that the last run could not bill."""
    chosen: Mapping[str, Any] = {
        "state": state,
        "customer_id": customer_id,
        "product_id": product_id,
        "refused": refused,
        "text": text,
    }
    return [_recurring(row) for row in await work.db.execute(queries.newest(work, chosen, before, limit))]


async def made_by(work: Work, recurring_id: UUID, *, limit: int = 24) -> list[Made]:
    """The invoices of an agreement, the newest month first."""
    return [
        Made(
            row.id,
            row.period,
            row.number,
            InvoiceState(row.state),
            row.issue_date,
            Money(row.total_minor, row.currency),
        )
        for row in await work.db.execute(queries.invoices_of(work, recurring_id, limit))
    ]


async def get_run(work: Work, run_id: UUID) -> Run:
    """Raises `NotFound`."""
    row = (await work.db.execute(runs.run(work, run_id))).one_or_none()
    if row is None:
        raise NotFound("run")
    return _run(work, row)


async def list_runs(work: Work, *, before: UUID | None = None, limit: int = 20) -> list[Run]:
    """The newest first, older than `before`."""
    return [_run(work, row) for row in await work.db.execute(runs.runs_before(work, before, limit))]


def _recurring(row: sa.Row[Any]) -> Recurring:
    given = row._asdict()
    minor = given.pop("unit_price_minor")
    for name in ("tenant_id", "created_by", "updated_at"):
        del given[name]
    return Recurring(
        **{
            **given,
            "state": RecurringState(row.state),
            "quantity_source": QuantitySource(row.quantity_source),
            "proration": Proration(row.proration),
            "unit_price": None if minor is None else Money(minor, row.currency),
        }
    )


def _run(work: Work, row: sa.Row[Any]) -> Run:
    silent = row.finished_at is None and row.updated_at < work.now - SILENT
    return Run(
        row.id,
        row.as_of,
        row.due,
        row.drafted,
        row.issued,
        row.refused,
        row.created_at,
        row.finished_at,
        silent,
    )
