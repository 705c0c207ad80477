"""Kill the worker at every beat of a drain: nobody is written to twice, no row is lost, and doubt is said aloud."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from bursar import app
from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.settings import load_settings
from bursar.outbox.tables import sends
from tests.makers.story import a_campaign, a_crowd, an_account, the_library
from tests.makers.tenancy import a_tenant
from tests.processes import SinkProcess, Worker, a_sink_process, environment

pytestmark = pytest.mark.anyio

SENDS = 2_000
STALLED_WITHIN = 30.0  # seconds for a fresh worker to get where it is to be killed

# Beats at which the worker waits for the database: a table it needs then, locked by this test.
TABLES = {"claim": "account_usage", "compose": "send_subjects", "settle": "attempts"}
# Beats at which it waits for the sink.
WIRE = {"MAIL": "mail", "DATA": "body", "after 250": "after-250"}
BEATS = (*TABLES, *WIRE)


@contextmanager
def stalled_at_table(addresses: Addresses, table: str) -> Iterator[Callable[[], bool]]:
    """Hold `table`; gives a question: is somebody waiting for it?"""
    url = addresses.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watcher:
        holder.execute(sql.SQL("lock table {} in access exclusive mode").format(sql.Identifier(table)))

        def waited_for() -> bool:
            row = watcher.execute(
                "select count(*) from pg_locks where not granted and relation = %s::regclass", (table,)
            ).fetchone()
            return row is not None and row[0] > 0

        yield waited_for
        holder.rollback()


def kill_at(
    beat: str, worker: Worker, addresses: Addresses, sink: SinkProcess, chance: random.Random
) -> None:
    """Let the worker run for a moment, catch it at `beat`, and kill it there."""
    deadline = time.monotonic() + STALLED_WITHIN
    if beat in WIRE:
        sink.rules([{"beat": WIRE[beat], "act": "stall", "skip": chance.randrange(12)}])
        caught = sink.stalled(WIRE[beat], STALLED_WITHIN) > 0
        worker.kill()
        sink.release()
    else:
        with stalled_at_table(addresses, TABLES[beat]) as waited_for:
            while not (caught := waited_for()) and time.monotonic() < deadline and not worker.ended:
                time.sleep(0.01)
            worker.kill()
    assert caught, f"the worker never came to {beat}"


async def survive(
    addresses: Addresses, folder: Path, kills: int, size: int, chance: random.Random
) -> Counter[str]:
    """One drain of `size` sends, killed `kills` times; asserts the promise and returns where the kills fell."""
    keys = new_entry("k1")
    house = app.build(load_settings(), clock=SystemClock(), addresses=addresses, keyring=Keyring.parse(keys))
    fell: Counter[str] = Counter()
    with a_sink_process(folder / "sink") as sink:
        tenant_id = await a_tenant(house.office)
        async with house.office.work(tenant_id) as work:
            await an_account(work, sink.port, batch_size=5)
            await the_library(work)
            await a_crowd(work, size)
            await send_now(work, await a_campaign(work), any_hour=True)
        env = environment(addresses, keys, BURSAR_LEASE_S="2", BURSAR_DATA_DIR=str(folder))
        for number in range(kills):
            beat = BEATS[number % len(BEATS)]
            kill_at(beat, Worker(env, folder / "worker.log"), addresses, sink, chance)
            fell[beat] += 1
        last = Worker(env, folder / "worker.log")
        assert last.wait(120) == 0, (folder / "worker.log").read_text()[-3000:]
        arrived = Counter(address for message in sink.messages() for address in message["recipients"])
    async with house.office.work(tenant_id) as work:
        rows = (
            await work.db.execute(
                sa.select(sends.c.to_address, sends.c.state).where(sends.c.tenant_id == tenant_id)
            )
        ).all()
    await house.close()
    assert len(rows) == size
    assert {row.state for row in rows} <= {"sent", "uncertain"}
    assert max(arrived.values()) == 1
    assert all(arrived[row.to_address] == 1 for row in rows if row.state == "sent")
    assert sum(arrived.values()) >= sum(row.state == "sent" for row in rows)
    return fell


async def test_a_worker_killed_20_times_writes_to_nobody_twice_and_loses_nobody(
    addresses: Addresses, tmp_path: Path
) -> None:
    fell = await survive(addresses, tmp_path, 20, SENDS, random.Random(20))

    assert sum(fell.values()) == 20
    assert set(fell) == set(BEATS)


@pytest.mark.proof
@pytest.mark.parametrize("drain", range(10))
async def test_200_kills_over_ten_drains(
    addresses: Addresses, tmp_path: Path, drain: int, record_property: Callable[[str, object], None]
) -> None:
    fell = await survive(addresses, tmp_path, 20, SENDS, random.Random(drain))

    record_property("kills", dict(fell))
    print(f"\ndrain {drain}: kills fell at " + ", ".join(f"{beat} {fell[beat]}" for beat in BEATS))
    assert all(fell[beat] >= 0.05 * 20 for beat in BEATS)
