"""Paying from the portal: to the provider's page and back to what is known, and never for anybody else's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bursar.billing.tables import checkout_sessions
from bursar.billing.tills.connecting import connect_till
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.onboarding.orders import NewOrder, create_order
from tests.makers.billing import an_invoice
from tests.makers.catalog import a_product
from tests.makers.portal import Room, a_room
from tests.makers.tenancy import a_customer, an_agent
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def room(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path, stripe: StripeProcess
) -> AsyncIterator[Room]:
    stripe.clock(now=(clock.now() + timedelta(seconds=5)).timestamp())
    settings = {
        "stripe_url": stripe.told["url"],
        "checkout_hosts": (stripe.told["pages_url"].partition("://")[2],),
    }
    async with a_room(addresses, clock, keyring, tmp_path, **settings) as room:
        house, tenant = room.portal.house, room.portal.story.tenant_id
        owner = await an_agent(house.office, tenant, AgentRole.OWNER)
        key = stripe.account["test_key"]
        await connect_till(
            house.office, house.tills, tenant, owner, key=key, webhook_secret="whsec_of_this_portal"
        )
        yield room


async def test_an_order_is_paid_at_the_providers_page_and_stands_as_paid_for(
    room: Room, stripe: StripeProcess
) -> None:
    async with room.portal.work() as work:
        order = await create_order(work, NewOrder(room.huda, await a_product(work)))
    answer = await room.browser.post(f"{room.portal.home}/orders/{order}/checkout")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(stripe.told["pages_url"])
    [row] = await room.portal.rows(checkout_sessions)
    assert (row.about_type, row.about_id, row.customer_id) == ("order", order, room.huda)
    policy = (await room.browser.get(f"{room.portal.home}/orders/{order}")).headers["content-security-policy"]
    assert (
        stripe.told["pages_url"].partition("://")[2] in policy.partition("form-action")[2].partition(";")[0]
    )


async def test_an_invoice_is_paid_and_the_way_back_says_so(room: Room, stripe: StripeProcess) -> None:
    invoice = await room.invoice(minor=100_00)
    assert "Pay now" in await room.get(f"invoices/{invoice}")
    answer = await room.browser.post(f"{room.portal.home}/invoices/{invoice}/checkout")
    assert answer.status_code == 303
    [row] = await room.portal.rows(checkout_sessions)
    stripe.pay(row.session_id)

    assert "We are looking for your payment" in await room.get(f"invoices/{invoice}/checkout")
    looked = await room.browser.post(f"{room.portal.home}/invoices/{invoice}/checkout/look")
    back = await room.get(f"invoices/{invoice}/checkout")

    assert looked.status_code == 303
    assert "Thank you, your payment is here" in back
    assert "Paid, thank you" in await room.get(f"invoices/{invoice}")
    assert "AED 100.00" in await room.get("payments")


async def test_nobody_pays_what_is_another_customers(room: Room, stripe: StripeProcess) -> None:
    async with room.portal.work() as work:
        omar = await a_customer(work)
        order = await create_order(work, NewOrder(omar, await a_product(work)))
        invoice = await an_invoice(work, of=omar)
    for below in (
        f"orders/{order}",
        f"invoices/{invoice}",
        f"orders/{UUID(int=7)}",
        f"invoices/{UUID(int=7)}",
    ):
        assert (await room.browser.post(f"{room.portal.home}/{below}/checkout")).status_code == 404
    assert (
        await room.browser.post(f"{room.portal.home}/invoices/{invoice}/checkout/look")
    ).status_code == 404
    assert await room.portal.rows(checkout_sessions) == []
    assert stripe.calls("checkout.sessions.create") == []
