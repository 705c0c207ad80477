"""Customers' prices: one after the other, the day before, at and after; and what was billed stays."""

from datetime import date
from typing import Any

import pytest

from bursar.billing.billed import billed_through
from bursar.billing.credit_notes import cancel_invoice
from bursar.catalog.prices import (
    add_price,
    add_prices,
    edit_price,
    end_price,
    list_prices,
    plan_prices,
    prices_on,
    remove_price,
)
from bursar.core.errors import Conflict, NotAllowed, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import statements
from tests.makers.catalog import a_price, a_product, billed, priced, ranges
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of, personal_of

pytestmark = pytest.mark.anyio
DAY = date.fromisoformat


async def paid_on(work: Work, customer: Any, product: Any, *days: str) -> list[int | None]:
    found = [await prices_on(work, [(customer, product)], DAY(day)) for day in days]
    return [one[customer, product].price.minor if one else None for one in found]


async def test_a_later_price_closes_the_one_before_on_its_first_day(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work, minor=200_00)
    first = await priced(work, customer, product, "2026-12-01", 190_00)

    second = await priced(work, customer, product, "2027-03-01", 180_00)

    assert second.closed == first.price_id
    assert await ranges(work, customer, product) == [
        ("2026-12-01", "2027-03-01", 190_00),
        ("2027-03-01", None, 180_00),
    ]
    days = ("2026-11-30", "2026-12-01", "2027-02-28", "2027-03-01", "2027-03-02")
    assert await paid_on(work, customer, product, *days) == [200_00, 190_00, 190_00, 180_00, 180_00]
    assert await events_of(work, first.price_id) == ["customer_price.add", "customer_price.end"]
    changes, _ = await personal_of(work, first.price_id, "customer_price.end")
    assert changes == {"before": {"effective_to": None}, "after": {"effective_to": "2027-03-01"}}


async def test_a_price_that_begins_before_a_later_one_ends_where_that_begins(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await priced(work, customer, product, "2027-03-01", 180_00)

    await priced(work, customer, product, "2026-12-01", 190_00)

    assert await ranges(work, customer, product) == [
        ("2026-12-01", "2027-03-01", 190_00),
        ("2027-03-01", None, 180_00),
    ]


async def test_ranges_may_touch_and_in_a_gap_the_products_own_price_holds(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work, minor=None)
    await priced(work, customer, product, "2026-12-01", 1_00, end="2027-01-01")
    await priced(work, customer, product, "2027-01-01", 2_00, end="2027-02-01")
    await priced(work, customer, product, "2027-03-01", 3_00)

    days = ("2026-12-31", "2027-01-01", "2027-01-31", "2027-02-01", "2027-02-28", "2027-03-01")
    assert await paid_on(work, customer, product, *days) == [1_00, 2_00, 2_00, None, None, 3_00]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"start": "2026-12-01", "minor": 7_00}, "price_there", "effective_from"),
        ({"start": "2026-11-20", "end": "2026-12-02"}, "price_overlap", "effective_to"),
        ({"start": "2026-12-10", "end": "2026-12-20"}, "price_overlap", "effective_to"),
        ({"start": "2026-11-20", "end": "2026-11-20"}, "end_before_start", "effective_to"),
        ({"start": "2026-11-20", "end": "2026-11-19"}, "end_before_start", "effective_to"),
        ({"start": "2026-11-17", "backdated": False}, "price_backdated", "effective_from"),
        ({"start": "2026-11-20", "minor": 0}, "price_not_positive", "unit_price"),
        ({"start": "2026-11-20", "minor": -1}, "price_not_positive", "unit_price"),
        ({"start": "2026-11-20", "currency": "USD"}, "price_other_currency", "currency"),
    ],
)
async def test_what_cannot_be_a_price_is_refused_and_nothing_is_written(
    work: Work, given: dict[str, Any], code: str, field: str
) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await priced(work, customer, product, "2026-12-01", 190_00, end="2027-01-01")
    start = given.pop("start")

    with pytest.raises(Refusal) as refused:
        await priced(work, customer, product, start, **given)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert await ranges(work, customer, product) == [("2026-12-01", "2027-01-01", 190_00)]


async def test_what_is_seldom_meant_is_taken_when_it_is_said(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)

    await priced(work, customer, product, "2026-01-01", 50_00, currency="USD", other_currency=True)

    assert (await prices_on(work, [(customer, product)], DAY("2026-11-01")))[
        customer, product
    ].price == Money(50_00, "USD")


