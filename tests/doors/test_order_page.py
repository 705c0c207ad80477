"""An order's public page: how it stands, the way to pay it, and the way back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.tables import checkout_sessions
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.tokens import Kind, sign
from bursar.onboarding.addresses import ORDER_PATH, order_token
from bursar.onboarding.tables import orders
from bursar.tenancy.customers import revoke_links
from bursar.tenancy.tables import customers
from bursar.web.public import order_page
from tests.makers.selling import Counter, a_counter, plain
from tests.makers.staff import HTMX
from tests.makers.tenancy import a_tenant
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio

GONE = "This link does not work"
BELOW = ("", "/return", "/cancel")


@pytest.fixture
async def counter(
    addresses: Addresses,
    clock: FixedClock,
    keyring: Keyring,
    tmp_path: Path,
    stripe: StripeProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Counter]:
    monkeypatch.setattr(order_page, "asked_lately", order_page.Lately(seconds=0))
    async with a_counter(addresses, clock, keyring, tmp_path, stripe) as counter:
        yield counter


async def test_it_says_what_was_ordered_what_it_costs_and_how_to_pay(counter: Counter) -> None:
    path = await counter.an_order()

    answer = await counter.web.get(path)

    told = plain(answer.text)
    for words in ("Working Title", "Company formation", "Licence", "AED 4,725.00", "Not paid yet", "Pay now"):
        assert words in told, words
    assert "<script" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    ("values", "words", "pays"),
    [
        ({}, "Not paid yet", True),
        ({"state": "failed", "look_at": None}, "Not paid yet", True),
        ({"hold_reason": "awaiting_funds"}, "Your money is on its way", False),
        ({"hold_reason": "amount_mismatch"}, "We are looking at your payment", False),
        ({"state": "cancelled", "look_at": None}, "Cancelled", False),
        (
            {"state": "cancelled", "look_at": None, "hold_reason": "paid_after_cancel"},
            "We are looking at your payment",
            False,
        ),
        ({"state": "paid", "look_at": None, "paid_at": sa.func.now()}, "Paid, thank you", False),
        (
            {"state": "paid", "look_at": None, "paid_at": sa.func.now(), "hold_reason": "chargeback"},
            "Paid, thank you",
            False,
        ),
        (
            {"state": "refunded", "look_at": None, "paid_at": sa.func.now(), "refunded_minor": 4_725_00},
            "Refunded",
            False,
        ),
    ],
)
async def test_each_state_is_said_in_words_and_what_cannot_be_paid_has_no_button(
    counter: Counter, values: dict[str, Any], words: str, pays: bool
) -> None:
    path = await counter.an_order()
    if values:
        await counter.put(orders, **values)

    for below in BELOW[:1] if pays else BELOW:
        answer = await counter.web.get(path + below)
        assert words in answer.text, below
        assert ("Pay now" in answer.text) is pays
        assert "hx-post" not in answer.text


async def test_whatever_is_wrong_with_a_link_there_is_one_answer(counter: Counter) -> None:
    good = await counter.an_order()
    keyring, order = counter.house.keyring, (await counter.rows(orders))[0]
    other = await a_tenant(counter.house.office)
    wrong = [
        ORDER_PATH + order_token(keyring, counter.tenant, order.id, link_version=2),
        ORDER_PATH + order_token(Keyring.parse(new_entry("k9")), counter.tenant, order.id),
        ORDER_PATH + order_token(keyring, counter.tenant, uuid4()),
        ORDER_PATH + order_token(keyring, other, order.id),
        ORDER_PATH + sign(keyring, Kind.DEBTOR, counter.tenant, order.customer_id, 1),
        ORDER_PATH + sign(keyring, Kind.HOSTED_INVOICE, counter.tenant, order.id, 1),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good[:-4],
        ORDER_PATH + "x",
    ]
    before = await counter.marks()
    told = set()
    for path in wrong:
        answers = [await counter.web.get(path + below) for below in BELOW]
        answers += [await counter.web.post(path + below) for below in ("/checkout", "/look")]
        told |= {(one.status_code, GONE in one.text) for one in answers}
    assert told == {(404, True)}
    assert await counter.marks() == before


async def test_revoked_links_are_over_and_new_ones_count(counter: Counter) -> None:
    path = await counter.an_order()
    async with counter.work() as work:
        await revoke_links(work, (await counter.rows(customers))[0].id)
    assert (await counter.web.get(path)).status_code == 404
    assert (await counter.web.get(await counter.order_path(version=2))).status_code == 200


async def test_asking_changes_nothing_at_all(counter: Counter) -> None:
    path = await counter.an_order()
    before = await counter.marks()
    for below in BELOW:
        for query in ("", "?lang=ar", "?session_id=cs_test_forged&looks=3"):
            assert (await counter.web.get(path + below + query)).status_code == 200
            assert (await counter.web.head(path + below + query)).status_code == 200
        assert (await counter.web.put(path + below)).status_code == 405
    for act in ("/checkout", "/look"):
        assert (await counter.web.get(path + act)).status_code == 405
    assert await counter.marks() == before


async def test_each_press_leads_to_a_fresh_page_of_the_provider(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    path = await counter.an_order()

    answers = [await counter.web.post(path + "/checkout?lang=fr") for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 303]
    attempts = await counter.rows(checkout_sessions)
    assert [row.attempt for row in attempts] == [1, 2, 3]
    assert len({one.headers["location"] for one in answers}) == 2
    session = stripe.seen(attempts[-1].session_id)["session"]
    assert session["amount_total"] == 4_725_00
    assert session["success_url"].startswith(f"http://127.0.0.1:8000{path}/return?lang=fr&session_id=")
    assert session["cancel_url"] == f"http://127.0.0.1:8000{path}/cancel?lang=fr"


async def test_who_comes_back_from_paying_is_paid_once_the_provider_says_so(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    path = await counter.an_order()
    [checkout] = await counter.rows(checkout_sessions)
    forged = await counter.web.get(path + "/return?session_id=" + checkout.session_id)
    assert "We are looking for your payment" in forged.text
    assert (await counter.states())["orders"] == ["pending"]

    stripe.pay(checkout.session_id)
    fragment = await counter.web.post(path + "/look?looks=0", headers=HTMX)

    assert (await counter.states())["orders"] == ["paid"]
    assert fragment.text.lstrip().startswith('<div id="standing"')
    assert "Paid, thank you" in fragment.text
    assert "hx-post" not in fragment.text
    assert "/i/" in fragment.text
    again = await counter.web.get(path + "/return")
    assert "Paid, thank you" in again.text


async def test_a_page_without_a_script_looks_again_by_itself_and_by_a_button(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    path = await counter.an_order()
    waiting = (await counter.web.get(path + "/return")).text
    assert f'content="4; url={path}/return?lang=en&amp;looks=1"' in waiting
    assert f'action="{path}/look?lang=en"' in waiting
    stripe.pay((await counter.rows(checkout_sessions))[0].session_id)

    pressed = await counter.web.post(path + "/look")

    assert (pressed.status_code, pressed.headers["location"]) == (303, path + "/return")
    assert "Paid, thank you" in (await counter.web.get(path + "/return")).text


async def test_it_stops_looking_after_a_while_and_says_what_that_means(counter: Counter) -> None:
    path = await counter.an_order()
    last = await counter.web.get(path + "/return?looks=20")
    assert "We have no word of a payment yet" in last.text
    assert "hx-post" not in last.text
    assert "http-equiv" not in last.text
    assert "Pay now" in last.text
    assert (await counter.web.get(path + "/return?looks=21")).status_code == 422


async def test_coming_back_unpaid_is_no_failure(counter: Counter) -> None:
    path = await counter.an_order()
    before = await counter.marks()
    answer = await counter.web.get(path + "/cancel")
    assert "Nothing was paid" in answer.text
    assert "Pay now" in answer.text
    assert await counter.marks() == before


async def test_money_that_takes_days_is_said_to_be_on_its_way(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    path = await counter.an_order()
    stripe.pay((await counter.rows(checkout_sessions))[0].session_id, "later")

    fragment = await counter.web.post(path + "/look", headers=HTMX)

    assert "Your money is on its way" in fragment.text
    assert "Pay now" not in fragment.text
    refused = await counter.web.post(path + "/checkout")
    assert refused.status_code == 409
    assert "You need not pay again" in refused.text
    assert (await counter.states())["orders"] == ["pending"]


async def test_a_provider_that_does_not_answer_takes_nothing_and_the_page_says_so(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    path = await counter.an_order()
    stripe.trouble("unavailable", times=None)

    pressed, looked = (
        await counter.web.post(path + "/checkout"),
        await counter.web.post(path + "/look", headers=HTMX),
    )

    assert pressed.status_code == 409
    assert "Nothing was paid" in pressed.text
    assert looked.status_code == 200
    assert "We are looking for your payment" in looked.text


async def test_no_line_of_the_log_holds_an_address_that_is_a_right(
    counter: Counter,
    stripe: StripeProcess,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in trouble: what is logged of a checkout that did not open names rows, not tokens (R126)."""
    caplog.set_level("DEBUG")
    caplog.set_level("WARNING", logger="httpx2")  # this test's own browser
    offer = await counter.offer()
    await counter.take(offer)
    path = await counter.order_path()
    stripe.trouble("unavailable", times=None)
    for address in (offer, path, f"{path}/return", path[:-1]):
        await counter.web.get(address)
    for act in ("/checkout", "/look"):
        await counter.web.post(path + act)
    said = caplog.text + "".join(capfd.readouterr())
    assert "checkout_asked_again" in said
    for address in (offer, path):
        assert address.rpartition("/")[2] not in said


async def test_somebody_with_whom_the_firm_has_ended_its_dealings_pays_nothing(counter: Counter) -> None:
    path = await counter.an_order()
    await counter.put(customers, state="suspended", suspended_reason="admin")
    page, pressed = await counter.web.get(path), await counter.web.post(path + "/checkout")
    assert "Pay now" not in page.text
    assert pressed.status_code == 409
    assert len(await counter.rows(checkout_sessions)) == 1


async def test_the_provider_is_asked_at_most_once_in_two_seconds_about_one_order(
    counter: Counter,
    stripe: StripeProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_page, "asked_lately", order_page.Lately(seconds=60))
    path = await counter.an_order()
    before = len(stripe.calls())
    for _ in range(5):
        assert (await counter.web.post(path + "/look", headers=HTMX)).status_code == 200
    assert len(stripe.calls()) == before + 1
