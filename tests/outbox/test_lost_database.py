"""The database goes away under a worker and comes back: the worker stays, and no answer of a server is lost."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox import pump as pumping
from bursar.sandbox.smtp.behaviour import Act, Beat, Rule
from tests.makers.smtp import until
from tests.makers.story import Story, a_campaign, a_crowd, a_story, states_of
from tests.makers.wire import sends_of

pytestmark = pytest.mark.anyio

OUTAGE_S = 0.5


@contextmanager
def gone(addresses: Addresses) -> Iterator[None]:
    """Nobody gets into the database, and who was inside is thrown out."""
    server = addresses.owner.set(drivername="postgresql", database="postgres")
    name = str(addresses.owner.database)
    allow = sql.SQL("alter database {} with allow_connections {}")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as db:
        db.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            db.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            yield
        finally:
            db.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


async def let_go(story: Story, campaign: UUID) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await send_now(work, campaign, any_hour=True)


@pytest.mark.filterwarnings(
    "ignore:connection .* was deleted while still open:ResourceWarning"
)  # thrown out, not closed
@pytest.mark.parametrize("beat", [None, Beat.BODY], ids=["while looking", "while on the wire"])
async def test_a_worker_outlives_its_database(
    addresses: Addresses, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, beat: Beat | None
) -> None:
    monkeypatch.setattr(pumping, "TROUBLE", timedelta(seconds=0.1))
    async with a_story(addresses, SystemClock(), keyring) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await a_crowd(work, 5)
            campaign = await a_campaign(work)
        if beat is not None:
            story.sink.behaviour.rules = [Rule(beat, Act.STALL)]
        pump = story.pump()
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(pump.run())
            if beat is not None:
                await let_go(story, campaign)
                assert await story.sink.behaviour.stalled(beat)
            with gone(addresses):
                story.sink.behaviour.rules = []
                story.sink.behaviour.release()
                if beat is not None:
                    await until(lambda: len(story.sink.store.kept) == 5, 20)
                await asyncio.sleep(OUTAGE_S)
            if beat is None:
                await let_go(story, campaign)
            while any(send.state in ("queued", "sending") for send in await sends_of(story)):  # noqa: ASYNC110  rows have no event
                await asyncio.sleep(0.05)
            pump.stop()

        async with story.house.office.work(story.tenant_id) as work:
            assert await states_of(work) == {"sent": 5}
        assert len(story.sink.store.kept) == 5
    gc.collect()  # here, where what the outage left behind is expected
