"""Refunds and chargebacks as Stripe tells of them: booked once, with what the law wants beside them (R74, R128)."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.ledger import discrepancies
from bursar.billing.payments import NewPayment, record_payment
from bursar.billing.refunding import refund_invoice
from bursar.billing.refunds import NewRefund, fail_refund, refund_payment, succeed_refund
from bursar.billing.tables import credit_notes, invoices, payments, refunds
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.notifications.tables import notifications, tasks
from tests.makers.billing import aed, an_invoice
from tests.makers.hooks import Checkout, Counter, a_counter
from tests.makers.money_back import (
    a_paid_checkout,
    happened,
    refunded,
    seen_refund,
    the_invoice,
)
from tests.makers.tenancy import acting, an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Counter]:
    """Whatever a test does here, the books agree with the ledger afterwards."""
    async with a_counter(addresses, clock, keyring) as made:
        yield made
        async with made.house.office.work(made.tenant_id) as work:
            assert await discrepancies(work) == []


async def test_a_whole_refund_made_at_stripe_brings_its_credit_note(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)
    about = checkout.refund()

    await refunded(counter, about)
    await refunded(counter, about)  # another event of the same refund

    assert await the_invoice(counter, checkout) == ("refunded", 0, 100_00)
    [note], [refund] = await counter.rows(credit_notes), await counter.rows(refunds)
    assert (note.amount_minor, note.released_minor) == (100_00, 100_00)
    assert (refund.external_id, refund.amount_minor, refund.credit_note_id, refund.state, refund.method) == (
        about["id"],
        100_00,
        note.id,
        "succeeded",
        "card",
    )
    assert await happened(counter, "refund.") == ["refund.pending", "refund.succeed"]


async def test_parts_add_up_to_a_whole_refund(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)

    await refunded(counter, checkout.refund(40_00))
    assert await the_invoice(counter, checkout) == ("paid", 0, 40_00)
    await refunded(counter, checkout.refund(60_00))

    assert await the_invoice(counter, checkout) == ("refunded", 0, 100_00)
    assert [row.amount_minor for row in await counter.rows(credit_notes)] == [40_00, 60_00]


async def test_what_an_agent_has_credited_already_is_not_credited_again(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)
    async with counter.house.office.work(counter.tenant_id) as work:
        note = await issue_credit_note(work, checkout.invoice_id, aed(30_00), because="goodwill")

    await refunded(counter, checkout.refund(50_00))

    assert [row.amount_minor for row in await counter.rows(credit_notes)] == [30_00, 20_00]
    found = await counter.rows(refunds)
    assert [(row.amount_minor, row.credit_note_id == note.id) for row in found] == [
        (30_00, True),
        (20_00, False),
    ]
    assert found[1].external_id == f"{found[0].external_id}/2"
    assert await the_invoice(counter, checkout) == ("paid", 0, 50_00)


async def test_money_that_pays_nothing_goes_back_without_a_credit_note(counter: Counter) -> None:
    """Paid twice, from two tabs: the second money is the customer's credit (T54)."""
    first = await counter.checkout()
    second = await counter.checkout(invoice=first.invoice_id, customer_id=first.customer_id, attempt=2)
    await counter.completed(first)
    await counter.completed(second)
    await counter.apply()

    await refunded(counter, second.refund())

    assert await counter.rows(credit_notes) == []
    assert await the_invoice(counter, first) == ("paid", 0, 0)


async def test_an_invoice_that_was_paid_in_part_is_simply_open_again(counter: Counter) -> None:
    async with counter.house.office.work(counter.tenant_id) as work:
        invoice = await an_invoice(work, minor=100_00)
        owner = (await work.db.execute(invoices.select().where(invoices.c.id == invoice))).one().customer_id
    checkout = await a_paid_checkout(counter, invoice=invoice, customer_id=owner, minor=60_00)
    assert await the_invoice(counter, checkout) == ("issued", 40_00, 0)

    await refunded(counter, checkout.refund(25_00))

    assert await counter.rows(credit_notes) == []
    assert await the_invoice(counter, checkout) == ("issued", 65_00, 0)


async def test_only_this_payments_money_is_set_free(counter: Counter) -> None:
    """A transfer paid the rest, after the card: what the card had paid goes back to the card."""
    async with counter.house.office.work(counter.tenant_id) as work:
        invoice = await an_invoice(work, minor=100_00)
        owner = (await work.db.execute(invoices.select().where(invoices.c.id == invoice))).one().customer_id
    checkout = await a_paid_checkout(counter, invoice=invoice, customer_id=owner, minor=60_00)
    async with counter.house.office.work(counter.tenant_id) as work:
        transfer = NewPayment(aed(40_00), work.today, allocate_to=[(invoice, None)])
        await record_payment(work, transfer)

    await refunded(counter, checkout.refund(60_00))

    assert await the_invoice(counter, checkout) == ("paid", 0, 60_00)
    [refund] = await counter.rows(refunds)
    card = next(row for row in await counter.rows(payments) if row.source == "stripe")
    assert (refund.payment_id, refund.amount_minor) == (card.id, 60_00)


