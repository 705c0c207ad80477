"""What does not prove itself is looked at where it happened: Stripe as a process, its events told in any order (R128)."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.ledger import discrepancies
from bursar.billing.refunding import refund_invoice
from bursar.billing.states import PaidFor
from bursar.billing.tables import checkout_sessions, invoices, payments, refunds, tills
from bursar.billing.tills import sending_back
from bursar.billing.tills.checkouts import NewCheckout
from bursar.billing.tills.ports import TillThrottled, TillUnsure
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.core.work import Work
from tests.makers.billing import aed, an_invoice
from tests.makers.hooks import Counter, a_counter
from tests.makers.tenancy import a_customer, an_agent
from tests.payments import StripeProcess, stripe, stripe_process  # noqa: F401  fixtures

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(
    addresses: Addresses,
    clock: FixedClock,
    keyring: Keyring,
    stripe: StripeProcess,  # noqa: F811
) -> AsyncIterator[Counter]:
    stripe.clock(now=(clock.now() + timedelta(seconds=5)).timestamp())
    account = stripe.account
    given = {"account_id": account["id"], "key": account["test_key"]}
    async with a_counter(addresses, clock, keyring, stripe_url=stripe.told["url"], **given) as made:
        yield made
        async with made.house.office.work(made.tenant_id) as work:
            assert await discrepancies(work) == []


async def opened(counter: Counter, stripe: StripeProcess, minor: int = 100_00) -> tuple[UUID, str]:  # noqa: F811
    """An invoice with a page to pay it on; the invoice and Stripe's session."""
    async with counter.house.office.work(counter.tenant_id) as work:
        customer = await a_customer(work)
        invoice = await an_invoice(work, of=customer, minor=minor)

    async def begin(_work: Work) -> NewCheckout:
        return NewCheckout(
            about=PaidFor.INVOICE,
            about_id=invoice,
            customer_id=customer,
            amount=aed(minor),
            description="Invoice",
            locale="en",
            email="payer@example.com",
            success_url="https://firm.example/paid?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://firm.example/",
        )

    await counter.house.cashier.open(counter.tenant_id, begin)
    [row] = await counter.rows(checkout_sessions, checkout_sessions.c.about_id == invoice)
    return invoice, row.session_id


async def tell_all(
    counter: Counter,
    stripe: StripeProcess,  # noqa: F811
    *kinds: str,
    order: Random | None = None,
) -> None:
    """What Stripe has to tell, oldest first unless shuffled; only of these kinds, if any are named. And applied."""
    found = [one for one in reversed(stripe.events()) if not kinds or one["type"] in kinds]
    if order:
        order.shuffle(found)
    for event in found:
        assert await counter.tell(event) == 200
    await counter.apply()


async def errors(counter: Counter) -> list[str | None]:
    return [row.error for row in await counter.inbounds()]


async def states(counter: Counter, table: Any) -> list[str]:
    return [row.state for row in await counter.rows(table)]


async def told_of(counter: Counter, prefix: str) -> list[str]:
    return [row.type for row in await counter.rows(events, events.c.type.like(f"{prefix}%"))]


async def test_a_declined_try_leaves_the_page_open_and_the_next_one_pays(
    counter: Counter,
    stripe: StripeProcess,  # noqa: F811
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


async def test_a_page_that_ran_out_is_expired(counter: Counter, stripe: StripeProcess) -> None:  # noqa: F811
    _, session = await opened(counter, stripe)
    stripe.act(f"/sessions/{session}/expiry")

    await tell_all(counter, stripe)

    assert await states(counter, checkout_sessions) == ["expired"]
    assert await errors(counter) == [None] * len(await errors(counter))


@pytest.mark.parametrize("came", [True, False])
async def test_a_delayed_payment_is_believed_when_it_came(
    counter: Counter,
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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


# Money that an agent sends back


async def a_refund(counter: Counter, stripe: StripeProcess, minor: int = 100_00) -> UUID:  # noqa: F811
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


def refunds_at(stripe: StripeProcess) -> list[dict[str, Any]]:  # noqa: F811
    found: Iterable[dict[str, Any]] = stripe.control.get("/sessions").raise_for_status().json()
    return [refund for one in found for refund in one["refunds"]]


async def test_what_an_agent_refunds_goes_back_to_the_card_once(
    counter: Counter,
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
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
    stripe: StripeProcess,  # noqa: F811
) -> None:
    refund_id = await a_refund(counter, stripe)
    stripe.trouble("rate_limit", times=1)

    with pytest.raises(TillThrottled):
        await send(counter, refund_id)

    assert await states(counter, refunds) == ["pending"]


async def test_what_the_provider_refuses_is_the_customers_credit_again(
    counter: Counter,
    stripe: StripeProcess,  # noqa: F811
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
