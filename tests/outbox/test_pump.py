"""The pump against a real server: breaker, pace, pause, and what it does when something breaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing import campaigns
from bursar.core.clock import FixedClock, SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.notifications.notifications import list_notifications
from bursar.outbox import states
from bursar.outbox.pump import Pump
from bursar.outbox.tables import sending_accounts
from bursar.sandbox.smtp.behaviour import Act, Beat, Rule
from tests.makers.outbox import the_account
from tests.makers.smtp import until
from tests.makers.story import (
    Story,
    a_campaign,
    a_crowd,
    a_released_campaign,
    a_story,
    at_rest,
    late_customers,
    states_of,
)
from tests.makers.tenancy import an_agent
from tests.makers.wire import answer, claimed, sends_of, standing, tries_of

pytestmark = pytest.mark.anyio


async def drain(story: Story, lanes: int = 2) -> None:
    async with asyncio.timeout(40):
        await story.pump(lanes).run_until_idle()


@asynccontextmanager
async def running(*pumps: Pump) -> AsyncIterator[None]:
    """Workers side by side, stopped at the end with what they have in hand settled."""
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for pump in pumps:
            group.create_task(pump.run())
        try:
            yield
        finally:
            for pump in pumps:
                pump.stop()


async def campaign_of(story: Story, customers: int) -> UUID:
    async with story.house.office.work(story.tenant_id) as work:
        await a_crowd(work, customers)
        return await a_released_campaign(work)


async def ends(story: Story) -> dict[str, int]:
    async with story.house.office.work(story.tenant_id) as work:
        return await states_of(work)


async def eventually(story: Story, condition: Callable[[dict[str, int]], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition(await ends(story)):  # noqa: ASYNC110  the condition is in the database
            await asyncio.sleep(0.05)


async def account_of(story: Story) -> sa.Row[Any]:
    async with story.house.office.work(story.tenant_id) as work:
        return await the_account(work, story.account_id)


async def test_a_refused_sign_in_stops_the_mailbox_tells_the_owner_once_and_loses_nothing(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=3) as story:
        owner = await an_agent(story.house.office, story.tenant_id, AgentRole.OWNER)
        campaign = await campaign_of(story, 8)
        story.sink.behaviour.rules.append(Rule(Beat.MAIL, Act.REFUSE, code=535, text="5.7.8 Sign in again"))

        await drain(story)

        assert await ends(story) == {"queued": 8}
        assert {one.attempts for one in await sends_of(story)} == {0}
        assert (await account_of(story)).state == "needs_reauth"
        assert await standing(story, campaign) == ("paused", "auth", "paused", "auth")
        async with story.house.office.work(story.tenant_id, actor=owner) as work:
            told = [one.kind for one in await list_notifications(work)]
        assert told.count("sending_account.auth_failed") == 1

        story.sink.behaviour.rules.clear()
        async with story.house.office.work(story.tenant_id, actor=owner) as work:
            await move(work, states.RECONNECT, story.account_id)
            await campaigns.resume(work, campaign)
        await drain(story)

        assert await ends(story) == {"sent": 8}
        assert len(story.messages()) == 8


async def test_a_new_password_is_used_by_a_pump_that_knew_the_old_one(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        house, seen = story.house, []

        def senders(kind: str, settings: Any, secret: bytes | None, account: Any = None) -> Any:
            seen.append(secret)
            return house.senders(kind, settings, None)

        async with house.office.work(story.tenant_id) as work:
            secret_id = await work.vault.put("smtp_password", b"old")
            mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == work.tenant_id)
            await work.db.execute(mine.values(secret_id=secret_id))
        pump = Pump(house.office, house.letters, house.composers, senders, house.files, lanes=1)
        async with running(pump):
            await campaign_of(story, 1)
            await eventually(story, lambda now: now == {"sent": 1})
            async with house.office.work(story.tenant_id) as work:
                await work.vault.replace(secret_id, b"new")
                mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == work.tenant_id)
                await work.db.execute(mine.values(last_validated_at=work.now))
                await late_customers(work, 1)
            async with house.office.work(story.tenant_id) as work:
                await a_released_campaign(work)
            await eventually(story, lambda now: now["sent"] == 2)

    assert seen == [b"old", b"new"]


async def test_a_mailbox_without_a_way_out_leaves_no_doubt(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    """No adapter is bound for its kind. Nothing left the house, so nothing is uncertain; and it is not asked again at once."""
    async with a_story(addresses, clock, keyring, batch_size=2) as story:
        async with story.house.office.work(story.tenant_id) as work:
            mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == work.tenant_id)
            await work.db.execute(mine.values(kind="twilio"))
        await campaign_of(story, 4)

        async with running(story.pump(lanes=1)):
            await at_rest(story)

        assert await ends(story) == {"queued": 4}
        assert sorted(one.attempts for one in await sends_of(story)) == [0, 0, 1, 1]
        account = await account_of(story)
        assert account.next_batch_at == clock.now() + timedelta(seconds=30)
        assert "could not be read" in account.last_error


async def test_one_letter_refused_by_policy_among_others_is_about_that_letter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        campaign = await campaign_of(story, 5)
        story.sink.behaviour.rules.append(
            Rule(Beat.BODY, Act.REFUSE, to="c3@example.com", code=550, text="5.7.1 Looks like spam")
        )

        await drain(story)

        assert await ends(story) == {"sent": 4, "failed": 1}
        assert (await standing(story, campaign))[0] == "completed"


async def test_when_all_are_refused_by_policy_the_campaign_stops_for_an_agent(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=3) as story:
        campaign = await campaign_of(story, 9)
        story.sink.behaviour.rules.append(Rule(Beat.BODY, Act.REFUSE, code=550, text="5.7.1 Not from you"))

        await drain(story)

        assert await ends(story) == {"queued": 9}
        assert await standing(story, campaign) == ("paused", "errors", "paused", "errors")
        assert (await account_of(story)).next_batch_at >= clock.now() + timedelta(hours=24)


async def test_a_server_that_is_gone_rests_the_mailbox_and_spends_few_tries(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=3) as story:
        await campaign_of(story, 9)
        async with story.house.office.work(story.tenant_id) as work:
            mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == work.tenant_id)
            await work.db.execute(mine.values(settings={"host": "127.0.0.1", "port": 1, "tls": "none"}))

        async with running(story.pump(lanes=1)):
            await at_rest(story)

        assert await ends(story) == {"queued": 9}
        assert sum(one.attempts for one in await sends_of(story)) == 3
        assert (await account_of(story)).next_batch_at == clock.now() + timedelta(seconds=30)


async def test_a_pause_is_read_at_the_next_claim_and_what_is_on_the_wire_arrives(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=2) as story:
        campaign = await campaign_of(story, 10)
        story.sink.behaviour.rules.append(Rule(Beat.BEFORE_250, Act.STALL))
        async with running(story.pump(lanes=1)):
            await until(lambda: len(story.sink.behaviour.stalls) > 0)
            async with story.house.office.work(story.tenant_id) as work:
                await campaigns.pause(work, campaign)
            story.sink.behaviour.rules.clear()
            story.sink.behaviour.release()
            await eventually(story, lambda now: now.get("sending", 0) == 0)
            await asyncio.sleep(0.5)

        assert await ends(story) == {"sent": 2, "queued": 8}
        async with story.house.office.work(story.tenant_id) as work:
            await campaigns.resume(work, campaign)
        await drain(story)
        assert await ends(story) == {"sent": 10}
        assert len(story.messages()) == 10


async def test_a_campaign_paused_in_its_last_batch_is_completed_when_that_arrives(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        campaign = await campaign_of(story, 3)
        batch = await claimed(story)
        async with story.house.office.work(story.tenant_id) as work:
            await campaigns.pause(work, campaign)
        await answer(story, batch, "accepted")

        await drain(story)

        assert (await standing(story, campaign))[0] == "completed"


async def test_stopping_settles_what_is_in_hand(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring, batch_size=2) as story:
        await campaign_of(story, 6)
        story.sink.behaviour.rules.append(Rule(Beat.BODY, Act.DELAY, seconds=0.5))
        pump = story.pump(lanes=1)
        async with running(pump):
            await until(lambda: bool(story.sink.open_connections))
            await eventually(story, lambda now: now.get("sending", 0) > 0)

        counts = await ends(story)
        assert "sending" not in counts
        assert counts["sent"] == len(story.messages()) >= 2


async def test_a_worker_finds_what_a_dead_one_left_and_says_so_once(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        campaign = await campaign_of(story, 3)
        await claimed(story)
        clock.advance(timedelta(seconds=31))

        await drain(story)
        await drain(story)

        assert await ends(story) == {"uncertain": 3}
        assert story.messages() == []
        assert (await standing(story, campaign))[0] == "sending"
        assert await tries_of(story, (await sends_of(story))[0].id) == [(1, "lease_expired")]


async def test_two_workers_together_keep_the_pace_of_a_mailbox(
    addresses: Addresses, keyring: Keyring
) -> None:
    """3 every half a second, by when they arrived: a claim may be late, so a window has one batch more at most."""
    every, size = 0.5, 3
    pace = {"batch_size": size, "batch_interval": timedelta(seconds=every)}
    async with a_story(addresses, SystemClock(), keyring, **pace) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 200)
            await campaigns.send_now(work, await a_campaign(work), any_hour=True)
        async with running(story.pump(), story.pump()):
            await asyncio.sleep(6)

        at = sorted(kept.received_at for kept in story.sink.store.kept)
        lasted = at[-1] - at[0]
        assert len(at) <= (lasted / every + 1) * size, "faster than its pace"
        assert len(at) >= 0.6 * (6 / every) * size, "much slower than its pace"
        in_a_window = max(sum(start <= one < start + every for one in at) for start in at)
        assert in_a_window <= 2 * size
