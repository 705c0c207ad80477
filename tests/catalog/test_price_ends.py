"""Prices ended, corrected and taken back; and one that was billed keeps its past."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bursar.billing.billed import billed_through
from bursar.billing.invoices import Draft, create_draft
from bursar.catalog.prices import (
    edit_price,
    end_price,
    get_price,
    prices_on,
    remove_price,
    stamp_used,
)
from bursar.catalog.tables import customer_prices
from bursar.core.errors import Conflict, Refusal
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import a_line
from tests.makers.catalog import a_product, billed, priced, ranges
from tests.makers.tenancy import a_customer, a_tenant, events_of

pytestmark = pytest.mark.anyio
DAY = date.fromisoformat


async def paid_on(work: Work, customer: Any, product: Any, *days: str) -> list[int | None]:
    found = [await prices_on(work, [(customer, product)], DAY(day)) for day in days]
    return [one[customer, product].price.minor if one else None for one in found]


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