async def test_the_same_price_twice_is_one_and_tells_nobody(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    first = await priced(work, customer, product, "2026-12-01", 190_00)

    again = await priced(work, customer, product, "2026-12-01", 190_00)

    assert (again.price_id, again.same) == (first.price_id, True)
    assert await events_of(work, first.price_id) == ["customer_price.add"]


async def test_a_price_cannot_begin_in_days_that_were_billed(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    invoice = await billed(work, customer, product, "2026-11-01", "2026-11-30")

    with pytest.raises(Conflict) as refused:
        await priced(work, customer, product, "2026-11-30")
    assert (refused.value.code, refused.value.field) == ("price_already_billed", "effective_from")
    assert "2026-11-30" in str(refused.value)
    await priced(work, customer, product, "2026-12-01")

    await cancel_invoice(work, invoice, because="duplicate")
    await priced(work, customer, product, "2026-11-30")


async def test_what_another_customer_or_product_was_billed_stops_nobody(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await billed(work, await a_customer(work), product, "2026-11-01", "2026-11-30")
    await billed(work, customer, await a_product(work), "2026-11-01", "2026-11-30")

    await priced(work, customer, product, "2026-11-01")


async def test_a_set_of_prices_is_entered_in_order_and_each_is_answered(work: Work) -> None:
    customer, other, product = await a_customer(work), await a_customer(work), await a_product(work)
    given = [
        a_price(customer, product, "2026-12-01", 1_00),
        a_price(customer, product, "2027-01-01", 2_00),
        a_price(customer, product, "2027-01-01", 3_00),
        a_price(other, product, "2026-12-01", 0),
        a_price(other, product, "2026-12-01", 4_00),
    ]

    planned = await plan_prices(work, given, billed=billed_through)
    assert await ranges(work, customer, product) == []
    with statements(work) as sent:
        answers = await add_prices(work, given, billed=billed_through)

    codes = [answer.code if isinstance(answer, Refusal) else "added" for answer in answers]
    assert codes == [answer.code if isinstance(answer, Refusal) else "added" for answer in planned]
    assert codes == ["added", "added", "price_there", "price_not_positive", "added"]
    assert await ranges(work, customer, product) == [
        ("2026-12-01", "2027-01-01", 1_00),
        ("2027-01-01", None, 2_00),
    ]
    assert len(sent) <= 7, sent


async def test_a_hundred_prices_cost_as_many_statements_as_one(work: Work) -> None:
    product = await a_product(work)
    customers = [await a_customer(work) for _ in range(100)]

    with statements(work) as sent:
        await add_prices(
            work, [a_price(customer, product, "2026-12-01") for customer in customers], billed=billed_through
        )

    assert len(sent) <= 7, sent


async def test_a_list_is_narrowed_by_customer_product_day_and_name(work: Work) -> None:
    noor, blue = await a_customer(work, company_name="Atelier Noor"), await a_customer(work)
    product, other = await a_product(work), await a_product(work)
    for start, minor in (("2026-01-01", 1_00), ("2026-06-01", 2_00), ("2027-01-01", 3_00)):
        await priced(work, noor, product, start, minor)
    await priced(work, blue, other, "2026-01-01")

    async def minors(**wanted: Any) -> list[int]:
        return [one.unit_price.minor for one in (await list_prices(work, **wanted)).rows]

    assert await minors(customer_id=noor) == [3_00, 2_00, 1_00]
    assert await minors(customer_id=noor, on=work.today) == [2_00]
    assert await minors(product_id=other) == [190_00]
    assert await minors(text="atelier", on=DAY("2026-05-31")) == [1_00]
    first = await list_prices(work, limit=3)
    assert [one.id for one in (await list_prices(work, cursor=first.next)).rows] == [
        one.id for one in (await list_prices(work)).rows
    ][3:]


async def test_a_viewer_changes_nothing_and_another_firm_finds_nothing(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        customer, product = await a_customer(work), await a_product(work)
        price = (await priced(work, customer, product, "2026-12-01")).price_id
    for tenant, actor, expected in (
        (ours, acting(AgentRole.VIEWER), NotAllowed),
        (theirs, acting(AgentRole.OWNER), NotFound),
    ):
        async with office.work(tenant, actor=actor) as work:
            for act in (
                add_price(work, a_price(customer, product, "2027-01-01"), billed=billed_through),
                end_price(work, price, DAY("2027-01-01"), billed=billed_through),
                edit_price(work, price, Money(1, "AED"), billed=billed_through),
                remove_price(work, price, billed=billed_through),
            ):
                with pytest.raises(expected):
                    await act
    async with office.work(theirs) as work:
        assert (await list_prices(work)).rows == []
        assert await prices_on(work, [(customer, product)], DAY("2026-12-01")) == {}
        mine = await a_product(work)
        with pytest.raises(NotFound):
            await priced(work, customer, mine, "2026-12-01")
