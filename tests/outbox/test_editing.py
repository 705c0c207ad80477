"""One message in an agent's own words: exactly those, and only while the facts stay as they were seen."""

import asyncio

import pytest

from bursar.chasing.campaigns import send_now
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import IllegalMove, Invalid
from bursar.core.keys import Keyring
from bursar.outbox.reading import message_of
from bursar.outbox.resolving import edit_text
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.story import Story, a_campaign, a_story, all_sends, late_customers

pytestmark = pytest.mark.anyio


async def run(story: Story) -> None:
    async with asyncio.timeout(30):
        await story.pump().run_until_idle()


async def test_a_rewritten_message_goes_out_in_those_words_and_is_rendered_again_from_them(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            campaign = await a_campaign(work)
            [send] = await all_sends(work)
            await edit_text(
                work, send.id, subject="About October", body="Dear Huda,\n\n{{ not a tag }}", locale="en"
            )
            await send_now(work, campaign)

        await run(story)

        [message] = story.messages()
        text = message.get_body(("plain",))
        assert message["Subject"] == "About October"
        assert text is not None
        assert "Dear Huda," in text.get_content()
        assert "not a tag }}" in text.get_content()
        async with story.house.office.work(story.tenant_id) as work:
            assert (await message_of(work, story.house.letters, send.id)).is_the_same
            with pytest.raises(IllegalMove):
                await edit_text(work, send.id, subject="Too late", body="x", locale="en")


async def test_a_rewritten_message_waits_when_any_fact_of_it_changed(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            [customer] = await late_customers(work, 1)
            second = await an_overdue_invoice(work, of=customer)
            campaign = await a_campaign(work)
            [send] = await all_sends(work)
            await edit_text(work, send.id, subject="About October", body="You owe us two.", locale="en")
        async with story.house.office.work(story.tenant_id) as work:
            await pay(work, second, 50_00)  # a lower amount: a template would say so by itself
            await send_now(work, campaign)

        await run(story)

        assert story.messages() == []
        async with story.house.office.work(story.tenant_id) as work:
            [send] = await all_sends(work)
            assert (send.state, send.reason) == ("queued", "changed")


async def test_words_that_may_not_stand_in_a_mail_are_refused(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story, story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await a_campaign(work)
        [send] = await all_sends(work)

        with pytest.raises(Invalid, match="subject"):
            await edit_text(work, send.id, subject=" ", body="Hello", locale="en")
