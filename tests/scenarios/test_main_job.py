"""The job the product is for: late invoices become one calm mail a customer, seen and settled."""

import asyncio

import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.campaigns import send_now
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.errors import IllegalMove
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.story import (
    Story,
    a_campaign,
    a_released_campaign,
    a_story,
    all_sends,
    late_customers,
    states_of,
)

pytestmark = pytest.mark.anyio


async def drain(story: Story) -> None:
    async with asyncio.timeout(30):
        await story.pump().run_until_idle()


async def test_each_late_customer_gets_one_mail_about_all_their_invoices(
    addresses, clock: FixedClock, keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 3, invoices=4)
            await late_customers(work, 1, invoices=2, locale="ar")
            campaign = await a_released_campaign(work)

        await drain(story)

        async with story.house.office.work(story.tenant_id) as work:
            assert (await show(work, campaign)).state == "completed"
            assert await states_of(work) == {"sent": 4}
            sent = await all_sends(work)
        messages = story.messages()
        assert sorted(message["To"].addresses[0].addr_spec for message in messages) == sorted(
            send.to_address for send in sent
        )
        assert {message["Message-ID"] for message in messages} == {send.message_id for send in sent}
        arabic = [message for message in messages if message["Content-Language"] == "ar"]
        assert len(arabic) == 1
        html = arabic[0].get_body(("html",))
        assert html is not None
        assert 'dir="rtl"' in html.get_content()


async def test_who_paid_before_their_mail_was_claimed_is_not_written_to(
    addresses, clock: FixedClock, keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            [payer, other] = await late_customers(work, 2)
            second = await an_overdue_invoice(work, of=other)
            campaign = await a_campaign(work)
        async with story.house.office.work(story.tenant_id) as work:
            [paid] = await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == payer))
            await pay(work, paid, 100_00)
            await pay(work, second, 100_00)
            await send_now(work, campaign)

        await drain(story)

        async with story.house.office.work(story.tenant_id) as work:
            sends = await all_sends(work)
            assert {(send.customer_id, send.state, send.reason) for send in sends} == {
                (payer, "suppressed", "paid"),
                (other, "sent", None),
            }


async def test_a_second_release_is_refused(addresses, clock: FixedClock, keyring) -> None:
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            campaign = await a_released_campaign(work)

        with pytest.raises(IllegalMove, match="campaign is sending: cannot send_now"):
            async with story.house.office.work(story.tenant_id) as work:
                await send_now(work, campaign)
