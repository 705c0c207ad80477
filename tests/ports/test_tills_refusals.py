"""What a Stripe that refuses, is in a hurry or says nothing means to the till's port."""

import asyncio
from contextlib import suppress

import anyio
import httpx2
import pytest

from bursar.billing.tills.ports import (
    Identity,
    TillError,
    TillRefused,
    TillThrottled,
    TillUnauthorised,
    TillUnsure,
)
from bursar.integrations.stripe import client
from bursar.integrations.stripe.adapter import StripeTill
from tests.makers.stripe_tills import Opening, a_till
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio

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
