"""The worker: pump and jobs in one loop, ended by idleness or by a signal, never in the middle of a batch."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bursar.chasing.campaigns import schedule, send_now
from bursar.chasing.results import show
from bursar.core.clock import FixedClock, SystemClock
from bursar.core.jobs import opened
from bursar.outbox.tables import sends
from bursar.tenancy.queries.tenants import take_slug
from bursar.tenancy.tenants import this_tenant
from bursar.worker.main import run_worker
from tests.makers.cli import Shell, untouched_logging
from tests.makers.story import Story, a_campaign, a_story, late_customers, states_of

pytestmark = pytest.mark.anyio


async def released(story: Story, customers: int, **how) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, customers)
        await send_now(work, await a_campaign(work), any_hour=True, **how)


async def states(story: Story) -> dict[str, int]:
    async with story.house.office.work(story.tenant_id) as work:
        return await states_of(work)


async def jobs(story: Story) -> list[tuple[str, str]]:
    async with story.house.office.directory() as work:
        found = await work.db.execute(
            sa.text("select task_name, status::text from procrastinate_jobs order by id")
        )
        return [(row[0], row[1]) for row in found]


async def test_until_idle_it_sends_all_that_is_due_and_closes_the_campaign(addresses, keyring):
    async with a_story(addresses, SystemClock(), keyring) as story:
        await released(story, 5)

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)

        assert await states(story) == {"sent": 5}
        assert len(story.sink.store.kept) == 5
        async with story.house.office.work(story.tenant_id) as work:
            campaign = await work.db.scalar(sa.text("select id from campaigns"))
            assert (await show(work, campaign)).state == "completed"


async def test_until_idle_it_waits_for_the_pace_of_an_account(addresses, keyring):
    pace = {"batch_size": 1, "batch_interval": timedelta(seconds=0.5)}
    async with a_story(addresses, SystemClock(), keyring, **pace) as story:
        await released(story, 3)

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)

        assert await states(story) == {"sent": 3}


@pytest.mark.parametrize(
    "waiting",
    [
        {"state": "needs_reauth"},
        {"state": "throttled", "throttled_until": sa.text("now() + interval '1 hour'")},
    ],
)
async def test_until_idle_it_does_not_wait_for_accounts_that_cannot_send(addresses, keyring, waiting):
    async with a_story(addresses, SystemClock(), keyring) as story:
        await released(story, 2)
        async with story.house.office.work(story.tenant_id) as work:
            until = sa.text("update sending_accounts set throttled_until = now() + interval '1 hour'")
            await work.db.execute(until)
            for event, state in (("auth_failed", "needs_reauth"), ("capped", "throttled")):
                if waiting["state"] == state:
                    await work.db.execute(sa.text("select announce(:event, null)"), {"event": event})
                    await work.db.execute(
                        sa.text("update sending_accounts set state = :state"), {"state": state}
                    )

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)

        assert await states(story) == {"queued": 2}


async def test_until_idle_it_starts_what_was_planned_for_by_now_and_not_what_is_for_later(addresses, keyring):
    clock = FixedClock(SystemClock().now())
    async with a_story(addresses, clock, keyring) as story:
        now = clock.now()
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            await schedule(work, await a_campaign(work), now + timedelta(minutes=5), any_hour=True)
        clock.advance(timedelta(minutes=5))

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)
        assert await states(story) == {"sent": 1}

        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            await schedule(work, await a_campaign(work), now + timedelta(days=2), any_hour=True)
        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)
        assert await states(story) == {"sent": 1, "queued": 2}  # the first customer is late still


async def test_until_idle_it_runs_what_can_run_and_leaves_jobs_of_later(addresses, keyring):
    async with a_story(addresses, SystemClock(), keyring) as story:
        later = {"scheduled_at": story.house.office.clock.now() + timedelta(hours=1)}
        async with opened(story.house.addresses.app) as queue:
            await queue.configure_task("billing.tend").defer_async(tenant_id=str(story.tenant_id))
            await queue.configure_task("billing.tend", schedule_at=later["scheduled_at"]).defer_async(
                tenant_id=str(story.tenant_id)
            )

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)

        assert [job for job in await jobs(story) if job[0] == "billing.tend"] == [("billing.tend", "todo")]


async def test_what_a_killed_worker_had_in_hand_is_done_again(addresses, keyring):
    async with a_story(addresses, SystemClock(), keyring) as story:
        async with opened(story.house.addresses.app) as queue:
            await queue.configure_task("billing.tend").defer_async(tenant_id=str(story.tenant_id))
        async with story.house.office.directory() as work:
            await work.db.execute(sa.text("update procrastinate_jobs set status = 'doing'"))
        assert await jobs(story) == [("billing.tend", "doing")]

        async with asyncio.timeout(40):
            await run_worker(story.house, until_idle=True)

        assert [job for job in await jobs(story) if job[0] == "billing.tend"] == []


async def test_asked_to_stop_it_settles_what_is_on_the_wire(addresses, keyring):
    pace = {"batch_size": 5, "batch_interval": timedelta(minutes=10)}
    async with a_story(addresses, SystemClock(), keyring, **pace) as story:
        await released(story, 12)
        stop = asyncio.Event()
        working = asyncio.create_task(run_worker(story.house, stop=stop))
        async with asyncio.timeout(30):
            while not story.sink.store.kept:  # noqa: ASYNC110  the sink calls nobody
                await asyncio.sleep(0.01)
            stop.set()
            await working

        counts = await states(story)
        assert counts == {"sent": 5, "queued": 7}
        assert len(story.sink.store.kept) == 5
        async with story.house.office.work(story.tenant_id) as work:
            assert await work.db.scalar(sa.select(sa.func.max(sends.c.attempts))) == 1


async def test_a_command_may_wait_until_a_campaign_is_done(addresses, keyring):
    clock = SystemClock()
    async with a_story(addresses, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 3)
            campaign = await a_campaign(work)
            slug = (await this_tenant(work)).slug
            await work.db.execute(take_slug(slug, story.tenant_id))
        stop = asyncio.Event()
        working = asyncio.create_task(run_worker(story.house, stop=stop))
        words = ("campaign", "release", str(campaign), "--tenant", slug, "--any-hour", "--wait")
        with untouched_logging():
            async with asyncio.timeout(40):
                told = await asyncio.to_thread(Shell(addresses, clock, keyring).answer, *words)
        stop.set()
        await working

        assert told["state"] == "completed"
        assert told["counts"] == {"sent": 3}


async def test_a_job_that_a_killed_worker_had_in_hand_gives_way_to_its_twin_that_waits(addresses, keyring):
    async with a_story(addresses, SystemClock(), keyring) as story:
        in_hand_and_waiting = sa.text(
            """insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args, status)
               select 'default', 'core.seal_journal', 'core.seal_journal', '{"timestamp": 0}',
                      status::procrastinate_job_status from unnest(array['doing', 'todo']) status"""
        )
        async with story.house.office.directory() as work:
            await work.db.execute(in_hand_and_waiting)

        with capture_logs() as told:
            async with asyncio.timeout(60):
                await run_worker(story.house, until_idle=True)

        assert [name for name, _ in await jobs(story) if name == "core.seal_journal"] == []
        assert "revive_failed" not in {line["event"] for line in told}
