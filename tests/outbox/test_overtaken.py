"""Facts between the freeze and the claim: who is not written to any more, and what a message then says."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.billing.tables import invoices
from bursar.chasing.campaigns import send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.tables import incoming_messages, suppressions
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.tables import customers
from tests.makers.billing import pay
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, late_customers, on_its_way
from tests.makers.wire import (
    answer,
    change_sends,
    claimed,
    one_send,
    sends_of,
    subjects_of,
    tried,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    """A firm of its own in the shared database: nothing here looks across tenants."""
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


async def paid(work, customer, invoice) -> None:
    await pay(work, invoice, 100_00)


async def promised(work, customer, invoice) -> None:
    await make_promise(work, invoice, promised_for=work.today + timedelta(days=3))


async def disputed(work, customer, invoice) -> None:
    await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")


async def suspended(work, customer, invoice) -> None:
    await suspend_customer(work, customer, reason="Asked by phone")


async def replied(work, customer, invoice) -> None:
    row = {
        "channel": "email",
        "from_address": "them@example.com",
        "customer_id": customer,
        "class": "human",
        "provider_message_id": f"m-{customer}",
        "received_at": work.now,
    }
    await work.db.execute(sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row))


async def _opted_out(work, customer, reason: str) -> None:
    key = await work.db.scalar(sa.select(customers.c.email_key).where(customers.c.id == customer))
    row = {"channel": "email", "address_key": key, "scope": "all", "reason": reason}
    await work.db.execute(sa.insert(suppressions).values(tenant_id=work.tenant_id, **row))


async def unsubscribed(work, customer, invoice) -> None:
    await _opted_out(work, customer, "unsubscribe")


async def complained(work, customer, invoice) -> None:
    await _opted_out(work, customer, "complaint")


async def bounced_elsewhere(work, customer, invoice) -> None:
    await _opted_out(work, customer, "hard_bounce")


OVERTAKEN = {
    paid: "paid",
    promised: "promise",
    disputed: "dispute",
    suspended: "customer_suspended",
    replied: "replied",
    unsubscribed: "unsubscribed",
    complained: "complaint",
    bounced_elsewhere: "hard_bounce",
}


@pytest.mark.parametrize("fact", OVERTAKEN, ids=lambda fact: fact.__name__)
async def test_who_a_fact_overtook_is_not_written_to(story: Story, fact) -> None:
    office = story.house.office
    async with office.work(story.tenant_id) as work:
        overtaken, other = await late_customers(work, 2)
        campaign = await a_campaign(work)
    async with office.work(story.tenant_id) as work:
        invoice = (
            await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == overtaken))
        ).one()
        await fact(work, overtaken, invoice)
        await send_now(work, campaign)

    batch = await claimed(story)
    await answer(story, batch, "accepted")

    assert {(one.customer_id, one.state, one.reason) for one in await sends_of(story)} == {
        (overtaken, "suppressed", OVERTAKEN[fact]),
        (other, "sent", None),
    }


async def test_one_of_three_invoices_that_was_paid_is_left_out_of_the_mail(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1, invoices=3)
        await a_released_campaign(work)
        first = (
            await work.db.execute(
                sa.select(invoices.c.id, invoices.c.number).where(invoices.c.customer_id == customer).limit(1)
            )
        ).one()
    async with story.house.office.work(story.tenant_id) as work:
        await pay(work, first.id, 100_00)

    batch = await claimed(story)

    assert first.number.encode() not in batch.letters[0].message
    send = await one_send(story)
    assert len(send.merge_data["invoices"]) == 2
    assert send.merge_data["totals"][0]["balance"] == "AED\u00a0200.00"
    assert sorted((one.dropped_at is None, one.reason) for one in await subjects_of(story)) == [
        (False, "paid"),
        (True, None),
        (True, None),
    ]


async def test_an_amount_that_fell_is_said_as_it_is_now(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1)
        await a_released_campaign(work)
        invoice = (
            await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == customer))
        ).one()
        await pay(work, invoice, 40_00)

    await claimed(story)

    assert (await one_send(story)).merge_data["totals"][0]["balance"] == "AED\u00a060.00"


async def test_more_than_was_reviewed_waits_for_a_person(story: Story) -> None:
    await on_its_way(story)
    send = await one_send(story)
    [invoice] = send.reviewed["invoices"]
    changes = {
        "balance": {"to": send.to_address, "invoices": {invoice: 99_99}},
        "address": {"to": "old@example.com", "invoices": {invoice: 100_00}},
        "invoice_added": {"to": send.to_address, "invoices": {}},
    }
    for reviewed in changes.values():
        await change_sends(story, reviewed=reviewed, reason=None)

        assert await tried(story) is None

        send = await one_send(story)
        assert (send.state, send.reason, send.attempts) == ("queued", "changed", 0)
        assert await tried(story) is None, "held(changed) was claimed"


async def test_a_text_edited_by_hand_allows_no_change_at_all(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1, invoices=2)
        await a_released_campaign(work)
        [invoice, _] = await work.db.scalars(
            sa.select(invoices.c.id).where(invoices.c.customer_id == customer)
        )
    await change_sends(story, edited_subject="About your two invoices")
    async with story.house.office.work(story.tenant_id) as work:
        await pay(work, invoice, 10_00)

    assert await tried(story) is None

    assert (await one_send(story)).reason == "changed"
