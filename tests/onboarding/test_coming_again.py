"""An offer that was taken, that ran out, or whose reader is a customer already: the ways on that are left."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType
from bursar.core.tables import events
from bursar.core.tokens import BadToken, new_token
from bursar.core.work import Actor
from bursar.onboarding import registering
from bursar.onboarding.registering import Agreed, Registered
from bursar.onboarding.tables import orders, payment_links
from bursar.tenancy.tables import customers
from tests.makers.registering import AGREED, jobs, offered, register
from tests.makers.selling import HUDA, Counter, a_counter
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


async def test_a_way_in_is_mailed_for_an_offer_that_was_taken_and_for_no_other(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        with pytest.raises(BadToken):
            await registering.mail_a_way_in(work, token)
    await register(counter, token)
    async with counter.work() as work:
        await registering.mail_a_way_in(work, token)
    assert await jobs(counter, "tenancy.send_sign_in_link") == 1


async def as_customer(counter: Counter, token: str, customer: UUID, agreed: Agreed = AGREED) -> Registered:
    actor = Actor(ActorType.CUSTOMER, customer)
    async with counter.house.office.work(counter.tenant, actor=actor) as work:
        return await registering.order_as_customer(work, token, agreed)


async def test_a_customer_who_is_signed_in_orders_by_an_offer_made_to_their_address(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        huda = await a_customer(work, email=HUDA)

    done = await as_customer(counter, token, huda)

    [order], [link] = await counter.rows(orders), await counter.rows(payment_links)
    assert done == Registered(huda, order.id)
    assert (order.customer_id, order.state, link.state) == (huda, "pending", "claimed")
    assert await as_customer(counter, token, huda, replace(AGREED, resume="")) == done
    assert len(await counter.rows(customers)) == 1


async def test_an_offer_made_to_somebody_else_is_not_there(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        other = await a_customer(work, email="other@noor.example")
        await a_customer(work, email=HUDA)

    with pytest.raises(BadToken):
        await as_customer(counter, token, other)

    assert await counter.rows(orders) == []


async def test_who_asks_again_for_what_ran_out_is_told_to_the_firm_and_for_nothing_else(
    counter: Counter,
) -> None:
    expired = await offered(counter)
    counter.clock.advance(timedelta(days=15))
    open_ = await offered(counter, email="other@noor.example")
    office = counter.house.office

    for token in (expired, open_, new_token(counter.tenant).text, new_token(None).text, "x"):
        await registering.ask_again(office, token)

    asked = [row.entity_id for row in await counter.rows(events) if row.type == "payment_link.ask_again"]
    assert asked == [(await counter.rows(payment_links))[0].id]
