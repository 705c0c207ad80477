"""Chargebacks as Stripe tells of them: news and work at first, and at the end money that stays or goes."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from bursar.billing.ledger import discrepancies
from bursar.billing.tables import credit_notes, disputes, payments, refunds
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.notifications.tables import notifications, tasks
from tests.makers.hooks import Counter, a_counter
from tests.makers.money_back import (
    a_paid_checkout,
    happened,
    refunded,
    see_dispute,
    the_invoice,
    told,
)
from tests.makers.tenancy import an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Counter]:
    """Whatever a test does here, the books agree with the ledger afterwards."""
    async with a_counter(addresses, clock, keyring) as made:
        yield made
        async with made.house.office.work(made.tenant_id) as work:
            assert await discrepancies(work) == []


async def test_a_chargeback_is_news_and_work_and_changes_no_money(counter: Counter) -> None:
    agent = await an_agent(counter.house.office, counter.tenant_id, AgentRole.AGENT)
    checkout = await a_paid_checkout(counter)

    await see_dispute(counter, checkout, "needs_response")
    await see_dispute(counter, checkout, "under_review")

    assert await happened(counter, "payment.charge") == ["payment.chargeback_opened"]
    assert await the_invoice(counter, checkout) == ("paid", 0, 0)
    assert [(row.kind, row.about_type, row.done_at) for row in await counter.rows(tasks)] == [
        ("chargeback", "payment", None)
    ]
    told_ = await counter.rows(notifications, notifications.c.agent_id == agent.id)
    assert [row.kind for row in told_ if row.kind.startswith("payment.")] == ["payment.chargeback_opened"]


async def test_a_chargeback_that_is_won_leaves_everything_as_it_was(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)

    for status in ("needs_response", "won", "won"):
        await see_dispute(counter, checkout, status)

    assert await happened(counter, "payment.charge") == [
        "payment.chargeback_opened",
        "payment.chargeback_won",
    ]
    assert await the_invoice(counter, checkout) == ("paid", 0, 0)
    assert [row.done_at is not None for row in await counter.rows(tasks)] == [True]


async def test_a_chargeback_that_is_lost_opens_the_invoice_again_and_nobody_is_reminded(
    counter: Counter,
) -> None:
    checkout = await a_paid_checkout(counter)

    await told(counter, "charge.dispute.closed", checkout.dispute("lost"))
    await told(counter, "charge.dispute.closed", checkout.dispute("lost"))

    assert await the_invoice(counter, checkout) == ("issued", 100_00, 0)
    assert sorted(row.amount_minor for row in await counter.rows(payments)) == [-100_00, 100_00]
    [dispute] = await counter.rows(disputes)
    assert (dispute.invoice_id, dispute.state) == (checkout.invoice_id, "open")
    assert (
        await counter.rows(credit_notes) == []
    )  # the sale stands: whether to credit it is an agent's to decide
    assert await happened(counter, "payment.charge") == [
        "payment.chargeback_opened",
        "payment.chargeback_lost",
    ]


@pytest.mark.parametrize("order", list(permutations(["needs_response", "under_review", "lost"])))
async def test_a_lost_chargeback_ends_the_same_in_whatever_order_it_is_told(
    counter: Counter, order: tuple[str, ...]
) -> None:
    checkout = await a_paid_checkout(counter)

    for status in order:
        await see_dispute(counter, checkout, status)

    assert await happened(counter, "payment.charge") == [
        "payment.chargeback_opened",
        "payment.chargeback_lost",
    ]
    assert await the_invoice(counter, checkout) == ("issued", 100_00, 0)
    assert len(await counter.rows(disputes)) == 1


async def test_a_part_that_is_charged_back_opens_that_part(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)

    await see_dispute(counter, checkout, "lost", 30_00)

    assert await the_invoice(counter, checkout) == ("issued", 30_00, 0)
    assert [row.amount_minor for row in await counter.rows(refunds)] == [30_00]
    assert len(await counter.rows(disputes)) == 1


async def test_what_was_refunded_before_is_not_lost_twice(counter: Counter) -> None:
    """A refund of a part, then a chargeback of the rest."""
    checkout = await a_paid_checkout(counter)
    await refunded(counter, checkout.refund(40_00))

    await see_dispute(counter, checkout, "lost", 60_00)

    assert await the_invoice(counter, checkout) == ("issued", 60_00, 40_00)
    assert sum(row.amount_minor for row in await counter.rows(refunds)) == 100_00
