"""What an agent refunds goes back to the card: once, whatever answers are lost (three beats, R130)."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.refunding import refund_invoice
from bursar.billing.tables import invoices, refunds
from bursar.billing.tills import sending_back
from bursar.billing.tills.ports import TillThrottled, TillUnsure
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.at_stripe import a_counter_at, opened, states, tell_all
from tests.makers.billing import aed
from tests.makers.hooks import Counter
from tests.makers.tenancy import an_agent
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, stripe: StripeProcess
) -> AsyncIterator[Counter]:
    async with a_counter_at(stripe, addresses, clock, keyring) as made:
        yield made


async def a_refund(counter: Counter, stripe: StripeProcess, minor: int = 100_00) -> UUID:
    """Of a paid invoice, ordered through the till."""
    invoice, session = await opened(counter, stripe)
    stripe.pay(session)
    await tell_all(counter, stripe)
    agent = await an_agent(counter.house.office, counter.tenant_id, AgentRole.AGENT)
    async with counter.house.office.work(counter.tenant_id, actor=agent) as work:
        [made] = await refund_invoice(work, invoice, because="sent back", amount=aed(minor), by_till=True)
    return made.id


async def send(counter: Counter, refund_id: UUID) -> None:
    await sending_back.send_back(counter.house.cashier, counter.tenant_id, refund_id)


def refunds_at(stripe: StripeProcess) -> list[dict[str, Any]]:
    found: Iterable[dict[str, Any]] = stripe.control.get("/sessions").raise_for_status().json()
    return [refund for one in found for refund in one["refunds"]]


async def test_what_an_agent_refunds_goes_back_to_the_card_once(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    refund_id = await a_refund(counter, stripe, 60_00)

    await send(counter, refund_id)
    await send(counter, refund_id)
    await tell_all(counter, stripe)

    [there] = refunds_at(stripe)
    [here] = await counter.rows(refunds)
    assert (there["amount"], here.state, here.external_id) == (60_00, "succeeded", there["id"])
    [invoice] = await counter.rows(invoices)
    assert (invoice.state, invoice.refunded_minor) == ("paid", 60_00)


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    counter: Counter,
    stripe: StripeProcess,
    accepted: bool,
) -> None:
    refund_id = await a_refund(counter, stripe)
    stripe.trouble("lost", accepted=accepted, times=1)

    with pytest.raises(TillUnsure):
        await send(counter, refund_id)
    [here] = await counter.rows(refunds)
    assert (here.state, here.external_id) == ("pending", None)
    await send(counter, refund_id)

    assert len(refunds_at(stripe)) == 1
    assert await states(counter, refunds) == ["succeeded"]


async def test_after_a_day_it_is_looked_for_before_it_is_asked_again(
    counter: Counter,
    stripe: StripeProcess,
    clock: FixedClock,
) -> None:
    refund_id = await a_refund(counter, stripe)
    stripe.trouble("lost", accepted=True, times=1)
    with pytest.raises(TillUnsure):
        await send(counter, refund_id)
    before = len(stripe.calls("refunds.create"))

    clock.advance(timedelta(days=2))
    await sending_back.send_back_all(counter.house.cashier)

    assert len(stripe.calls("refunds.create")) == before
    assert await states(counter, refunds) == ["succeeded"]


async def test_too_many_questions_leave_it_on_its_way(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    refund_id = await a_refund(counter, stripe)
    stripe.trouble("rate_limit", times=1)

    with pytest.raises(TillThrottled):
        await send(counter, refund_id)

    assert await states(counter, refunds) == ["pending"]


async def test_what_the_provider_refuses_is_the_customers_credit_again(
    counter: Counter,
    stripe: StripeProcess,
) -> None:
    """It went back by somebody's hand at Stripe a moment before."""
    refund_id = await a_refund(counter, stripe)
    [session] = stripe.control.get("/sessions").raise_for_status().json()
    stripe.act(f"/payments/{session['session']['payment_intent']}/refunds")

    await send(counter, refund_id)
    assert await states(counter, refunds) == ["failed"]
    await tell_all(counter, stripe)

    assert sorted(await states(counter, refunds)) == ["failed", "succeeded"]
    assert await states(counter, invoices) == ["refunded"]
