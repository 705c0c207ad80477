"""What a change of prices will change: exactly the invoices to come that would be others."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.billing.billed import billed_through
from bursar.billing.price_changes import effect_of, preview_change
from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.planning import create_recurring, pause_recurring
from bursar.billing.recurring.previewing import preview_recurring
from bursar.billing.states import Proration, QuantitySource
from bursar.catalog.price_changes import Change, Way, apply_change, plan_change
from bursar.catalog.prices import list_prices
from bursar.core.errors import NotAllowed
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import aed, footprint
from tests.makers.catalog import a_price, a_product, priced
from tests.makers.recurring import a_plan, some_units
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio
MARCH = date(2027, 3, 1)


async def agreed(work: Work, **given: Any) -> Any:
    return await create_recurring(work, await a_plan(work, **given))


async def test_every_month_from_the_change_on_is_shown_before_and_after_and_no_other(work: Work) -> None:
    customer, product = await a_customer(work, company_name="Amal"), await a_product(work)
    await priced(work, customer, product, "2026-01-01", 190_00)
    recurring = await agreed(work, customer_id=customer, product_id=product, quantity=Decimal(10))

    preview = await preview_change(work, Change(product, MARCH, Way.RAISE_BY_PERCENT, percent=Decimal(10)))

    shown = preview.effect.invoices
    assert [one.period for one in shown] == [
        *(f"2027-{month:02}" for month in range(3, 11)),
    ]
    assert {(one.recurring_id, one.customer_name, one.before, one.after) for one in shown} == {
        (recurring, "Amal", aed(1_900_00), aed(2_090_00))
    }
    assert preview.effect.sums == [(aed(8 * 1_900_00), aed(8 * 2_090_00))]
    assert preview.effect.agreements == 1


async def test_what_is_shown_is_what_the_agreement_itself_previews_once_the_change_is_made(
    work: Work,
) -> None:
    product = await a_product(work)
    made = []
    for proration, start, source in (
        (Proration.NONE, date(2026, 11, 1), QuantitySource.FIXED),
        (Proration.DAILY, date(2026, 11, 16), QuantitySource.FIXED),
        (Proration.DAILY, date(2026, 11, 1), QuantitySource.UNITS),
    ):
        customer = await a_customer(work)
        await priced(work, customer, product, "2026-01-01", 190_05)
        await some_units(work, customer, product, 3)
        given = {} if source is QuantitySource.UNITS else {"quantity": Decimal(7)}
        made.append(
            await agreed(
                work,
                customer_id=customer,
                product_id=product,
                proration=proration,
                start_date=start,
                quantity_source=source,
                day_of_month=20,
                **given,
            )
        )
    change = Change(product, date(2027, 1, 13), Way.RAISE_BY_PERCENT, percent=Decimal("7.3"))

    shown = (await preview_change(work, change)).effect.invoices
    before = {one: await preview_recurring(work, one) for one in made}
    await apply_change(work, change, billed=billed_through)
    after = {one: await preview_recurring(work, one) for one in made}

    expected = [
        (one, then.run_on, then.subtotal, now.subtotal)
        for one in made
        for then, now in zip(before[one], after[one], strict=True)
        if then.subtotal != now.subtotal
    ]
    assert sorted((one.recurring_id, one.run_on, one.before, one.after) for one in shown) == sorted(expected)
    assert expected


async def test_an_agreement_with_a_price_of_its_own_is_not_touched_nor_one_that_ended(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await agreed(work, customer_id=customer, product_id=product, unit_price=aed(5_00))
    ended = await agreed(work, customer_id=customer, product_id=product)
    await end_recurring(work, ended)
    await agreed(work, customer_id=await a_customer(work), product_id=product)
    await agreed(work, customer_id=customer, product_id=await a_product(work))

    effect = await effect_of(work, [a_price(customer, product, "2027-03-01", 1_00)])

    assert (effect.invoices, effect.sums, effect.agreements) == ([], [], 0)


async def test_a_paused_agreement_is_shown_as_if_it_were_resumed(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    paused = await agreed(work, customer_id=customer, product_id=product)
    await pause_recurring(work, paused)

    effect = await effect_of(work, [a_price(customer, product, "2027-03-01", 1_00)], months=4)

    assert [(one.period, one.paused) for one in effect.invoices] == [("2027-03", True)]


async def test_a_month_that_had_no_price_and_gets_one_is_shown_too(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work, minor=None)
    await priced(work, customer, product, "2026-01-01", 1_00, end="2027-01-01")
    await agreed(work, customer_id=customer, product_id=product)

    effect = await effect_of(work, [a_price(customer, product, "2027-01-01", 2_00)], months=3)

    assert [(one.period, one.before, one.after, one.verdict) for one in effect.invoices] == [
        ("2027-01", None, aed(2_00), "no_price")
    ]


async def test_a_price_in_another_currency_stops_the_months_it_would_price(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await agreed(work, customer_id=customer, product_id=product)
    dollars = a_price(customer, product, "2027-01-01", 2_00, currency="USD", other_currency=True)

    effect = await effect_of(work, [dollars], months=3)

    assert [(one.before, one.after, one.verdict) for one in effect.invoices] == [
        (aed(200_00), None, "mixed_currencies")
    ]


async def test_looking_writes_nothing_and_tells_nobody(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await priced(work, customer, product, "2026-01-01")
    await agreed(work, customer_id=customer, product_id=product)
    before, known = await footprint(work), list(work.happened)

    preview = await preview_change(work, Change(product, MARCH, Way.SET, aed(1_00)))

    assert preview.effect.invoices
    assert (await footprint(work), work.happened) == (before, known)
    assert [one.effective_to for one in (await list_prices(work)).rows] == [None]


async def test_currencies_are_summed_apart(work: Work) -> None:
    dirhams, dollars = await a_product(work), await a_product(work, currency="USD", minor=10_00)
    customer = await a_customer(work)
    for product in (dirhams, dollars):
        await agreed(work, customer_id=customer, product_id=product)
    start = (MARCH - timedelta(days=28)).isoformat()

    effect = await effect_of(
        work,
        [a_price(customer, dirhams, start, 1_00), a_price(customer, dollars, start, 2_00, currency="USD")],
        months=4,
    )

    assert effect.sums == [
        (aed(200_00), aed(1_00)),
        (Money(10_00, "USD"), Money(2_00, "USD")),
    ]


async def test_a_viewer_and_another_firm_preview_nothing(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer, product = await a_customer(work), await a_product(work)
        await agreed(work, customer_id=customer, product_id=product)
    async with office.work(tenant, actor=acting(AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            await preview_change(work, Change(product, MARCH, Way.SET, aed(1_00)))
    async with office.work(await a_tenant(office)) as work:
        assert (await effect_of(work, [a_price(customer, product, "2027-03-01")])).invoices == []
        mine = await a_product(work)
        assert await plan_change(work, Change(mine, MARCH, Way.SET, aed(1)), billed=billed_through) == []
