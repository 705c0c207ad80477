"""Orders over the API: made, listed, cancelled, their money decided about."""

import pytest

from bursar.core.clock import FixedClock
from tests.makers.api import Program
from tests.makers.catalog import a_product
from tests.makers.hooks import a_till
from tests.makers.orders import Shop
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
HERE = "/orders"


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


async def a_shop(program: Program, clock: FixedClock) -> Shop:
    async with program.work() as work:
        till, product = await a_till(work), await a_product(work, name="Company formation")
    return Shop(program.house.office, clock, program.tenant_id, till, product)


async def test_an_order_is_made_found_and_cancelled(program: Program, clock: FixedClock) -> None:
    shop = await a_shop(program, clock)
    async with program.work() as work:
        buyer = str(await a_customer(work, company_name="Nile Tiles"))
    made = await program.post(HERE, {"customer_id": buyer, "product_id": str(shop.product_id)})

    assert (made["state"], made["total"], made["sold"]) == ("pending", aed("210.00"), "Company formation")
    assert "/pay/" in made["pay_address"]
    one = f"{HERE}/{made['id']}"
    assert (await program.get(one))["id"] == made["id"]
    listed = await program.get(HERE, state="pending", customer_id=buyer, text="nile")
    assert [row["id"] for row in listed["items"]] == [made["id"]]
    assert (await program.get(HERE, held="true"))["items"] == []
    assert await program.refused("POST", f"{one}/cancellation", {}, If_Match='W/"9"') == (
        412,
        "stale_version",
    )

    cancelled = await program.post(f"{one}/cancellation", {"reason": "Changed their mind"})

    assert (cancelled["state"], cancelled["pay_address"]) == ("cancelled", None)
    assert await program.refused("POST", f"{one}/cancellation", {}) == (409, "illegal_move")


async def test_a_price_stands_in_place_of_the_catalogs(program: Program, clock: FixedClock) -> None:
    shop = await a_shop(program, clock)
    async with program.work() as work:
        buyer = str(await a_customer(work))
    given = {"customer_id": buyer, "product_id": str(shop.product_id), "price": aed("80.00")}

    made = await program.post(HERE, given)

    assert (made["net"], made["tax"], made["total"]) == (aed("80.00"), aed("4.00"), aed("84.00"))
    nobody = {**given, "customer_id": str(shop.product_id)}
    assert await program.refused("POST", HERE, nobody) == (404, "not_found")


async def test_money_that_waits_is_listed_and_decided_about(program: Program, clock: FixedClock) -> None:
    shop = await a_shop(program, clock)
    order = await shop.order(by_link=False)
    await shop.other_amount(await shop.checkout(order), 150_00)
    one = f"{HERE}/{order}"

    assert [row["id"] for row in (await program.get(f"{HERE}/stuck"))["items"]] == [str(order)]
    [left] = (await program.get(f"{one}/undecided"))["items"]
    assert left == {"amount": aed("150.00"), "payment_id": None, "applied": False}
    assert await program.refused("POST", f"{one}/resolution", {"how": "accept", "reason": " "}) == (
        422,
        "reason_missing",
    )

    decided = await program.post(f"{one}/resolution", {"how": "accept", "reason": "Spoke on the phone"})

    assert (decided["state"], decided["hold_reason"]) == ("paid", None)
    assert (await program.get(f"{HERE}/stuck"))["items"] == []
    assert await program.refused("POST", f"{one}/resolution", {"how": "keep", "reason": "x"}) == (
        409,
        "nothing_held",
    )
