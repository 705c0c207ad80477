"""The months to come of a recurring invoice, priced as a run will price them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import recurring as rows
from bursar.billing.queries import recurring_prices as queries
from bursar.billing.recurring import schedule
from bursar.billing.recurring.planning import runs_from
from bursar.billing.recurring.plans import Plan, check_days, check_quantity
from bursar.billing.recurring.showing import get_recurring
from bursar.billing.states import RecurringState
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Stretch:
    """A line to come: these days at this price. `source` is override, customer or product; none without a price."""

    service_from: date
    service_to: date
    unit_price: Money | None
    source: str | None
    net: Money | None


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One month to come. `verdict` says why nothing would be billed, as a refusal of a run does; none if it would."""

    run_on: date
    period: str
    quantity: Decimal
    stretches: tuple[Stretch, ...]
    subtotal: Money | None
    tax: Money | None
    total: Money | None
    verdict: str | None


async def preview_recurring(work: Work, recurring_id: UUID, *, months: int = MONTHS) -> list[Upcoming]:
    """Its next months: what is due and was not billed first. Raises `NotFound`.

    A paused one is shown as if it were resumed today; one that has ended has none.
    """
    found = await get_recurring(work, recurring_id)
    if found.state is RecurringState.ENDED or found.next_run_on is None:
        return []
    since = work.today if found.state is RecurringState.PAUSED else found.next_run_on
    return await _priced(work, found.plan(), found.currency, islice(runs_from(found, since), months))


async def preview_plan(
    work: Work, plan: Plan, *, since: date | None = None, months: int = MONTHS
) -> list[Upcoming]:
    """The first months of an agreement as somebody types it; `since` is the next run of one that goes on.

    Raises `Invalid` for days that cannot be, `NotFound` for its product or customer.
    """
    check_days(plan)
    check_quantity(plan)
    product = (await work.db.execute(rows.of_product(work, plan.product_id))).one_or_none()
    if product is None:
        raise NotFound("product")
    if not (await work.db.execute(rows.of_customer(work, plan.customer_id))).first():
        raise NotFound("customer")
    first = since.replace(day=1) if since else plan.start_date
    runs = schedule.next_runs(plan.day_of_month, plan.start_date, plan.end_date, first)
    return await _priced(work, plan, plan.currency or product.currency, islice(runs, months))


async def _priced(work: Work, plan: Plan, currency: str, runs: Iterable[date]) -> list[Upcoming]:
    values: dict[str, Any] = {
        "customer_id": plan.customer_id,
        "product_id": plan.product_id,
        "start_date": plan.start_date,
        "end_date": plan.end_date,
        "unit_price_minor": plan.unit_price.minor if plan.unit_price else None,
        "currency": currency,
        "quantity_source": plan.quantity_source,
        "quantity": plan.quantity,
        "proration": plan.proration,
    }
    lines = (await work.db.execute(queries.preview(work, [*runs], values))).all()
    return [
        _upcoming(run_on, list(of_run), currency)
        for run_on, of_run in groupby(lines, lambda line: line.run_on)
    ]


def _upcoming(run_on: date, lines: list[sa.Row[Any]], currency: str) -> Upcoming:
    first = lines[0]
    # A suspended customer's months still have a price worth showing; a month without one has no sum.
    summed = first.subtotal is not None and first.verdict not in (
        "no_price",
        "mixed_currencies",
        "amount_too_large",
    )
    stretches = tuple(
        Stretch(
            line.service_from,
            line.service_to,
            None if line.price is None else Money(line.price, currency),
            line.price_source,
            Money(int(line.net), currency) if summed else None,
        )
        for line in lines
    )
    subtotal, tax = (first.subtotal, first.total_tax) if summed else (None, None)
    return Upcoming(
        run_on,
        schedule.period_of(run_on),
        first.units,
        stretches,
        _money(subtotal, currency),
        _money(tax, currency),
        _money(None if subtotal is None or tax is None else subtotal + tax, currency),
        first.verdict,
    )


def _money(minor: Decimal | None, currency: str) -> Money | None:
    return None if minor is None else Money(int(minor), currency)
