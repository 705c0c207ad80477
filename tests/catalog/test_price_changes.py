"""One change for many customers: whom it is about, from what to what, once however often it is made."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import anyio
import pytest

from bursar.billing.billed import billed_through
from bursar.catalog.price_changes import Change, Changed, Way, Whose, apply_change, mark_of, plan_change
from bursar.catalog.products import archive_product
from bursar.core.errors import NotAllowed, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import aed, statements
from tests.makers.catalog import a_product, billed, priced, ranges
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio
JANUARY = date(2027, 1, 1)


def told(parts: list[Changed]) -> list[tuple[str, str | None, str | None, str]]:
    return [
        (
            part.customer_name,
            part.before.plain() if part.before else None,
            part.after.plain() if part.after else None,
            part.refusal.code if part.refusal else str(part.outcome),
        )
        for part in parts
    ]


async def plan(work: Work, change: Change) -> list[Changed]:
    return await plan_change(work, change, billed=billed_through)


async def make(work: Work, change: Change, **given: Any) -> list[Changed]:
    return await apply_change(work, change, billed=billed_through, **given)


async def some_customers(work: Work, product: UUID) -> dict[str, UUID]:
    """Three with prices of their own, one who pays what everybody pays."""
    made = {
        name: await a_customer(work, company_name=name, tags=tags)
        for name, tags in (("Amal", ["big"]), ("Blue", ["big", "old"]), ("Cafe", []), ("Door", ["big"]))
    }
    for name, minor in (("Amal", 190_00), ("Blue", 180_05), ("Cafe", 190_00)):
        await priced(work, made[name], product, "2026-01-01", minor)
    return made


@pytest.mark.parametrize(
    ("whose", "names"),
    [
        (Whose(), ["Amal", "Blue", "Cafe"]),
        (Whose(tags=["big"]), ["Amal", "Blue"]),
        (Whose(tags=["big", "old"]), ["Blue"]),
        (Whose(tags=["big"], without_own=True), ["Amal", "Blue", "Door"]),
        (Whose(at=aed(190_00)), ["Amal", "Cafe"]),
        (Whose(at=aed(200_00), without_own=True), ["Door"]),
        (Whose(tags=["nobody"]), []),
        (Whose(ids=[]), []),
    ],
)
async def test_a_change_is_about_those_who_meet_all_that_is_said(
    work: Work, whose: Whose, names: list[str]
) -> None:
    product = await a_product(work, minor=200_00)
    await some_customers(work, product)

    parts = await plan(work, Change(product, JANUARY, Way.SET, aed(150_00), whose=whose))

    assert [part.customer_name for part in parts] == names


async def test_who_is_named_is_meant_whatever_they_pay(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)
    whose = Whose(ids=[made["Door"], made["Amal"]])

    parts = await plan(work, Change(product, JANUARY, Way.SET, aed(150_00), whose=whose))

    assert [(part.customer_name, part.own) for part in parts] == [("Amal", True), ("Door", False)]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"way": Way.SET, "amount": aed(150_00)}, ["150.00", "150.00", "150.00"]),
        ({"way": Way.RAISE_BY, "amount": aed(10_00)}, ["200.00", "190.05", "200.00"]),
        ({"way": Way.RAISE_BY, "amount": aed(-10_00)}, ["180.00", "170.05", "180.00"]),
        ({"way": Way.RAISE_BY_PERCENT, "percent": Decimal(10)}, ["209.00", "198.06", "209.00"]),
        ({"way": Way.RAISE_BY_PERCENT, "percent": Decimal("-2.5")}, ["185.25", "175.55", "185.25"]),
    ],
)
async def test_prices_are_set_raised_and_lowered_to_the_half_unit_up(
    work: Work, change: dict[str, Any], after: list[str]
) -> None:
    product = await a_product(work)
    await some_customers(work, product)

    parts = await plan(work, Change(product, JANUARY, **change))

    assert [part.after.plain() for part in parts if part.after] == after


async def test_what_was_planned_is_what_is_made_and_a_second_time_nothing_is(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)
    change = Change(product, JANUARY, Way.RAISE_BY_PERCENT, percent=Decimal(10))

    planned = await plan(work, change)
    assert await ranges(work, made["Amal"], product) == [("2026-01-01", None, 190_00)]
    done = await make(work, change, seen=mark_of(planned))
    again = await make(work, change)

    assert told(done) == told(planned)
    assert [part.outcome for part in again] == ["unchanged"] * 3
    assert await ranges(work, made["Amal"], product) == [
        ("2026-01-01", "2027-01-01", 190_00),
        ("2027-01-01", None, 209_00),
    ]


async def test_a_plan_that_is_another_by_now_is_not_made(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)
    change = Change(product, JANUARY, Way.RAISE_BY, aed(10_00))
    mark = mark_of(await plan(work, change))
    await priced(work, made["Amal"], product, "2026-12-01", 1_00)

    with pytest.raises(Refusal) as refused:
        await make(work, change, seen=mark)

    assert refused.value.code == "change_differs"
    assert len(await ranges(work, made["Blue"], product)) == 1


async def test_who_cannot_be_changed_is_told_and_the_others_are(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)
    await billed(work, made["Amal"], product, "2027-01-01", "2027-01-31")
    await priced(work, made["Cafe"], product, "2027-01-01", 5_00)
    await priced(work, made["Blue"], product, "2027-06-01", 5_00)

    done = await make(work, Change(product, JANUARY, Way.SET, aed(150_00)))

    assert told(done) == [
        ("Amal", "190.00", "150.00", "price_already_billed"),
        ("Blue", "180.05", "150.00", "changed"),
        ("Cafe", "190.00", "150.00", "price_there"),
    ]
    assert done[1].until == date(2027, 6, 1)


async def test_a_price_that_stays_the_same_is_left_alone(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)

    done = await make(work, Change(product, JANUARY, Way.SET, aed(190_00)))

    assert told(done) == [
        ("Amal", "190.00", "190.00", "unchanged"),
        ("Blue", "180.05", "190.00", "changed"),
        ("Cafe", "190.00", "190.00", "unchanged"),
    ]
    assert await ranges(work, made["Amal"], product) == [("2026-01-01", None, 190_00)]


async def test_who_pays_it_on_the_eve_but_not_from_the_day_on_is_no_unchanged_one(work: Work) -> None:
    product = await a_product(work)
    made = await some_customers(work, product)
    await priced(work, made["Amal"], product, "2027-01-01", 5_00)

    parts = await plan(work, Change(product, JANUARY, Way.SET, aed(190_00), whose=Whose(ids=[made["Amal"]])))

    assert told(parts) == [("Amal", "190.00", "190.00", "price_there")]


async def test_what_is_lowered_below_everything_is_refused_alone(work: Work) -> None:
    product = await a_product(work)
    await some_customers(work, product)

    parts = await plan(work, Change(product, JANUARY, Way.RAISE_BY, aed(-185_00)))

    assert [code for *_, code in told(parts)] == ["changed", "price_not_positive", "changed"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"way": Way.SET}, "amount_missing", "amount"),
        ({"way": Way.SET, "amount": aed(0)}, "price_not_positive", "amount"),
        ({"way": Way.RAISE_BY, "amount": aed(0)}, "amount_zero", "amount"),
        ({"way": Way.RAISE_BY_PERCENT}, "amount_missing", "percent"),
        ({"way": Way.RAISE_BY_PERCENT, "percent": Decimal(0)}, "percent", "percent"),
        ({"way": Way.RAISE_BY_PERCENT, "percent": Decimal(-100)}, "percent", "percent"),
        ({"way": Way.RAISE_BY_PERCENT, "percent": Decimal(1001)}, "percent", "percent"),
    ],
)
async def test_a_change_that_cannot_be_is_refused_as_a_whole(
    work: Work, change: dict[str, Any], code: str, field: str
) -> None:
    product = await a_product(work)
    await some_customers(work, product)

    for act in (plan, make):
        with pytest.raises(Refusal) as refused:
            await act(work, Change(product, JANUARY, **change))
        assert (refused.value.code, refused.value.field) == (code, field)


async def test_another_currency_and_a_past_day_are_refused_for_each(work: Work) -> None:
    product = await a_product(work)
    await some_customers(work, product)
    dollars = Change(product, JANUARY, Way.SET, Money(50_00, "USD"))
    past = Change(product, date(2026, 11, 1), Way.SET, aed(150_00))

    assert {code for *_, code in told(await plan(work, dollars))} == {"mixed_currencies"}
    assert {code for *_, code in told(await plan(work, past))} == {"price_backdated"}
    assert {code for *_, code in told(await plan(work, replace(past, backdated=True)))} == {"changed"}


async def test_what_nobody_pays_cannot_be_raised_but_set(work: Work) -> None:
    product = await a_product(work, minor=None)
    await a_customer(work, company_name="Amal")
    everybody = Whose(without_own=True)

    raised = await plan(work, Change(product, JANUARY, Way.RAISE_BY, aed(1_00), whose=everybody))
    done = await make(work, Change(product, JANUARY, Way.SET, aed(1_00), whose=everybody))

    assert told(raised) == [("Amal", None, None, "nothing_to_raise")]
    assert told(done) == [("Amal", None, "1.00", "changed")]


async def test_an_archived_product_an_unknown_one_and_a_viewer_change_nothing(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        product = await a_product(work)
        change = Change(product, JANUARY, Way.SET, aed(1_00))
        with pytest.raises(NotFound):
            await plan(work, replace(change, product_id=UUID(int=5)))
        await archive_product(work, product)
        with pytest.raises(Refusal, match="is archived"):
            await make(work, change)
    async with office.work(tenant, actor=acting(AgentRole.VIEWER)) as work:
        for act in (plan, make):
            with pytest.raises(NotAllowed):
                await act(work, change)
    async with office.work(await a_tenant(office)) as work:
        with pytest.raises(NotFound):
            await make(work, change)


async def test_two_hundred_customers_cost_as_many_statements_as_two(work: Work) -> None:
    product = await a_product(work)
    for _ in range(200):
        await priced(work, await a_customer(work), product, "2026-01-01")

    with statements(work) as sent:
        await make(work, Change(product, JANUARY, Way.RAISE_BY_PERCENT, percent=Decimal(5)))

    assert len(sent) <= 13, sent


async def test_the_same_change_made_five_times_at_once_is_made_once(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        product = await a_product(work)
        made = await some_customers(work, product)
    outcomes: list[str] = []

    async def changing() -> None:
        async with office.work(tenant) as work:
            change = Change(product, JANUARY, Way.RAISE_BY_PERCENT, percent=Decimal(10))
            outcomes.extend(str(part.outcome) for part in await make(work, change))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(changing)

    assert sorted(outcomes) == ["changed"] * 3 + ["unchanged"] * 12
    async with office.work(tenant) as work:
        assert await ranges(work, made["Blue"], product) == [
            ("2026-01-01", "2027-01-01", 180_05),
            ("2027-01-01", None, 198_06),
        ]
