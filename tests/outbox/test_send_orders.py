"""Sends ordered, called off and tried again by people."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from bursar.chasing.campaigns import cancel, retry_failed, send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove
from bursar.core.keys import Keyring
from bursar.outbox import runs
from bursar.outbox.ordering import Order, Subject, order
from bursar.outbox.states import MailStream, Purpose
from tests.makers.billing import an_overdue_invoice
from tests.makers.outbox import a_version
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, late_customers, on_its_way
from tests.makers.tenancy import a_customer
from tests.makers.wire import (
    answer,
    change_sends,
    claimed,
    one_send,
    sends_of,
    standing,
    subjects_of,
    tried,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    """A firm of its own in the shared database: nothing here looks across tenants."""
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


async def test_a_cancelled_campaign_cancels_what_is_queued_and_frees_its_subjects(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2)
        campaign = await a_campaign(work)
        assert await cancel(work, campaign) == 2

    assert {(one.state, one.reason, one.queue_at) for one in await sends_of(story)} == {
        ("cancelled", "run_closed", None)
    }
    assert all(one.dropped_at for one in await subjects_of(story))


@pytest.mark.parametrize("way", ["deferred", "unreachable", "signed_out", "over_quota", "policy"])
async def test_what_comes_back_from_the_wire_after_a_cancel_is_cancelled_too(story: Story, way: str) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_released_campaign(work)
    batch = await claimed(story)
    async with story.house.office.work(story.tenant_id) as work:
        await cancel(work, campaign)

    await answer(story, batch, way)

    send = await one_send(story)
    assert (send.state, send.reason, send.queue_at) == ("cancelled", "run_closed", None)
    assert all(one.dropped_at for one in await subjects_of(story))


async def failed_campaign(story: Story):
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2)
        campaign = await a_released_campaign(work)
    await answer(story, await claimed(story), "accepted", "rejected")
    async with story.house.office.work(story.tenant_id) as work:
        found = (
            await work.db.scalars(sa.text("select run_id from campaigns where id = :id"), {"id": campaign})
        ).one()
        await runs.finish_those_done(work, [found])
    return campaign


async def test_retrying_takes_the_failed_sends_alone_and_a_new_try_has_the_same_key(story: Story) -> None:
    campaign = await failed_campaign(story)
    assert await standing(story, campaign) == ("completed", None, "closed", "finished")
    before = {one.touch_key for one in await sends_of(story)}

    async with story.house.office.work(story.tenant_id) as work:
        assert await retry_failed(work, campaign) == 1
    batch = await claimed(story)
    await answer(story, batch, "accepted")

    assert len(batch.letters) == 1
    assert {one.state for one in await sends_of(story)} == {"sent"}
    assert {one.touch_key for one in await sends_of(story)} == before


async def test_nothing_is_retried_while_one_is_uncertain(story: Story) -> None:
    campaign = await failed_campaign(story)
    async with story.house.office.work(story.tenant_id) as work:
        await work.db.execute(
            sa.text("update sends set state = 'uncertain' where tenant_id = :t and state = 'sent'"),
            {"t": work.tenant_id},
        )

    with pytest.raises(Conflict) as refusal:
        async with story.house.office.work(story.tenant_id) as work:
            await retry_failed(work, campaign)

    assert refusal.value.code == "uncertain_sends"


@pytest.mark.parametrize("state", ["sent", "failed", "bounced", "suppressed", "cancelled", "uncertain"])
async def test_nothing_but_a_queued_send_is_claimed(story: Story, state: str) -> None:
    await on_its_way(story)
    await change_sends(story, state=state, queue_at=None)

    assert await tried(story) is None


async def test_an_order_said_twice_is_one_send(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        version = await a_version(work)
        customer = await a_customer(work)
        invoice = await an_overdue_invoice(work, of=customer)
        told = {
            "touch_key": "invoice/1/notice",
            "to_address": "a@example.com",
            "address_key": "a@example.com",
            "to_name": None,
            "locale": "en",
            "template_version_id": version,
            "customer_id": customer,
            "subjects": [Subject("invoice", invoice, "overdue_1")],
        }
        notice = Order(Purpose.NOTICE, MailStream.REMINDER)

        first = await order(work, notice, **told)

        assert first is not None
        assert await order(work, notice, **told) is None
    assert (await one_send(story)).sending_account_id == story.account_id


async def test_an_order_without_an_address_is_kept_to_say_why_not(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await order(
            work,
            Order(Purpose.NOTICE, MailStream.REMINDER),
            touch_key="x",
            to_address=None,
            address_key=None,
            to_name=None,
            locale="en",
            template_version_id=await a_version(work),
        )

    send = await one_send(story)
    assert (send.state, send.reason, send.queue_at) == ("suppressed", "no_address", None)


async def test_a_release_needs_something_queued_and_happens_once(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_released_campaign(work)

    with pytest.raises(IllegalMove):
        async with story.house.office.work(story.tenant_id) as work:
            await send_now(work, campaign)
