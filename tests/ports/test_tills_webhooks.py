"""Webhooks as a Stripe of its own process brings them: what they say is what retrieving says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bursar.billing.tills.ports import (
    Forged,
    SeenRefund,
    TillEvent,
    TillEventKind,
)
from bursar.core.money import Money
from bursar.integrations.stripe.adapter import StripeTill
from bursar.integrations.stripe.desk import StripeDesk
from tests.makers.stripe_tills import Opening
from tests.payments import Listener, StripeProcess

pytestmark = pytest.mark.anyio

SECRET = "whsec_0123456789abcdef0123456789abcdef"
K = TillEventKind


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
