"""An offer's public page: what whoever has its link sees, and what nobody else gets to see."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bursar.catalog.products import archive_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import events
from bursar.core.tokens import new_token
from bursar.notifications.tables import notifications
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.payment_links import revoke_link
from bursar.onboarding.preferences import change_onboarding_settings
from bursar.onboarding.tables import payment_links
from tests.makers.selling import HUDA, Counter, a_counter, bare, plain
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

GONE = "This link does not work"


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


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
