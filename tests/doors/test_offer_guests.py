"""An offer that somebody has begun with, or whose reader is a customer already: who gets in, and by which way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.tables import orders
from bursar.tenancy.tables import customers
from bursar.tenancy.tenants import this_tenant
from tests.makers.selling import HUDA, Counter, a_counter, plain
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


async def test_whoever_comes_after_another_gets_a_way_in_by_mail_and_nothing_of_the_order(
    counter: Counter,
) -> None:
    path = await counter.offer()
    typed = await counter.filled_in(path)
    await counter.web.post(path, data=typed)

    shown = await counter.web.get(path)
    posted = await counter.web.post(path, data={**typed, "resume": "of another page"})
    mailed = await counter.web.post(path + "/mail")

    for answer in (shown, posted):
        assert "You have begun already" in answer.text
        assert "Huda Noor" not in answer.text
        assert (await counter.order_path()) not in answer.text
    assert mailed.status_code == 200
    assert "Look into your mail" in mailed.text


async def test_a_customers_address_is_not_told_from_an_offer_that_was_begun(counter: Counter) -> None:
    """The way in is mailed in the very words in which it is mailed for an offer that somebody has begun with."""
    begun, known = await counter.offer(), await counter.offer(email="known@noor.example")
    await counter.take(begun)
    async with counter.work() as work:
        await a_customer(work, email="known@noor.example")

    of_begun, of_known = await counter.web.post(begun + "/mail"), await counter.take(known)

    assert (of_begun.status_code, of_known.status_code) == (200, 200)
    assert of_begun.text.replace(begun, "") == of_known.text.replace(known, "")
    assert "known@noor.example" not in of_known.text
    assert "customer" not in of_known.text.lower().partition("<main")[2]


async def test_a_customer_who_is_signed_in_orders_without_telling_who_they_are(counter: Counter) -> None:
    path, foreign = await counter.offer(), await counter.offer(email="other@noor.example")
    async with counter.work() as work:
        huda = await a_customer(work, email=HUDA, company_name="Noor Trading")
    await counter.comes_in(huda)

    page = await counter.web.get(path)
    assert "You are signed in and order as" in page.text
    assert "Noor Trading" in page.text
    assert 'name="full_name"' not in page.text
    assert 'name="full_name"' in (await counter.web.get(foreign)).text
    answer = await counter.take(path)

    assert answer.status_code == 303
    [order] = await counter.rows(orders)
    assert (order.customer_id, len(await counter.rows(customers))) == (huda, 1)
    again = await counter.web.get(path)
    assert (again.status_code, again.headers["location"]) == (303, await counter.order_path())


async def test_a_guest_of_another_firm_is_nobody_here(counter: Counter) -> None:
    path = await counter.offer()
    other = await a_tenant(counter.house.office)
    async with counter.house.office.work(other) as work:
        theirs = await a_customer(work, email=HUDA)
    await counter.comes_in(theirs, tenant=other)

    assert 'name="full_name"' in (await counter.web.get(path)).text


async def test_what_was_offered_stands_on_the_first_page_of_whoever_is_signed_in(counter: Counter) -> None:
    """After the mail that let them in they find again what they wanted."""
    path = await counter.offer()
    await counter.offer(email="other@noor.example")
    async with counter.work() as work:
        huda = await a_customer(work, email=HUDA)
        slug = (await this_tenant(work)).slug
    await counter.comes_in(huda)

    page = await counter.web.get(f"/portal/{slug}/home")

    assert page.text.count(f'href="{OFFER_PATH}') == 1
    assert path in page.text
    assert "AED 4,725.00" in plain(page.text)
    await counter.take(path)
    assert OFFER_PATH not in (await counter.web.get(f"/portal/{slug}/home")).text
