"""Taking an offer: who registers once, who is asked to sign in first, and what makes nothing happen at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bursar.catalog.products import archive_product, edit_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, Invalid, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType
from bursar.core.money import Money
from bursar.core.tables import events
from bursar.core.tokens import new_token
from bursar.onboarding.payment_links import expire_links, reissue_link, revoke_link
from bursar.onboarding.preferences import change_onboarding_settings
from bursar.onboarding.registering import MailSent, Registered
from bursar.onboarding.tables import orders, payment_links
from bursar.tenancy.tables import consents, customers
from tests.makers.registering import AGREED, GIVEN, TOTAL, jobs, offered, register
from tests.makers.selling import HUDA, Counter, a_counter
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


async def test_a_prospect_becomes_a_pending_customer_with_a_pending_order(counter: Counter) -> None:
    token = await offered(counter, name="Huda", note="As we said")

    done = await register(counter, token)

    [customer], [order], [link] = [await counter.rows(table) for table in (customers, orders, payment_links)]
    assert done == Registered(customer.id, order.id)
    assert (customer.state, customer.source, customer.kind) == ("pending", "payment_link", "firm")
    assert (customer.full_name, customer.company_name) == ("Huda Noor", "Noor Trading")
    assert (customer.email, customer.phone, customer.locale) == (HUDA, "+971501234567", "ar")
    assert (customer.address_lines, customer.city) == (["Villa 7, Al Wasl Road"], "Dubai")
    assert (link.state, link.claimed_by, link.claimed_at) == ("claimed", customer.id, counter.clock.now())
    assert (order.state, order.customer_id, order.payment_link_id) == ("pending", customer.id, link.id)
    assert (order.net_minor, order.tax_minor, order.amount_minor) == (4_500_00, 225_00, 4_725_00)
    assert (order.terms_version, order.terms_accepted_at) == (None, None)
    assert await counter.rows(consents) == []


async def test_the_customer_is_the_actor_of_their_own_registration(counter: Counter) -> None:
    await register(counter, await offered(counter))

    [customer] = await counter.rows(customers)
    told = {
        (row.type, row.actor_type, row.actor_id)
        for row in await counter.rows(events)
        if row.type in {"customer.pending", "payment_link.register", "order.pending"}
    }
    assert told == {
        ("customer.pending", ActorType.CUSTOMER, customer.id),
        ("payment_link.register", ActorType.CUSTOMER, customer.id),
        ("order.pending", ActorType.CUSTOMER, customer.id),
    }


async def test_a_price_that_was_agreed_stands_in_place_of_the_products(counter: Counter) -> None:
    token = await offered(counter, price=Money(1_000_00, "AED"))
    agreed = replace(AGREED, price=Money(1_050_00, "AED"))

    await register(counter, token, replace(GIVEN, agreed=agreed))

    [order] = await counter.rows(orders)
    assert (order.net_minor, order.amount_minor) == (1_000_00, 1_050_00)


async def test_boxes_that_were_ticked_are_consents_with_their_words(counter: Counter) -> None:
    ticked = replace(GIVEN, consents={"email": "News? [x] By e-mail"}, consent_version="registration-1")

    await register(counter, await offered(counter), ticked)

    [consent] = await counter.rows(consents)
    assert (consent.channel, consent.purpose, consent.consent) == ("email", "marketing", "granted")
    assert (consent.proof, consent.text_version) == ("News? [x] By e-mail", "registration-1")


async def test_terms_are_agreed_to_in_the_version_that_was_shown(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        await change_onboarding_settings(work, {"terms_text": "We work.", "terms_version": "2026-11"})

    with pytest.raises(Invalid) as unticked:
        await register(counter, token)
    with pytest.raises(Conflict) as other:
        await register(counter, token, replace(GIVEN, agreed=replace(AGREED, terms="2026-10")))
    assert (unticked.value.code, unticked.value.field) == ("terms_missing", "terms")
    assert (other.value.code, other.value.field) == ("terms_changed", "terms")
    assert await counter.rows(orders) == []

    await register(counter, token, replace(GIVEN, agreed=replace(AGREED, terms="2026-11")))
    [order] = await counter.rows(orders)
    assert (order.terms_version, order.terms_accepted_at) == ("2026-11", counter.clock.now())


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"full_name": " "}, "full_name_missing", "full_name"),
        ({"phone": ""}, "phone_missing", "phone"),
        ({"phone": "12"}, "phone_invalid", "phone"),
        ({"address_lines": "x" * 201}, "text_too_long", "address_lines"),
        ({"full_name": "=cmd()"}, "text_formula", "full_name"),
        ({"company_name": "a\nb"}, "text_line_break", "company_name"),
        ({"full_name": "x" * 201}, "text_too_long", "full_name"),
    ],
)
async def test_what_cannot_be_is_refused_and_the_link_stays_open(
    counter: Counter, typed: dict[str, str], code: str, field: str
) -> None:
    token = await offered(counter)
    before = await counter.marks()

    with pytest.raises(Invalid) as refused:
        await register(counter, token, replace(GIVEN, **typed))

    assert (refused.value.code, refused.value.field) == (code, field)
    assert await counter.marks() == before


async def test_a_price_that_changed_meanwhile_registers_nobody(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        await edit_product(work, counter.product, {"price": Money(5_000_00, "AED")})
    before = await counter.marks()

    for price in (TOTAL, None, Money(4_725_00, "USD")):
        with pytest.raises(Conflict) as refused:
            await register(counter, token, replace(GIVEN, agreed=replace(AGREED, price=price)))
        assert refused.value.code == "price_changed"

    assert await counter.marks() == before


async def test_a_product_that_is_sold_no_more_registers_nobody(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        await archive_product(work, counter.product)

    with pytest.raises(Conflict) as refused:
        await register(counter, token)

    assert refused.value.code == "offer_closed"
    assert await counter.rows(customers) == []


async def test_a_link_that_is_over_is_no_link(counter: Counter) -> None:
    expired, revoked, reissued = [await offered(counter) for _ in range(3)]
    links = [row.id for row in await counter.rows(payment_links)]
    async with counter.work() as work:
        await revoke_link(work, links[1])
    counter.clock.advance(timedelta(days=15))
    async with counter.work() as work:
        await expire_links(work)
        await reissue_link(work, links[2])
    before = await counter.marks()

    for token in (expired, revoked, reissued, new_token(counter.tenant).text, new_token(None).text, "x"):
        with pytest.raises(NotFound):
            await register(counter, token)

    assert await counter.marks() == before


async def test_an_address_that_is_a_customers_is_asked_to_sign_in_and_nothing_else_happens(
    counter: Counter,
) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        await a_customer(work, email=HUDA.upper(), email_key=HUDA)
    before = await counter.marks()

    assert await register(counter, token) == MailSent()

    assert await counter.marks() == before
    assert await jobs(counter, "tenancy.send_sign_in_link") == 1


async def test_what_was_mistyped_is_told_to_a_stranger_and_to_a_customer_alike(counter: Counter) -> None:
    token = await offered(counter)
    async with counter.work() as work:
        await a_customer(work, email=HUDA)

    with pytest.raises(Invalid) as refused:
        await register(counter, token, replace(GIVEN, phone="12"))

    assert refused.value.code == "phone_invalid"
    assert await jobs(counter, "tenancy.send_sign_in_link") == 0


async def test_a_second_click_of_one_page_finds_the_first_ones_order(counter: Counter) -> None:
    token = await offered(counter)

    first, second = await asyncio.gather(register(counter, token), register(counter, token))

    assert first == second
    assert len(await counter.rows(customers)) == len(await counter.rows(orders)) == 1
    assert await jobs(counter, "tenancy.send_sign_in_link") == 0


async def test_ten_people_with_one_link_are_one_customer_and_nine_who_came_late(counter: Counter) -> None:
    token = await offered(counter)
    each = [replace(GIVEN, agreed=replace(AGREED, resume=f"page {n}")) for n in range(10)]

    told = await asyncio.gather(*(register(counter, token, one) for one in each), return_exceptions=True)

    assert [type(one) for one in told].count(Registered) == 1
    assert {one.code for one in told if isinstance(one, Conflict)} == {"claimed"}
    assert len(await counter.rows(orders)) == len(await counter.rows(customers)) == 1


async def test_two_offers_to_one_address_make_one_customer(counter: Counter) -> None:
    tokens = [await offered(counter) for _ in range(2)]

    told = await asyncio.gather(*(register(counter, token) for token in tokens))

    assert sorted(type(one).__name__ for one in told) == ["MailSent", "Registered"]
    assert len(await counter.rows(customers)) == 1


async def test_whoever_cannot_show_the_pages_secret_gets_to_nobodys_order(counter: Counter) -> None:
    token = await offered(counter)
    await register(counter, token)

    for resume in ("", "of another page"):
        with pytest.raises(Conflict) as refused:
            await register(counter, token, replace(GIVEN, agreed=replace(AGREED, resume=resume)))
        assert refused.value.code == "claimed"

    [order] = await counter.rows(orders)
    assert AGREED.resume not in str(order.metadata)
