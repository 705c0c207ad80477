"""Customers' prices: one after the other, the day before, at and after; and what was billed stays."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bursar.billing.billed import billed_through
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.invoices import Draft, create_draft
from bursar.catalog.prices import (
    add_price,
    add_prices,
    edit_price,
    end_price,
    get_price,
    list_prices,
    plan_prices,
    prices_on,
    remove_price,
    stamp_used,
)
from bursar.catalog.tables import customer_prices
from bursar.core.errors import Conflict, NotAllowed, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import a_line, statements
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


async def test_an_end_is_set_moved_and_taken_back(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    price = (await priced(work, customer, product, "2026-12-01")).price_id

    for end in ("2027-01-01", "2027-02-01", None):
        await end_price(work, price, DAY(end) if end else None, billed=billed_through)
        assert (await get_price(work, price)).effective_to == (DAY(end) if end else None)
    await end_price(work, price, None, billed=billed_through)

    assert await events_of(work, price) == ["customer_price.add", *["customer_price.end"] * 3]


async def test_an_end_cannot_reach_into_the_next_price_or_before_the_first_day(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    price = (await priced(work, customer, product, "2026-12-01", end="2027-01-01")).price_id
    await priced(work, customer, product, "2027-02-01", 1_00)

    for end, code in (
        ("2027-02-02", "price_overlap"),
        ("2026-12-01", "end_before_start"),
        ("2026-11-01", "end_before_start"),
    ):
        with pytest.raises(Refusal) as refused:
            await end_price(work, price, DAY(end), billed=billed_through)
        assert refused.value.code == code
    await end_price(work, price, None, billed=billed_through)

    assert (await get_price(work, price)).effective_to == DAY("2027-02-01")


async def test_an_end_in_the_past_has_to_be_meant_and_never_lies_in_billed_days(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    price = (await priced(work, customer, product, "2026-01-01")).price_id
    with pytest.raises(Refusal) as refused:
        await end_price(work, price, DAY("2026-11-17"), billed=billed_through)
    assert refused.value.code == "price_backdated"
    await end_price(work, price, DAY("2026-11-17"), billed=billed_through, backdated=True)
    await end_price(work, price, None, billed=billed_through, backdated=True)
    await billed(work, customer, product, "2026-11-01", "2026-11-30")

    with pytest.raises(Conflict) as refused:
        await end_price(work, price, DAY("2026-11-30"), billed=billed_through, backdated=True)
    assert refused.value.code == "price_already_billed"
    await end_price(work, price, DAY("2026-12-01"), billed=billed_through)


async def test_a_price_nothing_was_billed_by_is_corrected_or_taken_back(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work, minor=200_00)
    first = (await priced(work, customer, product, "2026-12-01", 190_00)).price_id
    second = (await priced(work, customer, product, "2027-01-01", 180_00)).price_id

    await edit_price(work, second, Money(170_00, "AED"), billed=billed_through)
    assert await paid_on(work, customer, product, "2027-01-01") == [170_00]
    await remove_price(work, second, billed=billed_through)

    assert await ranges(work, customer, product) == [("2026-12-01", None, 190_00)]
    assert await events_of(work, second) == [
        "customer_price.add",
        "customer_price.edit",
        "customer_price.remove",
    ]
    assert (await events_of(work, first))[-1] == "customer_price.end"


async def test_a_used_price_keeps_its_past(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    price = (await priced(work, customer, product, "2026-11-01")).price_id
    await stamp_used(work, [price])
    await stamp_used(work, [price])
    assert (await get_price(work, price)).used == work.now

    for act in (
        edit_price(work, price, Money(1_00, "AED"), billed=billed_through),
        remove_price(work, price, billed=billed_through),
    ):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.code == "price_used"
    await end_price(work, price, DAY("2027-01-01"), billed=billed_through)


@pytest.mark.parametrize(
    "change",
    [
        {"unit_price_minor": 1},
        {"currency": "USD"},
        {"effective_from": date(2026, 10, 1)},
        {"first_used_at": None},
    ],
)
async def test_the_database_itself_refuses_to_rewrite_a_used_price(
    work: Work, change: dict[str, Any]
) -> None:
    price = (await priced(work, await a_customer(work), await a_product(work), "2026-11-01")).price_id
    await stamp_used(work, [price])
    row = (customer_prices.c.tenant_id == work.tenant_id) & (customer_prices.c.id == price)

    with pytest.raises(IntegrityError, match="only its end may change"):
        async with work.db.begin_nested():
            await work.db.execute(sa.update(customer_prices).where(row).values(**change))
    with pytest.raises(IntegrityError, match="it stays"):
        async with work.db.begin_nested():
            await work.db.execute(sa.delete(customer_prices).where(row))


async def test_the_database_itself_refuses_an_overlap(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    await priced(work, customer, product, "2026-12-01")
    row = {"tenant_id": work.tenant_id, "customer_id": customer, "product_id": product}
    amount = {"unit_price_minor": 1, "currency": "AED", "effective_from": date(2027, 1, 1)}

    with pytest.raises(IntegrityError, match="two prices would hold"):
        async with work.db.begin_nested():
            await work.db.execute(sa.insert(customer_prices).values(**row, **amount))


async def test_a_price_on_which_a_draft_stands_is_not_taken_back(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer, product = await a_customer(work), await a_product(work)
        price = (await priced(work, customer, product, "2026-12-01")).price_id
        line = a_line(product_id=product, customer_price_id=price)
        await create_draft(work, Draft(customer_id=customer, lines=[line], currency="AED"))

    with pytest.raises(Conflict) as refused:
        async with office.work(tenant) as work:
            await remove_price(work, price, billed=billed_through)

    assert refused.value.code == "price_on_draft"


async def test_an_edit_is_held_to_the_same_rules(work: Work) -> None:
    customer, product = await a_customer(work), await a_product(work)
    price = (await priced(work, customer, product, "2026-11-10")).price_id
    for given, code in ((Money(0, "AED"), "price_not_positive"), (Money(1, "USD"), "price_other_currency")):
        with pytest.raises(Refusal) as refused:
            await edit_price(work, price, given, billed=billed_through)
        assert refused.value.code == code
    await billed(work, customer, product, "2026-11-01", "2026-11-30")

    with pytest.raises(Conflict) as refused:
        await edit_price(work, price, Money(1_00, "AED"), billed=billed_through)
    assert refused.value.code == "price_already_billed"


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
