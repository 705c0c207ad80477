"""Orders in the browser: found, opened with their story, made by hand, cancelled, their money decided about."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.onboarding.ending import cancel_order
from bursar.onboarding.order_list import list_orders
from bursar.onboarding.orders import NewOrder, create_order
from tests.makers.catalog import a_product
from tests.makers.hooks import a_till
from tests.makers.orders import Shop
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def a_shop(staff: Staff, clock: FixedClock) -> Shop:
    """The firm of this browser, with a till and something to sell."""
    async with staff.work() as work:
        till, product = await a_till(work), await a_product(work, name="Company formation")
    return Shop(staff.office, clock, staff.tenant_id, till, product)


async def an_order(shop: Shop, name: str = "Noor Trading") -> UUID:
    customer = await shop.customer(company_name=name)
    async with shop.work() as work:
        return await create_order(work, NewOrder(customer, shop.product_id))


async def test_an_order_is_made_by_hand_and_shows_where_it_is_paid(staff: Staff, clock: FixedClock) -> None:
    shop = await a_shop(staff, clock)
    async with staff.work() as work:
        customer = await a_customer(work, company_name="Nile Tiles")
    assert "No order yet" in (await staff.get("/orders")).text
    assert "For whom?" in (await staff.get("/orders/new")).text
    assert "Nile Tiles" in (await staff.get("/orders/new", customer=str(customer))).text

    made = await staff.post("/orders", customer=str(customer), product=str(shop.product_id), price="80.00")

    assert made.status_code == 303
    page = (await staff.get(made.headers["location"])).text
    assert "84.00" in page
    assert "/pay/" in page
    assert "Nobody has tried to pay yet." in page


async def test_a_price_that_is_none_stays_on_the_form_with_what_is_wrong(
    staff: Staff, clock: FixedClock
) -> None:
    shop = await a_shop(staff, clock)
    async with staff.work() as work:
        customer = await a_customer(work)

    refused = await staff.post("/orders", customer=str(customer), product=str(shop.product_id), price="much")

    assert refused.status_code == 422
    assert 'value="much"' in refused.text
    assert "aria-invalid" in refused.text
    async with staff.work() as work:
        assert (await list_orders(work)).rows == []


async def test_the_list_is_narrowed_by_state_words_and_what_is_held(staff: Staff, clock: FixedClock) -> None:
    shop = await a_shop(staff, clock)
    waiting, cancelled, held = [await an_order(shop, name) for name in ("Anders", "Badr", "Cairo Tea")]
    async with shop.work() as work:
        await cancel_order(work, cancelled)
    await shop.other_amount(await shop.checkout(held))

    async def shown(**asked: str) -> set[str]:
        text = (await staff.browser.get("/orders", params=asked, headers=HTMX)).text
        return {str(one) for one in (waiting, cancelled, held) if f"/orders/{one}" in text}

    assert await shown() == {str(waiting), str(cancelled), str(held)}
    assert await shown(state="cancelled") == {str(cancelled)}
    assert await shown(held="yes") == {str(held)}
    assert await shown(q="ander") == {str(waiting)}
    assert "No order is like that." in (await staff.get("/orders", q="nobody")).text


async def test_money_that_stands_still_is_on_the_first_page_and_above_the_list(
    staff: Staff, clock: FixedClock
) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    await shop.other_amount(await shop.checkout(order))

    assert "Money that stands still" in (await staff.get("/orders")).text
    home = (await staff.get("/")).text
    assert "Money for an order waits for a decision" in home
    assert f"/orders/{order}" in home


async def test_the_story_of_an_order_begins_with_its_link_and_knows_its_attempts(
    staff: Staff, clock: FixedClock
) -> None:
    shop = await a_shop(staff, clock)
    order = await shop.order()
    await shop.declined(await shop.checkout(order))
    await shop.paid(await shop.checkout(order))

    page = (await staff.get(f"/orders/{order}")).text

    told = (
        "Payment link made",
        "Somebody registered with the payment link",
        "Order made",
        "Payment page opened",
    )
    told += (
        "Payment declined; another try is possible",
        "Payment of the order failed",
        "Paid at the till",
        "Order paid",
    )
    assert [one for one in told if one not in page] == []
    assert page.index("Order paid") < page.index("Order made") < page.index("Payment link made")


async def test_an_order_is_cancelled_with_a_reason(staff: Staff, clock: FixedClock) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    assert "Cancel this order?" in (await staff.get(f"/orders/{order}/cancellation/new")).text

    done = await staff.post(f"/orders/{order}/cancellation", reason="Changed their mind")

    assert done.status_code == 303
    page = (await staff.get(f"/orders/{order}")).text
    assert "Order cancelled: Changed their mind" in page
    assert "/pay/" not in page
    again = await staff.post(f"/orders/{order}/cancellation", reason="Again")
    assert again.status_code == 409


async def test_held_money_is_decided_about(staff: Staff, clock: FixedClock) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    await shop.other_amount(await shop.checkout(order), 150_00)
    page = (await staff.get(f"/orders/{order}")).text
    assert "Money waits for a decision" in page
    assert "150.00" in page
    assert "It pays the order" in (await staff.get(f"/orders/{order}/resolution/new")).text

    unclear = await staff.post(f"/orders/{order}/resolution", how="burn", reason="x")
    assert unclear.status_code == 422
    done = await staff.post(f"/orders/{order}/resolution", how="accept", reason="Spoke on the phone")

    assert done.status_code == 303
    page = (await staff.get(f"/orders/{order}")).text
    assert "Held money decided about: Spoke on the phone" in page
    assert "Money waits for a decision" not in page


async def test_money_for_a_cancelled_order_goes_back_or_stays_and_does_not_pay(
    staff: Staff, clock: FixedClock
) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    attempt = await shop.checkout(order)
    async with shop.work() as work:
        await cancel_order(work, order)
    await shop.paid(attempt)

    asked = (await staff.get(f"/orders/{order}/resolution/new")).text

    assert "It goes back the way it came" in asked
    assert "It pays the order" not in asked


async def test_a_viewer_sees_orders_and_does_nothing_to_them(staff: Staff, clock: FixedClock) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    assert str(order) in (await viewer.get("/orders")).text
    assert (await viewer.post(f"/orders/{order}/cancellation", reason="x")).status_code == 403
    assert (await viewer.post(f"/orders/{order}/resolution", how="keep", reason="x")).status_code == 403


async def test_another_firms_order_is_not_there(
    staff: Staff, clock: FixedClock, addresses: Addresses, keyring: Keyring
) -> None:
    shop = await a_shop(staff, clock)
    order = await an_order(shop)
    async with staff_of(addresses, clock, keyring) as stranger:
        for path in (
            f"/orders/{order}",
            f"/orders/{order}/cancellation/new",
            f"/orders/{order}/resolution/new",
        ):
            assert (await stranger.browser.get(path)).status_code == 404
        assert (await stranger.post(f"/orders/{order}/cancellation", reason="x")).status_code == 404
        assert (await stranger.post(f"/orders/{order}/resolution", how="keep", reason="x")).status_code == 404
