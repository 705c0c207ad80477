"""What does not prove itself is looked at where it happened: Stripe as a process, its events told in any order (R128)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random

import pytest

from bursar.billing.tables import checkout_sessions, invoices, payments, refunds, tills
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import events
from tests.makers.at_stripe import a_counter_at, opened, states, tell_all
from tests.makers.hooks import Counter
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, stripe: StripeProcess
) -> AsyncIterator[Counter]:
    async with a_counter_at(stripe, addresses, clock, keyring) as made:
        yield made


async def errors(counter: Counter) -> list[str | None]:
    return [row.error for row in await counter.inbounds()]


async def told_of(counter: Counter, prefix: str) -> list[str]:
    return [row.type for row in await counter.rows(events, events.c.type.like(f"{prefix}%"))]


async def test_a_declined_try_leaves_the_page_open_and_the_next_one_pays(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    _, session = await opened(counter, stripe)
    stripe.pay(session, "declined")
    await tell_all(counter, stripe)
    assert await states(counter, checkout_sessions) == ["open"]
    assert (await told_of(counter, "checkout_session.")).count("checkout_session.declined") == 1

    stripe.pay(session)
    await tell_all(counter, stripe)

    assert await states(counter, invoices) == ["paid"]
    assert (await told_of(counter, "checkout_session.")).count("checkout_session.declined") == 1
    assert len(await counter.rows(payments)) == 1


async def test_a_page_that_ran_out_is_expired(counter: Counter, stripe: StripeProcess) -> None:
    _, session = await opened(counter, stripe)
    stripe.act(f"/sessions/{session}/expiry")

    await tell_all(counter, stripe)

    assert await states(counter, checkout_sessions) == ["expired"]
    assert await errors(counter) == [None] * len(await errors(counter))


@pytest.mark.parametrize("came", [True, False])
async def test_a_delayed_payment_is_believed_when_it_came(
    counter: Counter,
    stripe: StripeProcess,
    came: bool,
) -> None:
    _, session = await opened(counter, stripe)
    stripe.pay(session, "later")
    await tell_all(counter, stripe)
    assert [(row.state, row.payment_status) for row in await counter.rows(checkout_sessions)] == [
        ("complete", "unpaid")
    ]
    assert await states(counter, invoices) == ["issued"]

    stripe.act(f"/sessions/{session}/settlement", came=came)
    await tell_all(counter, stripe)

    assert await states(counter, invoices) == ["paid" if came else "issued"]
    assert (await told_of(counter, "checkout_session."))[
        -1
    ] == f"checkout_session.{'paid' if came else 'failed'}"


async def test_a_refund_that_is_told_before_its_payment_applies_the_payment_first(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    _, session = await opened(counter, stripe)
    intent = stripe.pay(session) and stripe.seen(session)["session"]["payment_intent"]
    stripe.act(f"/payments/{intent}/refunds", amount=40_00)

    await tell_all(counter, stripe, "refund.created", "charge.refunded")

    assert await states(counter, invoices) == ["paid"]
    assert [row.amount_minor for row in await counter.rows(refunds)] == [40_00]
    await tell_all(counter, stripe)
    assert len(await counter.rows(payments)) == 1
    assert len(await counter.rows(refunds)) == 1


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_order_money_that_came_and_went_ends_the_same(
    counter: Counter,
    stripe: StripeProcess,
    seed: int,
) -> None:
    _, session = await opened(counter, stripe)
    stripe.pay(session, "declined")
    stripe.pay(session)
    intent = stripe.seen(session)["session"]["payment_intent"]
    stripe.act(f"/payments/{intent}/refunds", amount=30_00)
    dispute = stripe.act(f"/payments/{intent}/disputes")
    stripe.act(f"/disputes/{dispute['id']}/outcome", status="won")

    await tell_all(counter, stripe, order=Random(seed))
    await tell_all(counter, stripe, order=Random(seed + 100))

    [invoice] = await counter.rows(invoices)
    assert (invoice.state, invoice.balance_minor, invoice.refunded_minor) == ("paid", 0, 30_00)
    assert [row.amount_minor for row in await counter.rows(refunds)] == [30_00]
    assert await told_of(counter, "payment.charge") == ["payment.chargeback_opened", "payment.chargeback_won"]
    assert [row.handled_at is None for row in await counter.inbounds()] == [False] * len(
        await counter.inbounds()
    )


async def test_money_of_another_program_at_the_same_account_is_left_alone(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    session = stripe.open(amount=77_00)["id"]
    stripe.pay(session)
    intent = stripe.seen(session)["session"]["payment_intent"]
    stripe.act(f"/payments/{intent}/refunds")

    await tell_all(counter, stripe)

    assert await counter.rows(payments) == []
    assert all(row.handled_at is not None for row in await counter.inbounds())
    assert {"none of our checkouts", "not money of our checkouts"} >= {
        one for one in await errors(counter) if one
    }


async def test_a_silent_provider_spends_no_tries(
    counter: Counter,
    stripe: StripeProcess,
    clock: FixedClock,
) -> None:
    _, session = await opened(counter, stripe)
    stripe.act(f"/sessions/{session}/expiry")
    stripe.trouble("lost", times=1)
    await tell_all(counter, stripe, "checkout.session.expired")
    [kept] = await counter.inbounds()
    assert (kept.handled_at, kept.attempts, kept.error) == (None, 0, "the provider did not answer")

    clock.advance(timedelta(minutes=5))
    await counter.apply()

    assert await states(counter, checkout_sessions) == ["expired"]


async def test_a_till_whose_key_was_revoked_needs_its_owner_and_its_events_wait(
    counter: Counter,
    stripe: StripeProcess,
    clock: FixedClock,
) -> None:
    _, session = await opened(counter, stripe)
    stripe.act(f"/sessions/{session}/expiry")
    account = stripe.account["id"]
    stripe.act(f"/accounts/{account}/revocation")
    try:
        await tell_all(counter, stripe, "checkout.session.expired")
        assert await states(counter, tills) == ["needs_reauth"]
        [kept] = await counter.inbounds()
        assert (kept.handled_at, kept.attempts) == (None, 0)
    finally:
        stripe.control.delete(f"/accounts/{account}/revocation").raise_for_status()

    clock.advance(timedelta(minutes=30))
    await counter.apply()

    assert await states(counter, checkout_sessions) == ["expired"]
