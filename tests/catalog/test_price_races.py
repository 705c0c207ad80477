"""Several who change one customer's prices at the same time: one after the other, and no day has two."""

import itertools
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest

from bursar.billing.billed import billed_through
from bursar.catalog.prices import edit_price, end_price, remove_price
from bursar.core.errors import Refusal
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.catalog import a_product, priced, ranges
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio
FIRST = date(2026, 12, 1)


async def at_once(office: Office, tenant: UUID, *acts: Any) -> list[str]:
    """Each act in a Work and on a connection of its own; how each ended."""
    outcomes: list[str] = []

    async def run(act: Any) -> None:
        try:
            async with office.work(tenant) as work:
                await act(work)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    async with anyio.create_task_group() as group:
        for act in acts:
            group.start_soon(run, act)
    return sorted(outcomes)


def adding(customer: UUID, product: UUID, start: date, minor: int) -> Any:
    return lambda work: priced(work, customer, product, start.isoformat(), minor)


async def a_pair(work: Work) -> tuple[UUID, UUID]:
    return await a_customer(work), await a_product(work)


@pytest.mark.parametrize("many", [2, 10])
async def test_prices_from_different_days_stand_one_after_the_other_whoever_was_first(
    office: Office, many: int
) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer, product = await a_pair(work)
        days = [FIRST + timedelta(days=7 * at) for at in range(many)]

        outcomes = await at_once(
            office,
            tenant,
            *(adding(customer, product, day, at + 1) for at, day in reversed(list(enumerate(days)))),
        )

        assert outcomes == ["done"] * many
        async with office.work(tenant) as work:
            ends = [*(day.isoformat() for day in days[1:]), None]
            assert await ranges(work, customer, product) == [
                (day.isoformat(), end, at + 1) for at, (day, end) in enumerate(zip(days, ends, strict=True))
            ]


@pytest.mark.parametrize("many", [2, 10])
async def test_of_prices_from_the_same_day_one_wins(office: Office, many: int) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer, product = await a_pair(work)

        outcomes = await at_once(
            office, tenant, *(adding(customer, product, FIRST, minor) for minor in range(1, many + 1))
        )

        assert outcomes == ["done", *["price_there"] * (many - 1)]
        async with office.work(tenant) as work:
            assert len(await ranges(work, customer, product)) == 1


async def test_the_same_price_added_ten_times_at_once_is_one(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer, product = await a_pair(work)

    assert await at_once(office, tenant, *[adding(customer, product, FIRST, 5)] * 10) == ["done"] * 10

    async with office.work(tenant) as work:
        assert await ranges(work, customer, product) == [("2026-12-01", None, 5)]


async def test_adding_ending_correcting_and_taking_back_at_once_leave_no_day_with_two(
    office: Office,
) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer, product = await a_pair(work)
            price = (await priced(work, customer, product, FIRST.isoformat(), 5)).price_id

        await at_once(
            office,
            tenant,
            adding(customer, product, FIRST + timedelta(days=31), 6),
            lambda work, price=price: end_price(
                work, price, FIRST + timedelta(days=60), billed=billed_through
            ),
            lambda work, price=price: edit_price(work, price, Money(7, "AED"), billed=billed_through),
            lambda work, price=price: remove_price(work, price, billed=billed_through),
            adding(customer, product, FIRST + timedelta(days=10), 8),
        )

        async with office.work(tenant) as work:
            found = await ranges(work, customer, product)
        for (_, end, _minor), (start, _end, _next) in itertools.pairwise(found):
            assert end is not None
            assert end <= start
