"""`bursar order …`: made, looked at, cancelled and decided about from a terminal."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.work import Work
from bursar.tenancy.tables import tenants
from bursar.tenancy.tenants import find_tenant
from tests.makers.catalog import a_product
from tests.makers.cli import Shell
from tests.makers.hooks import a_till
from tests.makers.orders import Shop
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")
BUY = ("--customer", "NILE", "--product", "FORM")


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()

    async def goods(work: Work) -> None:
        ours = tenants.c.tenant_id == work.tenant_id
        address = {"legal_name": "Acme LLC", "address_lines": ["Office 5"], "tax_number": "100123456700003"}
        await work.db.execute(sa.update(tenants).where(ours).values(address))
        await a_product(work, code="FORM", name="Company formation")
        await a_customer(work, external_code="NILE", company_name="Nile Tiles")

    shell.inside(goods)
    return shell


def other_money(shell: Shell, order: str) -> None:
    """The provider says that another amount was paid for it."""

    async def told() -> None:

        house = shell.build(shell.settings())
        try:
            tenant = await find_tenant(house.office, "acme")
            async with house.office.work(tenant) as work:
                till = await a_till(work)
            shop = Shop(house.office, FixedClock(shell.clock.now()), tenant, till, till)
            await shop.other_amount(await shop.checkout(UUID(order)), 150_00)
        finally:
            await house.close()

    asyncio.run(told())


def test_an_order_is_made_listed_shown_and_cancelled(firm: Shell) -> None:
    made = firm.answer("order", "create", *IN, *BUY)
    assert (made["state"], made["total"], made["currency"]) == ("pending", "210.00", "AED")
    assert "/pay/" in made["pay_address"]

    [listed] = firm.answer("order", "list", *IN, "--state", "pending")["orders"]
    assert listed["id"] == made["id"]
    assert firm.answer("order", "list", *IN, "--held")["orders"] == []
    assert "Nile Tiles" in firm("order", "show", made["id"], *IN).output

    cancelled = firm.answer("order", "cancel", made["id"], *IN, "--because", "Changed their mind")

    assert (cancelled["state"], cancelled["pay_address"]) == ("cancelled", None)
    assert firm.refusal("order", "cancel", made["id"], *IN)["error"] == "illegal_move"


def test_a_price_stands_in_place_of_the_catalogs(firm: Shell) -> None:
    assert firm.answer("order", "create", *IN, *BUY, "--price", "80.00")["total"] == "84.00"
    assert firm.refusal("order", "create", *IN, *BUY, "--price", "much")["field"] == "price"


def test_money_that_waits_is_decided_about(firm: Shell) -> None:
    order = firm.answer("order", "create", *IN, *BUY)["id"]
    other_money(firm, order)
    [stuck] = firm.answer("order", "list", *IN, "--stuck")["orders"]
    assert (stuck["id"], stuck["hold_reason"]) == (order, "amount_mismatch")
    [left] = firm.answer("order", "show", order, *IN)["undecided"]
    assert left["amount"] == "150.00"

    why = ("--because", "Spoke on the phone")
    decided = firm.answer("order", "resolve", order, *IN, "--how", "accept", *why)

    assert (decided["state"], decided["hold_reason"]) == ("paid", None)
    assert firm.refusal("order", "resolve", order, *IN, "--how", "keep", *why)["error"] == "nothing_held"


def test_what_is_no_id_is_no_order(firm: Shell) -> None:
    assert firm.refusal("order", "show", "nonsense", *IN)["error"] == "not_found"
