"""What new prices will change: every recurring invoice to come that would be another (R85)."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

from bursar.billing.billed import billed_through
from bursar.billing.queries import price_changes as queries
from bursar.billing.queries import recurring_prices as pricing
from bursar.billing.recurring.planning import runs_from
from bursar.billing.recurring.schedule import period_of
from bursar.billing.states import RecurringState
from bursar.catalog.price_book import NewPrice
from bursar.catalog.price_changes import Change, Changed, mark_of, new_prices, plan_change
from bursar.catalog.prices import add_prices
from bursar.core.money import Money
from bursar.core.work import Work

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Affected:
    """One invoice to come that would be another, without tax. None: it would not be written; `verdict` says why."""

    recurring_id: UUID
    customer_id: UUID
    customer_name: str
    product_name: str
    paused: bool
    run_on: date
    period: str
    before: Money | None
    after: Money | None
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """`invoices` in the order of their days; `sums` for each currency what they come to before and after."""

    invoices: list[Affected]
    sums: list[tuple[Money, Money]]

    @property
    def agreements(self) -> int:
        """How many recurring invoices they belong to."""
        return len({one.recurring_id for one in self.invoices})


@dataclass(frozen=True, slots=True)
class Preview:
    """A change before it is made: each customer's part, what that changes, and the mark to say yes to."""

    parts: list[Changed]
    effect: Effect
    mark: str


async def preview_change(work: Work, change: Change, *, months: int = MONTHS) -> Preview:
    """Everybody's part of a change and the invoices of the next months that it would change. Writes nothing."""
    parts = await plan_change(work, change, billed=billed_through)
    effect = await effect_of(work, new_prices(change, parts), months=months)
    return Preview(parts, effect, mark_of(parts))


async def effect_of(work: Work, given: Sequence[NewPrice], *, months: int = MONTHS) -> Effect:
    """The invoices of the next months that these prices would change.

    The prices are entered, the months are priced by the statement that a run prices them by, and all is taken
    back: what is shown is what will be written.
    """
    pairs = sorted({price.pair for price in given})
    agreements = {row.id: row for row in await work.db.execute(queries.touched(work, pairs))} if pairs else {}
    asked = [(row.id, run) for row in agreements.values() for run in islice(_runs(work, row), months)]
    if not asked:
        return Effect([], [])
    before = await _priced(work, asked)
    async with _tried(work):
        await add_prices(work, given, billed=billed_through)
        after = await _priced(work, asked)
    changed = [key for key in before if before[key][:2] != after[key][:2]]
    invoices = [_affected(agreements[key[0]], key[1], before[key], after[key]) for key in changed]
    return Effect(invoices, _sums(invoices))


_Sum = tuple[Money | None, str | None]


async def _priced(work: Work, asked: Sequence[tuple[UUID, date]]) -> dict[tuple[UUID, date], _Sum]:
    ids, runs = [one for one, _ in asked], [run for _, run in asked]
    found = await work.db.execute(pricing.sums(work, ids, runs))
    return {
        (row.recurring_id, row.run_on): (
            None if row.verdict or row.subtotal is None else Money(int(row.subtotal), row.currency),
            row.verdict,
        )
        for row in found
    }


def _runs(work: Work, row: Any) -> Any:
    """A paused one is shown as if it were resumed today, as its own preview shows it."""
    return runs_from(row, work.today if row.state == RecurringState.PAUSED else row.next_run_on)


def _affected(row: Any, run: date, before: _Sum, after: _Sum) -> Affected:
    return Affected(
        row.id,
        row.customer_id,
        row.customer_name,
        row.product_name,
        row.state == RecurringState.PAUSED,
        run,
        period_of(run),
        before[0],
        after[0],
        after[1] or before[1],
    )


def _sums(invoices: Sequence[Affected]) -> list[tuple[Money, Money]]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in invoices:
        for side, money in enumerate((one.before, one.after)):
            if money is not None:
                sums[money.currency][side] += money.minor
    return [(Money(before, code), Money(after, code)) for code, (before, after) in sorted(sums.items())]


@asynccontextmanager
async def _tried(work: Work) -> AsyncIterator[None]:
    """What is done inside is taken back: its rows, its locks, and what would follow from its events."""
    known = len(work.happened)
    savepoint = await work.db.begin_nested()
    try:
        yield
    finally:
        await savepoint.rollback()
        del work.happened[known:]
