"""The rolling quota of a mailbox: never exceeded, by however many workers, and room comes back by itself."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox import pausing, settling
from bursar.outbox.claiming import claim
from bursar.outbox.tables import account_usage
from tests.makers.outbox import the_account
from tests.makers.story import Story, a_crowd, a_released_campaign, a_story, late_customers
from tests.makers.wire import answer, claimed, standing, tried

pytestmark = pytest.mark.anyio


async def use(story: Story, hours_ago: int, accepted: int) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        hour = work.now.replace(minute=0) - timedelta(hours=hours_ago)
        row = {"sending_account_id": story.account_id, "hour": hour, "accepted": accepted}
        await work.db.execute(sa.insert(account_usage).values(tenant_id=work.tenant_id, **row))


async def campaign_of(story: Story, customers: int) -> UUID:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, customers)
        return await a_released_campaign(work)


async def account_of(story: Story) -> sa.Row[Any]:
    async with story.house.office.work(story.tenant_id) as work:
        return await the_account(work, story.account_id)


@pytest.mark.parametrize(
    ("hours_ago", "used", "goes"), [(0, 3, 2), (24, 3, 2), (25, 3, 4), (3, 1, 4), (3, 4, 1)]
)
async def test_what_went_out_in_the_last_25_hour_rows_leaves_so_much_room(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, hours_ago: int, used: int, goes: int
) -> None:
    async with a_story(shared_addresses, clock, keyring, daily_quota=5) as story:
        await use(story, hours_ago, used)
        await campaign_of(story, 4)

        assert len((await claimed(story)).letters) == goes


async def test_what_is_on_the_wire_counts_before_it_is_answered(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring, daily_quota=5, batch_size=3) as story:
        await campaign_of(story, 9)

        first, second = await claimed(story), await claimed(story)

        assert [len(first.letters), len(second.letters)] == [3, 2]
        assert await tried(story) is None
        assert (await account_of(story)).state == "active", "throttled for what may yet come back"
        await answer(story, second, "deferred")
        clock.advance(timedelta(seconds=30))  # after so many of them the mailbox rests a moment
        assert len((await claimed(story)).letters) == 2


async def test_at_its_cap_a_mailbox_and_its_campaigns_wait_until_room_comes_back(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring, daily_quota=2) as story:
        campaign = await campaign_of(story, 3)
        await answer(story, await claimed(story), "accepted", "no_answer")

        assert await tried(story) is None

        account = await account_of(story)
        back = clock.now().replace(minute=0) + timedelta(hours=25)
        assert (account.state, account.throttled_until) == ("throttled", back)
        assert await standing(story, campaign) == ("paused", "quota", "paused", "quota")
        clock.move_to(back)
        async with story.house.office.work(story.tenant_id) as work:
            assert await pausing.until_passed(work, [story.account_id]) == [story.account_id]
        assert await standing(story, campaign) == ("sending", None, "open", None)
        assert len((await claimed(story)).letters) == 1


async def test_the_providers_own_limit_parks_it_for_a_day_and_spends_nothing(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring) as story:
        campaign = await campaign_of(story, 3)

        await answer(story, await claimed(story), "accepted", "over_quota", "over_quota")

        account = await account_of(story)
        assert (account.state, account.throttled_until) == ("throttled", clock.now() + timedelta(hours=24))
        assert await standing(story, campaign) == ("paused", "quota", "paused", "quota")


async def test_a_sweep_counts_what_nobody_knows(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring, daily_quota=2) as story:
        await campaign_of(story, 3)
        batch = await claimed(story)
        clock.advance(timedelta(minutes=1))
        await settling.sweep(story.house.office, story.tenant_id, batch.id)

        await answer(story, batch, "accepted")  # late: counted once, not twice

        async with story.house.office.work(story.tenant_id) as work:
            row = (
                await work.db.execute(
                    sa.select(
                        sa.func.sum(account_usage.c.accepted).label("accepted"),
                        sa.func.sum(account_usage.c.uncertain).label("uncertain"),
                    ).where(account_usage.c.tenant_id == work.tenant_id)
                )
            ).one()
        assert (row.accepted, row.uncertain) == (0, 2)
        assert await tried(story) is None


@pytest.mark.parametrize("seed", range(6))
async def test_workers_side_by_side_never_take_more_than_the_quota(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, seed: int
) -> None:
    """Three workers claim and answer in any order; whatever happened, what left is within the quota."""
    chance = random.Random(seed)
    quota, size = chance.randint(1, 40), chance.randint(1, 7)
    ways = ("accepted", "accepted", "no_answer", "deferred", "rejected", "unreachable")
    left = 0

    async with a_story(shared_addresses, clock, keyring, daily_quota=quota, batch_size=size) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 60)
            await a_released_campaign(work)
        house = story.house

        async def worker() -> None:
            nonlocal left
            for _ in range(12):
                batch = await claim(
                    house.office, story.tenant_id, story.account_id, house.letters, house.composers
                )
                if batch is None:
                    await asyncio.sleep(chance.random() * 0.01)
                    continue
                told = [chance.choice(ways) for _ in batch.letters]
                if not left:  # something must leave, or there is nothing to measure
                    told[0] = "accepted"
                left += sum(way in ("accepted", "no_answer") for way in told)
                await asyncio.sleep(chance.random() * 0.02)
                await answer(story, batch, *told)
                assert left <= quota

        async with asyncio.timeout(60):
            await asyncio.gather(worker(), worker(), worker())

    assert 0 < left <= quota
