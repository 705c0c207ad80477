"""An offer's public page: what whoever has its link sees, types and agrees to, and where that leads."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx2 import Response

from bursar.catalog.products import archive_product, edit_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.money import Money
from bursar.core.tables import events
from bursar.core.tokens import new_token
from bursar.notifications.tables import notifications
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.payment_links import revoke_link
from bursar.onboarding.preferences import change_onboarding_settings
from bursar.onboarding.tables import orders, payment_links
from bursar.tenancy.portal_links import add_link, texts_of
from bursar.tenancy.portal_sign_in import Presented, enter
from bursar.tenancy.prospects import draw_id
from bursar.tenancy.tables import consents, customers
from bursar.tenancy.tenants import this_tenant
from bursar.web.guest_cookies import PORTAL_COOKIE
from tests.makers.selling import HUDA, Counter, a_counter
from tests.makers.staff import a_browser
from tests.makers.tenancy import a_customer, a_tenant
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio

GONE = "This link does not work"


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


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " "))


def bare(answer: Response, path: str) -> tuple[int, str]:
    """An answer without what differs between any two requests."""
    return answer.status_code, re.sub(r'nonce="[^"]*"|[0-9a-f]{16}', "", answer.text.replace(path, ""))


async def comes_in(counter: Counter, tenant: UUID, customer: UUID) -> None:
    """This browser has a session of a customer at a firm's portal."""
    async with counter.house.office.work(tenant) as work:
        link_id = await draw_id(work)
        await add_link(work, link_id, customer)
        token = (await texts_of(work, [link_id]))[link_id]
    session = await enter(counter.house.office, Presented(tenant, "", "", {}, "en"), token)
    counter.web.cookies.set(PORTAL_COOKIE, session.token)


async def test_it_says_what_is_offered_to_whom_until_when_and_what_it_costs(counter: Counter) -> None:
    async with counter.work() as work:
        await change_onboarding_settings(
            work,
            {
                "terms_text": "We work, you pay.",
                "terms_version": "2026-11",
                "contact_email": "ask@firm.example",
            },
        )
    path = await counter.offer(name="Huda Noor", note="As we said on the phone")

    answer = await counter.web.get(path)

    assert answer.status_code == 200
    told = plain(answer.text)
    for words in (
        *("Working Title", "Company formation", "Licence", "Visa", "Huda Noor", HUDA),
        *("As we said on the phone", "AED 4,500.00", "Tax (5%)", "AED 225.00", "AED 4,725.00"),
        *("We work, you pay.", "Version 2026-11", "ask@firm.example", "until 2 December 2026"),
    ):
        assert words in told, words
    assert "<script" not in answer.text
    assert " checked" not in answer.text


async def test_its_headers_let_nothing_out_and_lead_to_the_provider_only(counter: Counter) -> None:
    headers = (await counter.web.get(await counter.offer())).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "form-action 'self' checkout.stripe.com" in policy
    assert not [one for one in policy if one.startswith("script-src")]


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [
        ("ar", "rtl", "المتابعة إلى الدفع"),
        ("he", "rtl", "המשך לתשלום"),
        ("fr", "ltr", "Continuer vers le paiement"),
    ],
)
async def test_it_speaks_the_language_of_the_offer_and_any_that_is_asked_for(
    counter: Counter, language: str, direction: str, words: str
) -> None:
    path = await counter.offer(locale=language)
    answer = await counter.web.get(path)
    assert f'lang="{language}" dir="{direction}"' in answer.text
    assert words in answer.text
    assert "Continue to payment" in (await counter.web.get(path, params={"lang": "en"})).text


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


async def test_asking_changes_nothing_at_all(counter: Counter) -> None:
    path = await counter.offer()
    before = await counter.marks()
    for _ in range(2):
        for language in ("", "?lang=ar", "?lang=xx"):
            assert (await counter.web.get(path + language)).status_code == 200
            assert (await counter.web.head(path + language)).status_code == 200
    assert (await counter.web.put(path)).status_code == 405
    assert (await counter.web.get(path + "/mail")).status_code == 405
    assert await counter.marks() == before


