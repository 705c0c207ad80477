"""Taking an offer on its page: what is typed and agreed to, what is refused, and where it leads."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bursar.catalog.products import edit_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.money import Money
from bursar.onboarding.preferences import change_onboarding_settings
from bursar.onboarding.tables import orders
from bursar.tenancy.tables import consents, customers
from tests.makers.selling import HUDA, Counter, a_counter, plain
from tests.makers.staff import a_browser
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


@pytest.fixture
async def paying(
    addresses: Addresses,
    clock: FixedClock,
    keyring: Keyring,
    tmp_path: Path,
    stripe: StripeProcess,
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path, stripe) as counter:
        yield counter


async def test_registration_leads_to_the_providers_page_for_just_this_amount(
    paying: Counter,
    stripe: StripeProcess,
) -> None:
    path = await paying.offer()

    answer = await paying.take(path + "?lang=ar", news_email="yes", news_sms="yes")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(stripe.told["pages_url"])
    [order], [customer] = await paying.rows(orders), await paying.rows(customers)
    [session] = stripe.control.get("/sessions").json()
    assert session["session"]["amount_total"] == order.amount_minor == 4_725_00
    assert session["session"]["customer_email"] == customer.email == HUDA
    assert session["session"]["locale"] == "ar" or session["session"]["locale"]
    assert customer.locale == "ar"
    given = {(row.channel, row.consent) for row in await paying.rows(consents)}
    assert given == {("email", "granted"), ("sms", "granted")}
    assert all("بالبريد" in row.proof or "نصية" in row.proof for row in await paying.rows(consents))


async def test_without_a_till_the_order_stands_and_its_page_says_what_to_do(counter: Counter) -> None:
    answer = await counter.take(await counter.offer())

    assert answer.status_code == 303
    assert answer.headers["location"] == await counter.order_path()
    assert (await counter.states())["orders"] == ["pending"]
    assert (await counter.web.get(answer.headers["location"])).status_code == 200


async def test_what_was_refused_stands_beside_its_field_and_nothing_typed_is_lost(counter: Counter) -> None:
    async with counter.work() as work:
        await change_onboarding_settings(work, {"terms_url": "https://firm.example/t", "terms_version": "1"})
    path = await counter.offer()

    answer = await counter.take(path, phone="12", company_name="Noor & Sons", terms="yes", news_email="yes")

    assert answer.status_code == 422
    assert 'id="error-phone"' in answer.text
    assert "Noor &amp; Sons" in answer.text
    assert 'value="12"' in answer.text
    assert re.search(r'name="terms" value="yes" required checked', answer.text)
    assert re.search(r'name="news_email" value="yes" checked', answer.text)
    unticked = await counter.take(path)
    assert unticked.status_code == 422
    assert 'id="error-terms"' in unticked.text
    assert (await counter.states())["customers"] == []


async def test_a_new_price_is_shown_before_anything_is_ordered(counter: Counter) -> None:
    path = await counter.offer()
    typed = await counter.filled_in(path)
    async with counter.work() as work:
        await edit_product(work, counter.product, {"price": Money(5_000_00, "AED")})

    answer = await counter.web.post(path, data=typed)

    assert answer.status_code == 409
    assert "The price has changed" in answer.text
    assert "AED 5,250.00" in plain(answer.text)
    assert 'value="Huda Noor"' in answer.text
    assert await counter.states() == {"payment_links": ["active"], "customers": [], "orders": []}
    assert (await counter.take(path)).status_code == 303


async def test_new_terms_are_to_be_read_and_ticked_again(counter: Counter) -> None:
    path = await counter.offer()
    async with counter.work() as work:
        await change_onboarding_settings(work, {"terms_text": "We work.", "terms_version": "1"})
    typed = await counter.filled_in(path, terms="yes")
    async with counter.work() as work:
        await change_onboarding_settings(work, {"terms_text": "We rest.", "terms_version": "2"})

    answer = await counter.web.post(path, data=typed)

    assert answer.status_code == 409
    assert "We rest." in answer.text
    assert not re.search(r'name="terms"[^>]* checked', answer.text)
    assert (await counter.states())["orders"] == []


async def test_a_double_click_ends_at_one_order(counter: Counter) -> None:
    path = await counter.offer()
    typed = await counter.filled_in(path)

    answers = [await counter.web.post(path, data=typed) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await counter.states() == {
        "payment_links": ["claimed"],
        "customers": ["pending"],
        "orders": ["pending"],
    }


async def test_who_presses_too_often_waits_and_who_registers_has_nothing_counted(counter: Counter) -> None:
    path = await counter.offer()
    told = [(await counter.take(path, phone="12")).status_code for _ in range(7)]
    assert told == [422] * 6 + [429]
    assert (await counter.states())["customers"] == []
    counter.clock.advance(timedelta(minutes=20))
    assert (await counter.take(path)).status_code == 303


async def test_a_browser_that_sends_no_origin_may_register(counter: Counter) -> None:
    """The address is the right to act: the page tells nobody where it was, so some browsers send "null"."""
    path = await counter.offer()
    typed = await counter.filled_in(path)
    stranger = a_browser(counter.house)
    stranger.headers = {"origin": "null"}
    assert (await stranger.post(path, data=typed)).status_code == 303
