"""The till's port against a Stripe that was written from its contract, over the wire; no request off our contract."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx2
import pytest

from bursar.billing.states import CheckoutState, PaymentStatus, RefundState
from bursar.billing.tills.ports import (
    ChargebackState,
    CheckoutRequest,
    Forged,
    Identity,
    SeenRefund,
    TillError,
    TillEvent,
    TillEventKind,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
    TillUnsure,
)
from bursar.core.money import Money
from bursar.integrations.stripe import client
from bursar.integrations.stripe.adapter import StripeTill
from bursar.integrations.stripe.desk import StripeDesk
from tests.contracts import Reader, WatchingThreads
from tests.payments import Listener, StripeProcess

pytestmark = pytest.mark.anyio

AMOUNT = Money(450_000, "AED")
SECRET = "whsec_0123456789abcdef0123456789abcdef"
K = TillEventKind
Opening = Callable[..., CheckoutRequest]


@pytest.fixture(autouse=True)
async def on_contract() -> AsyncIterator[None]:
    Reader.broken.clear()
    yield
    assert Reader.broken == []


def a_till(stripe: StripeProcess, key: str | None = None, url: str | None = None) -> StripeTill:
    secret = (key or stripe.account["test_key"]).encode()
    return StripeTill(
        secret, url or stripe.settings["BURSAR_STRIPE_URL"], transport=WatchingThreads("stripe")
    )


@pytest.fixture
async def till(stripe: StripeProcess) -> AsyncIterator[StripeTill]:
    till = a_till(stripe)
    yield till
    await till.close()


@pytest.fixture
def asked(stripe: StripeProcess) -> Opening:
    """What a room wants paid, an hour from now by the provider's own clock."""

    def asking(**given: Any) -> CheckoutRequest:
        now = datetime.now(UTC)
        usual = CheckoutRequest(
            key="0190aa/1",
            reference="0190aa",
            amount=AMOUNT,
            description="تأسيس شركة · Company formation",
            success_url="https://firm.example/pay/t/return?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://firm.example/pay/t/cancel",
            expires_at=now.replace(microsecond=0) + timedelta(hours=1),
            locale="ar",
            email="lina@example.com",
            metadata={"order": "0190bb"},
        )
        return replace(usual, **given)

    return asking


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


# Money back


@pytest.fixture
async def paid(till: StripeTill, stripe: StripeProcess, asked: Opening) -> str:
    """The payment intent of a checkout that was paid."""
    session = (await till.open(asked())).session_id
    stripe.pay(session)
    intent = (await till.retrieve(session)).payment_intent
    assert intent
    return intent


async def test_part_of_a_payment_goes_back_once_under_one_key(till: StripeTill, paid: str) -> None:
    back = Money(50_000, "AED")

    first = await till.refund(paid, back, key="refund/1", reason="They moved away")
    second = await till.refund(paid, back, key="refund/1", reason="They moved away")

    assert first == second
    assert (first.amount, first.state, first.payment_intent, first.key) == (
        back,
        RefundState.SUCCEEDED,
        paid,
        "refund/1",
    )
    assert (await till.money_of(paid)).refunds == [first]


async def test_no_more_goes_back_than_came(till: StripeTill, paid: str) -> None:
    await till.refund(paid, AMOUNT, key="refund/1")

    with pytest.raises(TillRefused) as refused:
        await till.refund(paid, Money(100, "AED"), key="refund/2")

    assert refused.value.code == "charge_already_refunded"


async def test_a_refund_whose_answer_was_lost_is_made_once(
    till: StripeTill, stripe: StripeProcess, paid: str
) -> None:
    stripe.trouble("lost", operation="refunds.create", times=1, accepted=True)

    with pytest.raises(TillUnsure):
        await till.refund(paid, AMOUNT, key="refund/1")
    [known] = (await till.money_of(paid)).refunds
    again = await till.refund(paid, AMOUNT, key="refund/1")

    assert again == known
    assert known.key == "refund/1"


async def test_all_that_is_known_of_a_payment(till: StripeTill, stripe: StripeProcess, paid: str) -> None:
    stripe.act(f"/payments/{paid}/refunds", amount=1_000, status="pending")
    dispute = stripe.act(f"/payments/{paid}/disputes", reason="product_not_received")

    money = await till.money_of(paid)

    assert (money.payment_intent, money.received) == (paid, AMOUNT)
    [refund] = money.refunds
    assert (refund.amount, refund.state, refund.key) == (Money(1_000, "AED"), RefundState.PENDING, None)
    [chargeback] = money.chargebacks
    assert (chargeback.state, chargeback.reason) == (ChargebackState.OPENED, "product_not_received")
    assert money.checkout is not None
    assert (money.checkout.reference, money.checkout.payment_status) == ("0190aa", PaymentStatus.PAID)

    stripe.act(f"/disputes/{chargeback.chargeback_id}/outcome", status="lost")
    [chargeback] = (await till.money_of(paid)).chargebacks
    assert chargeback.state is ChargebackState.LOST
    assert dispute


