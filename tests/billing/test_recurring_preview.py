"""The months to come, shown as they will be billed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.planning import pause_recurring
from bursar.billing.recurring.previewing import preview_plan, preview_recurring
from bursar.billing.states import Proration, QuantitySource
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.recurring import (
    a_plan,
    a_price,
    a_product,
    a_recurring,
    lines_of,
    made_of,
    run_once,
    some_units,
)
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def test_what_is_shown_is_what_is_billed(work: Work) -> None:
    """Twelve months over changes of price within and at the edge of months, units that come and go, an end."""
    product, customer = await a_product(work, 190_00), await a_customer(work)
    for begins, ends, minor in (
        (date(2026, 12, 1), date(2027, 1, 16), 170_00),
        (date(2027, 1, 16), date(2027, 2, 1), 180_00),
        (date(2027, 6, 10), None, 201_77),
    ):
        await a_price(work, customer, product, minor, effective_from=begins, effective_to=ends)
    await some_units(work, customer, product, 3)
    await some_units(work, customer, product, 1, active_from=date(2027, 3, 5), active_to=date(2027, 5, 5))
    recurring = await a_recurring(
        work,
        customer_id=customer,
        product_id=product,
        day_of_month=5,
        start_date=date(2026, 11, 3),
        end_date=date(2027, 9, 10),
        quantity_source=QuantitySource.UNITS,
        proration=Proration.DAILY,
    )

    shown = await preview_recurring(work, recurring)
    while (await run_once(work, recurring, as_of=date(2028, 1, 1))).drafted:
        pass

    made = await made_of(work, recurring)
    assert [
        (one.period, one.subtotal and one.subtotal.minor, one.total and one.total.minor) for one in shown
    ] == [(one.period, one.subtotal_minor, one.total_minor) for one in made]
    assert len(made) == 11
    for upcoming, invoice in zip(shown, made, strict=True):
        lines = await lines_of(work, invoice.id)
        assert [
            (line.service_from, line.service_to, line.unit_price_minor, line.net_minor) for line in lines
        ] == [
            (one.service_from, one.service_to, one.unit_price.minor, one.net.minor)
            for one in upcoming.stretches
            if one.unit_price and one.net
        ]
        assert {line.quantity for line in lines} == {upcoming.quantity}
    assert [[one.source for one in month.stretches] for month in shown[:4]] == [
        ["product"],
        ["customer"],
        ["customer", "customer"],
        ["product"],
    ]


async def test_a_change_of_price_shows_from_the_month_that_begins_with_it(work: Work) -> None:
    product, customer = await a_product(work, 190_00), await a_customer(work)
    await a_price(work, customer, product, 210_00, effective_from=date(2027, 1, 2))
    recurring = await a_recurring(work, customer_id=customer, product_id=product)

    shown = await preview_recurring(work, recurring, months=4)

    assert [(one.period, one.subtotal, one.stretches[0].source) for one in shown] == [
        ("2026-11", Money(190_00, "AED"), "product"),
        ("2026-12", Money(190_00, "AED"), "product"),
        ("2027-01", Money(190_00, "AED"), "product"),
        ("2027-02", Money(210_00, "AED"), "customer"),
    ]


async def test_a_month_without_a_price_or_without_units_says_so(work: Work) -> None:
    product, customer = await a_product(work, None), await a_customer(work)
    await a_price(work, customer, product, 50_00, effective_from=date(2026, 12, 1))
    await some_units(work, customer, product, 1, active_to=date(2027, 1, 1))
    recurring = await a_recurring(
        work, customer_id=customer, product_id=product, quantity_source=QuantitySource.UNITS
    )

    shown = await preview_recurring(work, recurring, months=3)

    assert [(one.verdict, one.total) for one in shown] == [
        ("no_price", None),
        (None, Money(52_50, "AED")),
        ("no_units", Money(0, "AED")),
    ]


async def test_what_nobody_has_made_yet_is_shown_and_nothing_is_written(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        plan = await a_plan(work, day_of_month=20, start_date=date(2026, 11, 16), proration=Proration.DAILY)
    async with office.work(tenant, read_only=True) as work:
        shown = await preview_plan(work, plan)
        assert len(shown) == 12
        assert shown[0].subtotal == Money(95_00, "AED")
        assert shown[0].run_on == date(2026, 11, 20)
        with pytest.raises(NotFound):
            await preview_plan(work, replace(plan, product_id=plan.customer_id))
        with pytest.raises(NotFound):
            await preview_plan(work, replace(plan, customer_id=plan.product_id))


async def test_a_paused_one_is_shown_as_if_it_went_on_today_and_an_ended_one_has_no_future(
    work: Work,
) -> None:
    recurring = await a_recurring(work, start_date=date(2026, 8, 1), day_of_month=20, quantity=Decimal(2))
    assert [one.period for one in await preview_recurring(work, recurring, months=2)] == [
        "2026-08",
        "2026-09",
    ]
    await pause_recurring(work, recurring)
    assert [one.period for one in await preview_recurring(work, recurring, months=2)] == [
        "2026-11",
        "2026-12",
    ]
    await end_recurring(work, recurring)
    assert await preview_recurring(work, recurring) == []