async def test_whatever_is_wrong_with_a_link_there_is_one_page(counter: Counter) -> None:
    good, revoked, expired = await counter.offer(), await counter.offer(), await counter.offer()
    async with counter.work() as work:
        await revoke_link(work, (await counter.rows(payment_links))[1].id)
    await counter.put(payment_links, expires_at=counter.clock.now() - timedelta(seconds=1))
    other = await a_tenant(counter.house.office)
    token = good.removeprefix(OFFER_PATH)
    wrong = [
        expired,
        revoked,
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good[:-4],
        OFFER_PATH + new_token(counter.tenant).text,
        OFFER_PATH + new_token(other).text,
        OFFER_PATH + new_token(uuid4()).text,
        OFFER_PATH + new_token(None).text,
        OFFER_PATH + new_token(other).text[:22] + token[22:],
        OFFER_PATH + "x",
    ]
    before, typed = await counter.marks(), await counter.filled_in(good)
    told: dict[str, set[tuple[int, str]]] = {"shown": set(), "taken": set(), "mailed": set()}
    for path in wrong:
        told["shown"].add(bare(await counter.web.get(path), path))
        told["taken"].add(bare(await counter.web.post(path, data=typed), path))
        told["mailed"].add(bare(await counter.web.post(path + "/mail"), path))
    for [(status, text)] in told.values():
        assert status == 404
        assert GONE in text
    assert await counter.marks() == before


async def test_who_holds_a_link_that_ran_out_may_ask_for_a_new_one_and_learns_nothing(
    counter: Counter,
) -> None:
    good, expired = await counter.offer(), await counter.offer()
    await counter.put(payment_links, expires_at=counter.clock.now() - timedelta(seconds=1))
    told = {}
    for path in (expired, good, OFFER_PATH + new_token(counter.tenant).text, OFFER_PATH + "x"):
        answer = await counter.web.post(path + "/again")
        told[path] = bare(answer, path)
    assert len(set(told.values())) == 1
    assert told[expired][0] == 404
    assert "Thank you." in told[expired][1]
    asked = [row.entity_id for row in await counter.rows(events) if row.type == "payment_link.ask_again"]
    assert asked == [(await counter.rows(payment_links))[-1].id]
    assert [row.agent_id for row in await counter.rows(notifications)] == [counter.owner.id]


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


async def test_a_product_that_is_sold_no_more_is_said_so_politely(counter: Counter) -> None:
    path = await counter.offer()
    typed = await counter.filled_in(path)
    async with counter.work() as work:
        await archive_product(work, counter.product)

    shown, posted = await counter.web.get(path), await counter.web.post(path, data=typed)

    assert (shown.status_code, posted.status_code) == (200, 409)
    for answer in (shown, posted):
        assert "This offer is not open at the moment" in answer.text
        assert "<form" not in answer.text
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
    await comes_in(counter, counter.tenant, huda)

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
    await comes_in(counter, other, theirs)

    assert 'name="full_name"' in (await counter.web.get(path)).text


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


async def test_what_was_offered_stands_on_the_first_page_of_whoever_is_signed_in(counter: Counter) -> None:
    """After the mail that let them in they find again what they wanted."""
    path = await counter.offer()
    await counter.offer(email="other@noor.example")
    async with counter.work() as work:
        huda = await a_customer(work, email=HUDA)
        slug = (await this_tenant(work)).slug
    await comes_in(counter, counter.tenant, huda)

    page = await counter.web.get(f"/portal/{slug}/home")

    assert page.text.count(f'href="{OFFER_PATH}') == 1
    assert path in page.text
    assert "AED 4,725.00" in plain(page.text)
    await counter.take(path)
    assert OFFER_PATH not in (await counter.web.get(f"/portal/{slug}/home")).text