async def test_a_refund_that_is_under_way_is_booked_when_it_arrived(counter: Counter) -> None:
    checkout = await a_paid_checkout(counter)
    about = checkout.refund(status="succeeded")

    assert await happened(counter, "refund.") == []
    await refunded(counter, about)

    assert len(await counter.rows(refunds)) == 1


async def an_ordered_refund(counter: Counter, minor: int = 100_00) -> tuple[Checkout, UUID]:
    """By an agent, through the till; on its way."""
    checkout = await a_paid_checkout(counter)
    agent = await an_agent(counter.house.office, counter.tenant_id, AgentRole.AGENT)
    async with counter.house.office.work(counter.tenant_id, actor=agent) as work:
        [made] = await refund_invoice(
            work, checkout.invoice_id, because="sent back", amount=aed(minor), by_till=True
        )
    return checkout, made.id


async def test_our_own_refund_is_known_by_its_key_before_stripes_answer(counter: Counter) -> None:
    checkout, refund_id = await an_ordered_refund(counter)

    await refunded(counter, checkout.refund(metadata={"bursar_key": refund_id.hex}, id="re_ours"))

    [refund] = await counter.rows(refunds)
    assert (refund.id, refund.state, refund.external_id) == (refund_id, "succeeded", "re_ours")
    assert await the_invoice(counter, checkout) == ("refunded", 0, 100_00)


async def test_a_key_that_names_another_payments_refund_is_a_refund_of_its_own(counter: Counter) -> None:
    _, refund_id = await an_ordered_refund(counter)
    other = await a_paid_checkout(counter)

    await refunded(counter, other.refund(metadata={"bursar_key": refund_id.hex}))

    states = {row.id: row.state for row in await counter.rows(refunds)}
    assert states[refund_id] == "pending"
    assert await the_invoice(counter, other) == ("refunded", 0, 100_00)


async def test_an_agent_does_not_say_how_it_ended_while_the_till_will(counter: Counter) -> None:
    _, refund_id = await an_ordered_refund(counter)

    async with counter.house.office.work(counter.tenant_id, actor=acting(AgentRole.OWNER)) as work:
        with pytest.raises(Conflict, match="will say"):
            await succeed_refund(work, refund_id)
        with pytest.raises(Conflict, match="will say"):
            await fail_refund(work, refund_id, because="I think so")


async def test_money_that_came_by_bank_cannot_go_back_by_card(counter: Counter) -> None:
    async with counter.house.office.work(counter.tenant_id) as work:
        invoice = await an_invoice(work)
        paid = await record_payment(work, NewPayment(aed(150_00), work.today, allocate_to=[(invoice, None)]))
        with pytest.raises(Conflict, match="cannot go back by card"):
            await refund_payment(
                work, NewRefund(paid.payment_id, aed(50_00), work.today, "too much", by_till=True)
            )


async def test_a_refund_that_came_back_is_told_once(counter: Counter) -> None:
    agent = await an_agent(counter.house.office, counter.tenant_id, AgentRole.AGENT)
    checkout, refund_id = await an_ordered_refund(counter)
    ours = {"metadata": {"bursar_key": refund_id.hex}, "id": "re_ours"}
    await refunded(counter, checkout.refund(**ours))
    for _ in range(2):
        await seen_refund(
            counter, checkout, checkout.refund(**ours, status="failed", failure_reason="lost_card")
        )

    assert (await happened(counter, "refund.")).count("refund.came_back") == 1
    assert [row.kind for row in await counter.rows(tasks)] == ["refund_failed"]
    assert "refund.came_back" in {
        row.kind for row in await counter.rows(notifications, notifications.c.agent_id == agent.id)
    }


async def test_a_refund_of_ours_that_failed_is_the_customers_credit_again(counter: Counter) -> None:
    checkout, refund_id = await an_ordered_refund(counter, 40_00)

    await seen_refund(
        counter, checkout, checkout.refund(40_00, metadata={"bursar_key": refund_id.hex}, status="failed")
    )

    [refund] = await counter.rows(refunds)
    assert refund.state == "failed"
    assert [row.kind for row in await counter.rows(tasks)] == ["refund_failed"]
