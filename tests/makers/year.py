"""A year of one firm: the worker's days, what people do between them, and the books at each month's end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bursar.billing.recurring.running import run_if_due
from bursar.billing.tables import (
    bank_lines,
    credit_notes,
    disputes,
    exchange_rates,
    invoices,
    payments,
    promises,
    recurring_invoices,
    recurring_runs,
    refunds,
)
from bursar.billing.tending import tend
from bursar.catalog.tables import billable_units, customer_prices, products
from bursar.core.clock import FixedClock
from bursar.core.money import Money
from bursar.core.registry import REGISTRY
from bursar.core.tables import events
from bursar.core.work import Actor, Office, Work
from bursar.tenancy.tables import customers, import_runs
from tests.makers.year_books import Books, books_as_stored, books_as_told, books_at

DUBAI = ZoneInfo("Asia/Dubai")

Told = tuple[str, str, str]
"""A day, a type of event, and what it happened to."""


@dataclass(slots=True)
class Year:
    """Time only goes forward. The worker looks at the calendar each morning, and at midnight when a month begins."""

    office: Office
    clock: FixedClock
    tenant_id: UUID
    owner: Actor
    first_day: date
    customers: dict[str, UUID] = field(default_factory=dict)
    worker_is_up: bool = True
    closed: dict[date, Books] = field(default_factory=dict)
    journal: list[tuple[date, sa.Row[Any]]] = field(default_factory=list)
    _worked: date | None = None

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(DUBAI).date()

    @asynccontextmanager
    async def people(self) -> AsyncIterator[Work]:
        """An act of the owner, at this moment of the story."""
        async with self.office.work(self.tenant_id, actor=self.owner) as work:
            yield work

    async def until(self, day: str, at: str = "09:00") -> None:
        """Mornings pass, ten minutes after midnight each, up to this moment."""
        await self._listen()
        then = datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=DUBAI)
        morning = self._worked + timedelta(days=1) if self._worked else self.today
        while morning <= then.date():
            ten_past = datetime(morning.year, morning.month, morning.day, 0, 10, tzinfo=DUBAI)
            if ten_past > then:
                break
            self.clock.move_to(ten_past)
            await self._worker()
            self._worked = morning
            morning += timedelta(days=1)
        self.clock.move_to(then)

    async def month_ends(self, last: str) -> Books:
        """What the books say at 23:59; and of it still at midnight, when the month that begins has been billed."""
        day = date.fromisoformat(last)
        await self.until(last, "23:59")
        await self._worker()
        async with self.people() as work:
            seen = await self._books(work, day)
            assert seen == await books_as_stored(work)
            assert seen == await books_as_told(work, [row for _, row in self.journal])
        self.clock.move_to(datetime(day.year, day.month, day.day, tzinfo=DUBAI) + timedelta(days=1))
        await self._worker()
        self.closed[day] = seen
        await self.still_say(*list(self.closed)[-2:])
        return seen

    async def still_say(self, *days: date) -> None:
        """Asked for an earlier day the books say what they said on it."""
        async with self.people() as work:
            for day in days:
                assert await self._books(work, day) == self.closed[day], day

    async def told(self, name: str | None) -> list[Told]:
        """What the journal has of a customer, or of nobody; rows of one statement in the order of their names."""
        await self._listen()
        async with self.people() as work:
            names = await _names(work)
        whose = self.customers[name] if name else None
        found = [
            (day.isoformat(), row.type, names.get(row.entity_id, "?"))
            for day, row in self.journal
            if row.customer_id == whose
        ]
        return [one for _, alike in groupby(found, key=lambda one: one[:2]) for one in sorted(alike)]

    async def _books(self, work: Work, day: date) -> Books:
        return await books_at(work, day, since=self.first_day, customers=self.customers.values())

    async def _worker(self) -> None:
        """What its hourly jobs do; nothing while it is down."""
        if self.worker_is_up:
            await tend(self.office, self.tenant_id)
            await run_if_due(self.office, self.tenant_id)
        await self._listen()

    async def _listen(self) -> None:
        """Takes down what is new in the journal, on the day of the story: ids hold the database's own clock."""
        after = self.journal[-1][1].id if self.journal else UUID(int=0)
        async with self.office.work(self.tenant_id) as work:
            mine = (events.c.tenant_id == self.tenant_id) & (events.c.id > after)
            fresh = (await work.db.execute(sa.select(events).where(mine).order_by(events.c.id))).all()
        assert {row.type for row in fresh} <= REGISTRY.keys()
        self.journal += [(self.today, row) for row in fresh]


async def _names(work: Work) -> dict[UUID, str]:
    """What a reader would call each row: an invoice by its month or note, money by its amount."""
    names: dict[UUID, str] = {}

    async def of(table: sa.Table, *columns: sa.ColumnElement[Any]) -> list[Any]:
        mine = sa.select(table.c.id, *columns).where(table.c.tenant_id == work.tenant_id)
        return list(await work.db.execute(mine))

    for table, column in (
        (customers, customers.c.company_name),
        (products, products.c.code),
        (billable_units, billable_units.c.label),
        (exchange_rates, exchange_rates.c.currency),
        (import_runs, import_runs.c.kind),
        (recurring_runs, recurring_runs.c.as_of),
        (invoices, sa.func.coalesce(invoices.c.period, invoices.c.purchase_order)),
    ):
        names |= {id_: str(name) for id_, name in await of(table, column)}
    names |= dict.fromkeys([row.id for row in await of(recurring_invoices)], "agreement")
    for table, minor in (
        (payments, payments.c.amount_minor),
        (credit_notes, credit_notes.c.amount_minor),
        (refunds, refunds.c.amount_minor),
        (bank_lines, bank_lines.c.amount_minor),
        (customer_prices, customer_prices.c.unit_price_minor),
    ):
        amounts = await of(table, table.c.currency, minor)
        names |= {id_: Money(amount, currency).plain() for id_, currency, amount in amounts}
    for table in (promises, disputes):
        names |= {row.id: names[row.invoice_id] for row in await of(table, table.c.invoice_id)}
    return names
