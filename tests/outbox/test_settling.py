"""Settling against everybody who wants the same rows: no answer is lost, nobody waits for ever."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing import campaigns
from bursar.chasing.states import CampaignKind
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove
from bursar.core.keys import Keyring
from bursar.outbox import pausing, runs, settling
from bursar.outbox.claiming import Claimed
from tests.makers.billing import pay
from tests.makers.story import Story, a_crowd, a_released_campaign, a_story
from tests.makers.wire import answer, claimed, sends_of, standing, subjects_of, tried, tries_of

pytestmark = pytest.mark.anyio

ROUNDS = 12


async def campaign_of(story: Story, customers: int) -> UUID:
    async with story.house.office.work(story.tenant_id) as work:
        await a_crowd(work, customers)
        return await a_released_campaign(work)


async def soon(chance: random.Random) -> None:
    await asyncio.sleep(chance.random() * 0.02)


async def test_an_answer_and_the_sweep_of_its_lease_never_wait_for_each_other(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    chance = random.Random(7)
    async with a_story(shared_addresses, clock, keyring, batch_size=5) as story:
        await campaign_of(story, 5 * ROUNDS)
        for _ in range(ROUNDS):
            batch = await claimed(story)
            clock.advance(timedelta(seconds=31))

            async def settle(batch: Claimed = batch) -> None:
                await soon(chance)
                await answer(story, batch, "accepted")

            async def sweep(batch: Claimed = batch) -> None:
                await soon(chance)
                await settling.sweep(story.house.office, story.tenant_id, batch.id)

            async with asyncio.timeout(10):
                await asyncio.gather(settle(), sweep(), sweep())

        assert {one.state for one in await sends_of(story)} == {"sent"}, "an answer was lost"
        for one in await sends_of(story):
            assert (await tries_of(story, one.id))[-1][1] == "accepted"
            break


async def test_cancelling_while_batches_are_claimed_and_come_back_leaves_nothing_queued(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    """An agent calls off, a worker claims, another gives back what it could not send: all at once."""
    chance = random.Random(11)
    async with a_story(shared_addresses, clock, keyring, batch_size=4) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 12)
        for number in range(ROUNDS):
            clock.advance(timedelta(days=1))
            async with story.house.office.work(story.tenant_id) as work:
                campaign = await campaigns.create_campaign(work, _plan(number))
                await campaigns.send_now(work, campaign, any_hour=True)
            batch = await claimed(story)

            async def come_back(batch: Claimed = batch) -> None:
                await soon(chance)
                await answer(story, batch, chance.choice(["deferred", "unreachable", "policy"]))

            async def call_off(campaign: UUID = campaign) -> None:
                await soon(chance)
                async with story.house.office.work(story.tenant_id) as work:
                    await campaigns.cancel(work, campaign)

            async def claim_more() -> None:
                await soon(chance)
                more = await tried(story)
                if more is not None:
                    await answer(story, more, "accepted")

            async with asyncio.timeout(10):
                await asyncio.gather(come_back(), call_off(), claim_more())
            assert {one.state for one in await sends_of(story)} <= {"sent", "cancelled"}, f"round {number}"
            assert (await standing(story, campaign))[2:] == ("closed", "cancelled")
            async with story.house.office.work(story.tenant_id) as work:
                await work.db.execute(
                    sa.text("update sending_accounts set next_batch_at = :now where tenant_id = :t"),
                    {"now": work.now, "t": work.tenant_id},
                )


def _plan(number: int) -> campaigns.CampaignPlan:
    return campaigns.CampaignPlan(f"Round {number}", CampaignKind.OVERDUE_NOTICE, {})


async def test_the_pump_and_an_agent_move_a_campaign_and_its_run_without_a_deadlock(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    """The breaker pauses runs and their campaigns while agents pause, resume and end them."""
    chance, busy = random.Random(3), 0
    async with a_story(shared_addresses, clock, keyring, batch_size=1) as story:
        campaign = await campaign_of(story, 3)
        office = story.house.office

        async def agent() -> None:
            nonlocal busy
            for _ in range(15):
                await soon(chance)
                try:
                    async with office.work(story.tenant_id) as work:
                        state = (await standing_in(work, campaign))[0]
                        await (campaigns.resume if state == "paused" else campaigns.pause)(work, campaign)
                        await soon(chance)
                except IllegalMove:
                    pass
                except Conflict as conflict:
                    busy += conflict.code == "busy"

        async def breaker() -> None:
            nonlocal busy
            for _ in range(15):
                await soon(chance)
                try:
                    async with office.work(story.tenant_id) as work:
                        await pausing.throttle(work, story.account_id, work.now)
                    async with office.work(story.tenant_id) as work:
                        await pausing.until_passed(work, [story.account_id])
                except Conflict:
                    busy += 1

        async with asyncio.timeout(30):
            await asyncio.gather(agent(), breaker(), agent())

    assert busy == 0, "somebody was chosen as the victim of a deadlock"


async def standing_in(work, campaign: UUID) -> tuple[str, UUID]:
    row = (
        await work.db.execute(
            sa.text("select state, run_id from campaigns where tenant_id = :t and id = :id"),
            {"t": work.tenant_id, "id": campaign},
        )
    ).one()
    return row.state, row.run_id


async def test_a_payment_a_cancel_and_a_claim_at_once_leave_one_true_story(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    chance, seen = random.Random(5), set()
    async with a_story(shared_addresses, clock, keyring, batch_size=2) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, ROUNDS)
        for number in range(ROUNDS):
            clock.advance(timedelta(days=1))
            async with story.house.office.work(story.tenant_id) as work:
                open_one = (
                    await work.db.scalars(
                        sa.select(invoices.c.id)
                        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.state == "issued")
                        .limit(1)
                    )
                ).one()
                await work.db.execute(
                    sa.text("update sending_accounts set next_batch_at = :now where tenant_id = :t"),
                    {"now": work.now, "t": work.tenant_id},
                )
                campaign = await campaigns.create_campaign(work, _plan(number))
                await campaigns.send_now(work, campaign, any_hour=True)

            async def paying(invoice: UUID = open_one) -> None:
                await soon(chance)
                async with story.house.office.work(story.tenant_id) as work:
                    await pay(work, invoice, 100_01)

            async def calling_off(campaign: UUID = campaign) -> None:
                await soon(chance)
                async with story.house.office.work(story.tenant_id) as work:
                    await campaigns.cancel(work, campaign)

            async def claiming() -> None:
                for _ in range(3):
                    await soon(chance)
                    batch = await tried(story)
                    if batch is not None:
                        await answer(story, batch, "accepted")

            async with asyncio.timeout(10):
                await asyncio.gather(paying(), calling_off(), claiming())
            seen |= {one.state for one in await sends_of(story)}

        assert seen <= {"sent", "cancelled", "suppressed"}
        live = [one for one in await subjects_of(story) if one.dropped_at is None]
        sent = {one.id for one in await sends_of(story) if one.state == "sent"}
        assert {one.send_id for one in live} <= sent


async def test_what_is_settled_stays_when_the_breaker_cannot_have_the_account(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring) as story:
        await campaign_of(story, 2)
        batch = await claimed(story)

        async with story.house.office.work(story.tenant_id) as holder:
            await holder.db.execute(
                sa.text("select 1 from sending_accounts where tenant_id = :t for no key update"),
                {"t": story.tenant_id},
            )
            settling_it = asyncio.create_task(answer(story, batch, "accepted", "signed_out"))
            async with asyncio.timeout(5):
                while {one.state for one in await sends_of(story)} != {"sent", "queued"}:  # noqa: ASYNC110  rows tell
                    await asyncio.sleep(0.01)
        await settling_it

    assert len(batch.letters) == 2


async def test_finishing_races_an_agent_who_calls_off(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    chance = random.Random(13)
    async with a_story(shared_addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 1)
        for number in range(ROUNDS):
            clock.advance(timedelta(days=1))
            async with story.house.office.work(story.tenant_id) as work:
                campaign = await campaigns.create_campaign(work, _plan(number))
                await campaigns.send_now(work, campaign, any_hour=True)
                run = (await standing_in(work, campaign))[1]
            await answer(story, await claimed(story), "accepted")

            async def finish(run: UUID = run) -> None:
                await soon(chance)
                async with story.house.office.work(story.tenant_id) as work:
                    await runs.finish_those_done(work, [run])
                    await soon(chance)

            async def call_off(campaign: UUID = campaign) -> None:
                await soon(chance)
                try:
                    async with story.house.office.work(story.tenant_id) as work:
                        await campaigns.cancel(work, campaign)
                        await soon(chance)
                except IllegalMove:
                    pass

            async with asyncio.timeout(10):
                await asyncio.gather(finish(), call_off())
            state, _, run_state, reason = await standing(story, campaign)
            ended = {"completed": "finished", "cancelled": "cancelled"}
            assert (run_state, reason) == ("closed", ended[state])