async def test_a_declined_try_leads_to_its_checkout(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    session = (await till.open(asked())).session_id
    stripe.pay(session, "declined")
    intent = stripe.seen(session)["intent"]["id"]

    money = await till.money_of(intent)

    assert money.received is None
    assert money.checkout is not None
    assert (money.checkout.session_id, money.checkout.reference) == (session, "0190aa")
    assert money.checkout.state is CheckoutState.OPEN


# Refusals

# fmt: off
ERRORS = {
    "authentication":                   TillUnauthorised,
    "api_key_invalid":                  TillUnauthorised,
    "api_key_expired":                  TillUnauthorised,
    "permission":                       TillUnauthorised,
    "account_invalid":                  TillUnauthorised,
    "bad_version":                      TillRefused,
    "bad_request":                      TillRefused,
    "unrecognised_url":                 TillRefused,
    "parameter_unknown":                TillRefused,
    "parameter_missing":                TillRefused,
    "parameter_invalid_integer":        TillRefused,
    "parameter_invalid_empty":          TillRefused,
    "parameter_invalid":                TillRefused,
    "parameters_exclusive":             TillRefused,
    "email_invalid":                    TillRefused,
    "url_invalid":                      TillRefused,
    "amount_too_small":                 TillRefused,
    "amount_too_large":                 TillRefused,
    "invalid_charge_amount":            TillRefused,
    "resource_missing":                 TillRefused,
    "status_transition_invalid":        TillRefused,
    "charge_already_refunded":          TillRefused,
    "charge_disputed":                  TillRefused,
    "payment_intent_unexpected_state":  TillRefused,
    "idempotency":                      TillRefused,
    "card_declined":                    TillRefused,
    "idempotency_key_in_use":           TillUnsure,
    "lock_timeout":                     TillThrottled,
    "rate_limit":                       TillThrottled,
    "api_error":                        TillUnsure,
    "bad_gateway":                      TillUnsure,
    "unavailable":                      TillUnsure,
    "nonsense":                         TillUnsure,
}
# fmt: on


async def test_every_error_that_can_be_had_is_in_the_table(stripe: StripeProcess) -> None:
    assert set(stripe.control.get("/errors").json()) == set(ERRORS) - {"nonsense"}


@pytest.mark.parametrize("name", ERRORS)
async def test_each_error_has_its_meaning_and_only_one_is_asked(
    till: StripeTill, stripe: StripeProcess, asked: Opening, name: str
) -> None:
    stripe.trouble(name, operation="checkout.sessions.create", times=None)

    with pytest.raises(TillError) as raised:
        await till.open(asked())

    assert type(raised.value) is ERRORS[name]
    assert raised.value.text
    assert len(stripe.calls("checkout.sessions.create")) == 1


async def test_stripe_says_how_long_to_wait(till: StripeTill, stripe: StripeProcess) -> None:
    stripe.trouble("rate_limit", retry_after=7, times=1)

    with pytest.raises(TillThrottled) as throttled:
        await till.who()

    assert throttled.value.retry_after == 7
    assert (await till.who()).account_id == stripe.account["id"]


async def test_too_many_at_once_are_told_to_wait(stripe: StripeProcess, asked: Opening) -> None:
    stripe.set(test_requests_per_second=5)
    till = a_till(stripe)

    answers = await asyncio.gather(*(till.who() for _ in range(30)), return_exceptions=True)
    await till.close()

    assert {type(one) for one in answers} == {Identity, TillThrottled}


async def test_a_key_that_was_taken_back_is_told_apart(till: StripeTill, stripe: StripeProcess) -> None:
    stripe.act(f"/accounts/{stripe.account['id']}/revocation")

    with pytest.raises(TillUnauthorised):
        await till.who()

    assert stripe.control.delete(f"/accounts/{stripe.account['id']}/revocation").is_success
    assert (await till.who()).account_id == stripe.account["id"]


async def test_many_tasks_use_one_till_at_once(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    requests = [asked(key=f"{number}/1", reference=str(number)) for number in range(40)]

    seen = await asyncio.gather(*map(till.open, requests))

    assert [one.reference for one in seen] == [str(number) for number in range(40)]
    assert len({one.session_id for one in seen}) == 40


async def test_whoever_gives_up_does_not_wait_for_the_answer(
    till: StripeTill, stripe: StripeProcess, asked: Opening
) -> None:
    request = asked()
    stripe.trouble("stall", operation="checkout.sessions.create", times=1)

    with anyio.move_on_after(0.5) as given_up:
        await till.open(request)
    assert given_up.cancelled_caught
    stripe.control.post("/release").raise_for_status()

    seen = None
    with anyio.fail_after(20):
        while seen is None:  # the first may still be at work under this key
            with suppress(TillUnsure):
                seen = await till.open(request)
    assert [one["session"]["id"] for one in stripe.control.get("/sessions").json()] == [seen.session_id]


async def test_a_silent_provider_is_waited_for_no_longer_than_its_time(
    stripe: StripeProcess, asked: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", httpx2.Timeout(0.3, connect=1))
    till = a_till(stripe)
    stripe.trouble("stall", operation="checkout.sessions.create", times=1)

    with anyio.fail_after(10), pytest.raises(TillUnsure) as unsure:
        await till.open(asked())
    stripe.control.post("/release").raise_for_status()
    await till.close()

    assert unsure.value.code == "no_answer"


# Webhooks


def told(listener: Listener, *, secrets: tuple[str, ...] = (SECRET,)) -> list[TillEvent]:
    """Each webhook that came, verified and read."""
    desk = StripeDesk()
    for one in listener.came:
        desk.verify(one.body, one.signature, [secret.encode() for secret in secrets], datetime.now(UTC))
    return [desk.read(one.event) for one in listener.came]


async def test_what_a_webhook_says_is_what_retrieving_says(
    till: StripeTill, stripe: StripeProcess, listener: Listener, asked: Opening
) -> None:
    stripe.listen(listener.url, secret=SECRET)
    session = (await till.open(asked())).session_id
    stripe.pay(session, "declined")
    stripe.pay(session)
    stripe.idle()

    known = {event.kind: event for event in told(listener)}
    paid = known[K.CHECKOUT_COMPLETED]
    assert paid.told == await till.retrieve(session)
    assert (paid.is_decisive, paid.live) == (True, False)
    declined = known[K.PAYMENT_FAILED]
    assert (declined.told, declined.is_decisive) == (None, False)
    assert declined.payment_intent == paid.payment_intent


@pytest.mark.parametrize("came", [True, False])
async def test_webhooks_of_money_that_takes_days(
    till: StripeTill, stripe: StripeProcess, listener: Listener, asked: Opening, *, came: bool
) -> None:
    stripe.listen(listener.url, secret=SECRET)
    session = (await till.open(asked())).session_id
    stripe.pay(session, "later")
    stripe.act(f"/sessions/{session}/settlement", came=came)
    stripe.idle()

    known = {event.kind: event for event in told(listener)}
    assert not known[K.CHECKOUT_COMPLETED].is_decisive
    settled = known[K.ASYNC_SUCCEEDED if came else K.ASYNC_FAILED]
    assert settled.is_decisive is came
    assert settled.told == await till.retrieve(session)


async def test_webhooks_of_a_checkout_that_ran_out(
    till: StripeTill, stripe: StripeProcess, listener: Listener, asked: Opening
) -> None:
    stripe.listen(listener.url, secret=SECRET)
    session = (await till.open(asked())).session_id
    stripe.act(f"/sessions/{session}/expiry")
    stripe.idle()

    [event] = [one for one in told(listener) if one.kind is K.CHECKOUT_EXPIRED]
    assert event.told == await till.retrieve(session)
    assert not event.is_decisive


async def test_webhooks_of_money_that_goes_back(
    till: StripeTill, stripe: StripeProcess, listener: Listener, paid: str
) -> None:
    stripe.listen(listener.url, secret=SECRET)
    refund = await till.refund(paid, Money(50_000, "AED"), key="refund/1", reason="duplicate")
    stripe.act(f"/payments/{paid}/disputes")
    [opened] = (await till.money_of(paid)).chargebacks
    stripe.act(f"/disputes/{opened.chargeback_id}/outcome", status="lost")
    [lost] = (await till.money_of(paid)).chargebacks
    stripe.idle()

    events = told(listener)
    refunds = [one for one in events if one.kind is K.REFUND]
    chargebacks = [one for one in events if one.kind is K.CHARGEBACK]
    assert {one.payment_intent for one in (*refunds, *chargebacks)} == {paid}
    whole = [one.told for one in refunds if isinstance(one.told, SeenRefund)]
    assert whole
    assert all(one == refund for one in whole)
    assert opened in [one.told for one in chargebacks]
    assert [one.told for one in chargebacks if one.is_decisive][-1] == lost


async def test_two_secrets_are_good_while_one_is_changed(stripe: StripeProcess, listener: Listener) -> None:
    endpoint = stripe.listen(listener.url, secret=SECRET)
    stripe.act(f"/endpoints/{endpoint['id']}/rotation", secret="whsec_the_next_one_0123456789abcdef")
    stripe.pay(stripe.open()["id"])
    stripe.idle()

    for secret in (SECRET, "whsec_the_next_one_0123456789abcdef"):
        assert told(listener, secrets=(secret,))
    with pytest.raises(Forged):
        told(listener, secrets=("whsec_of_somebody_else",))


@pytest.mark.parametrize(
    "forgery", [{"forge": "signature"}, {"forge": "body"}, {"skew_s": -400}, {"skew_s": 400}]
)
async def test_no_forgery_is_believed(
    stripe: StripeProcess, listener: Listener, forgery: dict[str, Any]
) -> None:
    stripe.listen(listener.url, secret=SECRET)
    stripe.behave(**forgery)
    stripe.pay(stripe.open()["id"])
    stripe.idle()

    assert listener.came
    for one in listener.came:
        with pytest.raises(Forged):
            StripeDesk().verify(one.body, one.signature, [SECRET.encode()], datetime.now(UTC))
