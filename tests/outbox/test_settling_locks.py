"""Settling takes its locks in the order of everybody else, so that nobody waits in a circle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.queries.upkeep import ANALYZE
from bursar.core.work import Work
from bursar.outbox.queries.accounts import one as the_account
from bursar.outbox.queries.reading import lock
from tests.makers.story import Story, a_crowd, a_released_campaign, a_story
from tests.makers.wire import answer, claimed, sends_of

pytestmark = pytest.mark.anyio

WAITING = sa.text("select count(*) from pg_locks where not granted")


@pytest.fixture
def grown(addresses: Addresses) -> Addresses:
    """A database that plans as if it were large: it looks up the sends one by one, as they are given."""
    with psycopg.connect(addresses.owner.set(drivername="postgresql").render_as_string(False)) as db:
        for way in ("hashjoin", "mergejoin", "seqscan"):
            name = sql.Identifier(str(addresses.owner.database))
            db.execute(
                sql.SQL("alter database {} set {} = off").format(name, sql.Identifier(f"enable_{way}"))
            )
    return addresses


@pytest.fixture
async def story(grown: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(grown, clock, keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 300)
            await a_released_campaign(work)
            await work.db.execute(ANALYZE["sends"])
        yield story


async def until(asked: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(8):
        while not await asked():  # noqa: ASYNC110  locks and rows have no event
            await asyncio.sleep(0.02)


async def somebody_waits(story: Story) -> bool:
    async with story.house.office.work(story.tenant_id) as work:
        return bool(await work.db.scalar(WAITING))


async def are_queued(story: Story) -> bool:
    return {send.state for send in await sends_of(story)} == {"queued"}


async def test_outcomes_are_written_before_the_account_is_touched(story: Story) -> None:
    batch = await claimed(story)
    async with story.house.office.work(story.tenant_id) as breaker:
        await breaker.db.execute(the_account(breaker, story.account_id, lock=True))
        settling = asyncio.create_task(answer(story, batch, "unreachable"))
        await until(lambda: are_queued(story))
    await settling


async def test_sends_are_locked_in_the_order_of_their_ids(story: Story) -> None:
    batch = await claimed(story)
    first, *_, last = sorted(letter.send_id for letter in batch.letters)
    backwards = sorted(batch.letters, key=lambda letter: letter.send_id, reverse=True)
    async with story.house.office.work(story.tenant_id) as reader:
        await reader.db.execute(lock(reader, first))
        settling = asyncio.create_task(answer(story, replace(batch, letters=tuple(backwards)), "accepted"))
        await until(lambda: somebody_waits(story))
        assert await is_free(reader, lock(reader, last))
    await settling


async def is_free(work: Work, statement: sa.Select) -> bool:
    await work.db.execute(sa.text("set local lock_timeout = '200ms'"))
    return (await work.db.execute(statement)).first() is not None
