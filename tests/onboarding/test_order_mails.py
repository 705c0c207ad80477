"""What leaves to people about their orders: a welcome, a reminder with its way to pay, and nothing twice."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Office
from bursar.onboarding.addresses import ORDER_PATH, read_order_token
from bursar.onboarding.reminding import look_at_orders
from bursar.outbox.template_library import install_library
from tests.makers.catalog import a_product
from tests.makers.hooks import a_till
from tests.makers.orders import NET, Shop
from tests.makers.story import Story, a_story

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(addresses, clock, keyring, is_primary=True) as story:
        yield story


async def a_shop(story: Story, clock: FixedClock) -> Shop:
    office: Office = story.house.office
    async with office.work(story.tenant_id) as work:
        await install_library(work)
        till, product = await a_till(work), await a_product(work, name="Company formation", minor=NET)
    return Shop(office, clock, story.tenant_id, till, product)


def text_of(message: object) -> str:
    return message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # an EmailMessage


@pytest.mark.parametrize(
    ("locale", "welcome"),
    [("en", "Welcome to"), ("ar", "أهلًا بكم لدى"), ("he", "ברוכים הבאים אל"), ("fr", "Bienvenue chez")],
)
async def test_whoever_pays_is_welcomed_in_their_language_and_told_of_their_pages(
    story: Story, clock: FixedClock, locale: str, welcome: str
) -> None:
    shop = await a_shop(story, clock)
    order = await shop.order(of=await shop.customer(locale=locale, full_name="Huda Noor"))

    await shop.paid(await shop.checkout(order))
    await story.pump(1).run_until_idle()

    [message] = [one for one in story.messages() if one["Subject"].startswith(welcome)]
    text = text_of(message)
    assert "Huda Noor" in text
    assert "Company formation" in text
    assert "/portal/" in text
    assert "List-Unsubscribe" not in message


async def test_a_reminder_leads_to_the_page_where_the_order_is_paid(
    story: Story, clock: FixedClock, keyring: Keyring
) -> None:
    shop = await a_shop(story, clock)
    order = await shop.order()
    clock.advance(timedelta(days=1))
    await look_at_orders(shop.office, shop.tenant_id)

    await story.pump(1).run_until_idle()

    [send] = await shop.mails("payment_reminder")
    assert send.state == "sent"
    [link] = [one for one in send.links if ORDER_PATH in one]
    signed = read_order_token(keyring, link.partition(ORDER_PATH)[2])
    assert (signed.tenant_id, signed.id, signed.extra) == (shop.tenant_id, order, 1)
    [message] = story.messages()
    assert "210.00" in text_of(message)
    assert "Stop them here" in text_of(message)


async def test_a_payment_between_order_and_claim_silences_the_reminder(
    story: Story, clock: FixedClock
) -> None:
    shop = await a_shop(story, clock)
    order = await shop.order()
    attempt = await shop.checkout(order)
    clock.advance(timedelta(days=1))
    await look_at_orders(shop.office, shop.tenant_id)

    await shop.paid(attempt)
    await story.pump(1).run_until_idle()

    [reminder] = await shop.mails("payment_reminder")
    assert (reminder.state, reminder.reason) == ("suppressed", "paid")
    subjects = [one["Subject"] for one in story.messages()]
    assert len([one for one in subjects if "waits for its payment" in one]) == 0
    assert len([one for one in subjects if one.startswith("Welcome")]) == 1
    assert len([one for one in subjects if one.startswith("Receipt")]) == 1
    assert len(subjects) == 2
