"""Months that are charged by the day (R87): a start or an end within one, a price that changes within it."""

from datetime import date
from decimal import Decimal

import pytest

from bursar.billing.states import Proration
from bursar.core.work import Work
from tests.makers.recurring import a_price, a_product, a_recurring, lines_of, made_of, run_once, the_recurring
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def test_a_start_within_the_month_is_charged_by_the_day(work: Work) -> None:
    """R87: 10 x 190.00 from 16 November is 15 of 30 days, 950.00 and tax 47.50."""
    recurring = await a_recurring(
        work, start_date=date(2026, 11, 16), day_of_month=18, quantity=Decimal(10), proration=Proration.DAILY
    )

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    assert (made.subtotal_minor, made.tax_minor, made.total_minor) == (950_00, 47_50, 997_50)
    [line] = await lines_of(work, made.id)
    assert (line.quantity, line.unit_price_minor, line.discount_minor) == (10, 190_00, 950_00)
    assert (line.service_from, line.service_to) == (date(2026, 11, 16), date(2026, 11, 30))


async def test_a_start_in_february_is_charged_by_its_twenty_eight_days(work: Work) -> None:
    recurring = await a_recurring(
        work, start_date=date(2027, 2, 15), day_of_month=28, proration=Proration.DAILY
    )

    await run_once(work, recurring, as_of=date(2027, 2, 28))

    assert [made.subtotal_minor for made in await made_of(work, recurring)] == [95_00]


async def test_an_end_within_the_month_is_charged_up_to_it(work: Work) -> None:
    recurring = await a_recurring(
        work, day_of_month=5, end_date=date(2026, 11, 10), proration=Proration.DAILY
    )

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    [line] = await lines_of(work, made.id)
    assert (line.net_minor, line.service_to) == (63_33, date(2026, 11, 10))


async def test_a_price_that_changes_within_a_month_by_the_day_makes_two_lines(work: Work) -> None:
    product, customer = await a_product(work), await a_customer(work)
    before = await a_price(work, customer, product, 190_00, effective_to=date(2026, 11, 16))
    after = await a_price(work, customer, product, 200_00, effective_from=date(2026, 11, 16))
    recurring = await a_recurring(
        work, customer_id=customer, product_id=product, quantity=Decimal(10), proration=Proration.DAILY
    )

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    lines = await lines_of(work, made.id)
    assert [(one.customer_price_id, one.unit_price_minor, one.net_minor) for one in lines] == [
        (before, 190_00, 950_00),
        (after, 200_00, 1_000_00),
    ]
    assert [(one.service_from.day, one.service_to.day) for one in lines] == [(1, 15), (16, 30)]
    assert made.subtotal_minor == 1_950_00


async def test_days_without_a_price_of_their_own_cost_the_products_and_equal_neighbours_are_one_line(
    work: Work,
) -> None:
    product, customer = await a_product(work, 190_00), await a_customer(work)
    for first, last, minor in ((5, 10, 100_00), (10, 20, 100_00), (20, 25, 190_00)):
        days = {"effective_from": date(2026, 11, first), "effective_to": date(2026, 11, last)}
        await a_price(work, customer, product, minor, **days)
    recurring = await a_recurring(work, customer_id=customer, product_id=product, proration=Proration.DAILY)

    await run_once(work, recurring)

    [made] = await made_of(work, recurring)
    lines = await lines_of(work, made.id)
    assert [(one.service_from.day, one.service_to.day, one.unit_price_minor) for one in lines] == [
        (1, 4, 190_00),
        (5, 19, 100_00),
        (20, 30, 190_00),
    ]


async def test_a_day_without_any_price_refuses_the_whole_month(work: Work) -> None:
    product, customer = await a_product(work, None), await a_customer(work)
    await a_price(work, customer, product, 100_00, effective_to=date(2026, 11, 30))
    recurring = await a_recurring(work, customer_id=customer, product_id=product, proration=Proration.DAILY)

    assert (await run_once(work, recurring)).refused == 1
    assert (await the_recurring(work, recurring)).refusal == "no_price"
