"""The till's port against a Stripe that was written from its contract, over the wire; no request off our contract."""

from dataclasses import replace

import pytest

from bursar.billing.states import CheckoutState, PaymentStatus
from bursar.billing.tills.ports import (
    Identity,
    TillRefused,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill
from tests.makers.stripe_tills import AMOUNT, Opening, a_till
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


async def test_each_key_opens_its_account_in_its_mode(stripe: StripeProcess) -> None:
    first, second = stripe.told["accounts"]
    for account, key, live in (
        (first, "test_key", False),
        (first, "live_key", True),
        (second, "test_key", False),
    ):
        till = a_till(stripe, account[key])

        assert await till.who() == Identity(account["id"], live, account["name"])
        await till.close()


async def test_no_proxy_of_the_environment_carries_a_key(
    stripe: StripeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    till = StripeTill(stripe.account["test_key"].encode(), stripe.settings["BURSAR_STRIPE_URL"])

    assert (await till.who()).account_id == stripe.account["id"]
    await till.close()


async def test_a_checkout_is_opened_as_it_was_asked_for(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    request = asked()

    seen = await till.open(request)

    assert (seen.state, seen.payment_status, seen.amount) == (
        CheckoutState.OPEN,
        PaymentStatus.UNPAID,
        AMOUNT,
    )
    assert (seen.reference, seen.expires_at, seen.live) == ("0190aa", request.expires_at, False)
    assert seen.url
    assert seen.url.startswith(stripe.told["pages_url"])
    page = stripe.http.get(seen.url).text
    for text in ("4,500.00 AED", "تأسيس شركة", "lina@example.com"):
        assert text in page
    assert await till.retrieve(seen.session_id) == seen


async def test_one_key_is_one_checkout_however_often_it_is_asked_for(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    request = asked()

    first = await till.open(request)
    second = await till.open(request)
    another = await till.open(replace(request, key="0190aa/2"))

    assert first == second
    assert another.session_id != first.session_id
    assert len(stripe.control.get("/sessions").json()) == 2


async def test_one_key_is_not_good_for_another_checkout(till: StripeTill, asked: Opening) -> None:
    await till.open(asked())

    with pytest.raises(TillRefused) as refused:
        await till.open(asked(amount=Money(1_000, "AED")))

    assert refused.value.code == "idempotency_error"


@pytest.mark.parametrize("trouble", ["lost", "twice"])
async def test_an_answer_that_was_lost_is_asked_for_again_and_makes_nothing_twice(
    till: StripeTill, stripe: StripeProcess, asked: Opening, trouble: str
) -> None:
    request = asked()
    stripe.trouble(trouble, operation="checkout.sessions.create", times=1, accepted=True)

    if trouble == "lost":
        with pytest.raises(TillUnsure) as unsure:
            await till.open(request)
        assert unsure.value.code == "no_answer"
    seen = await till.open(request)

    assert seen.url
    assert [one["session"]["id"] for one in stripe.control.get("/sessions").json()] == [seen.session_id]


async def test_a_provider_that_is_not_there_leaves_everything_open(
    stripe: StripeProcess, asked: Opening
) -> None:
    till = a_till(stripe, url="http://127.0.0.1:9")

    with pytest.raises(TillUnsure) as unsure:
        await till.open(asked())
    await till.close()

    assert unsure.value.code == "no_answer"


# What became of it


async def test_a_card_pays(till: StripeTill, stripe: StripeProcess, asked: Opening) -> None:
    session = (await till.open(asked())).session_id

    stripe.pay(session)
    seen = await till.retrieve(session)

    assert (seen.state, seen.payment_status, seen.amount) == (
        CheckoutState.COMPLETE,
        PaymentStatus.PAID,
        AMOUNT,
    )
    assert seen.payment_intent
    assert seen.url is None


async def test_a_declined_card_leaves_the_checkout_open(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    session = (await till.open(asked())).session_id

    stripe.pay(session, "declined")
    seen = await till.retrieve(session)

    assert (seen.state, seen.payment_status) == (CheckoutState.OPEN, PaymentStatus.UNPAID)
    assert seen.url


@pytest.mark.parametrize(("came", "status"), [(True, PaymentStatus.PAID), (False, PaymentStatus.FAILED)])
async def test_money_that_takes_days_comes_or_does_not(
    till: StripeTill, stripe: StripeProcess, asked: Opening, *, came: bool, status: PaymentStatus
) -> None:
    session = (await till.open(asked())).session_id
    stripe.pay(session, "later")

    under_way = await till.retrieve(session)
    stripe.act(f"/sessions/{session}/settlement", came=came)
    settled = await till.retrieve(session)

    assert (under_way.state, under_way.payment_status) == (CheckoutState.COMPLETE, PaymentStatus.UNPAID)
    assert (settled.state, settled.payment_status) == (CheckoutState.COMPLETE, status)


async def test_a_checkout_runs_out(till: StripeTill, stripe: StripeProcess, asked: Opening) -> None:
    session = (await till.open(asked())).session_id

    stripe.clock(ahead_s=3_700)

    assert (await till.retrieve(session)).state is CheckoutState.EXPIRED


async def test_an_open_checkout_is_closed_once_and_a_paid_one_told_as_paid(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    unpaid = (await till.open(asked())).session_id
    paid = (await till.open(asked(key="0190cc/1", reference="0190cc"))).session_id
    stripe.pay(paid)

    for _ in range(2):
        assert (await till.expire(unpaid)).state is CheckoutState.EXPIRED
    assert (await till.expire(paid)).payment_status is PaymentStatus.PAID

    with pytest.raises(TillRefused) as refused:
        await till.expire("cs_test_nowhere")
    assert refused.value.code == "resource_missing"


async def test_another_accounts_checkout_is_not_there(
    stripe: StripeProcess, till: StripeTill, asked: Opening
) -> None:
    session = (await till.open(asked())).session_id
    for key in (stripe.told["accounts"][1]["test_key"], stripe.account["live_key"]):
        stranger = a_till(stripe, key)

        with pytest.raises(TillRefused):
            await stranger.retrieve(session)
        await stranger.close()


@pytest.mark.parametrize(
    "amount",
    [
        Money(minor, code)
        for minor, code in (
            (5_000, "JPY"),
            (500, "ISK"),
            (50_120, "KWD"),
            (500_000, "UGX"),
            (10_000_000, "MGA"),
        )
    ],
)
async def test_amounts_come_back_as_they_went_whatever_stripe_counts_in(
    till: StripeTill, stripe: StripeProcess, asked: Opening, amount: Money
) -> None:
    session = (await till.open(asked(amount=amount))).session_id
    stripe.pay(session)

    seen = await till.retrieve(session)
    assert seen.payment_intent
    money = await till.money_of(seen.payment_intent)

    assert (seen.amount, money.received) == (amount, amount)
