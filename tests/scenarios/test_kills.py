"""Kill the worker at every beat of a drain: nobody is written to twice, no row is lost, and doubt is said aloud."""

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.house import House
from bursar.outbox.tables import sends
from tests.makers.api import a_site
from tests.makers.story import a_campaign, a_crowd, an_account, the_library
from tests.makers.tenancy import a_tenant
from tests.processes import SinkProcess, Worker, a_sink_process, environment, held

pytestmark = pytest.mark.anyio

SENDS = 2_000
STALLED_WITHIN = (
    120.0  # seconds for a fresh worker to get where it is to be killed, on a machine with other work
)

# Beats at which the worker waits for the database: a table it needs then, locked by this test.
TABLES = {"claim": "account_usage", "compose": "send_subjects", "settle": "attempts"}
# Beats at which it waits for the sink.
WIRE = {"MAIL": "mail", "DATA": "body", "after 250": "after-250"}
BEATS = (*TABLES, *WIRE)


def kill_at(beat: str, worker: Worker, addresses: Addresses, sink: SinkProcess, chance: random.Random) -> str:
    """Let the worker run for a moment, catch it at `beat`, and kill it there; the beat it was seen at."""
    deadline = time.monotonic() + STALLED_WITHIN
    if beat in WIRE:
        sink.rules([{"beat": WIRE[beat], "act": "stall", "skip": chance.randrange(12)}])
        seen = sink.stalled(STALLED_WITHIN)
        worker.kill()
        sink.release()
    else:
        with held(addresses, TABLES[beat]) as waited_for:
            while not (seen := waited_for()) and time.monotonic() < deadline and not worker.ended:
                time.sleep(0.01)
            worker.kill()
    places = {place: name for name, place in (TABLES | WIRE).items()}
    stood = {places.get(place, place) for place in seen}
    assert stood == {beat}, f"the worker never came to {beat}; it stood at {stood or 'nothing'}"
    return stood.pop()


@dataclass(frozen=True, slots=True)
class Survived:
    """Where the worker was seen to stand when it was killed, and how its rows ended."""

    kills: Counter[str]
    rows: Counter[str]


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def house(addresses: Addresses, keys: str) -> AsyncIterator[House]:
    async with a_site(addresses, SystemClock(), Keyring.parse(keys)) as house:
        yield house


@pytest.fixture
def survive(house: House, keys: str, tmp_path: Path) -> Callable[[int, random.Random], Awaitable[Survived]]:
    """One drain of `SENDS`, killed so many times; asserts the promise."""
    log = tmp_path / "worker.log"
    env = environment(house.addresses, keys, BURSAR_LEASE_S="2", BURSAR_DATA_DIR=str(tmp_path))

    async def survived(kills: int, chance: random.Random) -> Survived:
        fell: Counter[str] = Counter()
        with a_sink_process(tmp_path / "sink") as sink:
            tenant_id = await a_full_mailbox(house, sink.port)
            for number in range(kills):
                with Worker(env, log) as worker:
                    fell[kill_at(BEATS[number % len(BEATS)], worker, house.addresses, sink, chance)] += 1
            with Worker(env, log) as last:
                assert last.wait(120) == 0, log.read_text()[-3000:]
            arrived = Counter(address for message in sink.messages() for address in message["recipients"])
        rows = await ends_of(house, tenant_id)
        assert len(rows) == SENDS
        assert {state for _, state in rows} <= {"sent", "uncertain"}
        assert max(arrived.values()) == 1
        assert all(arrived[address] == 1 for address, state in rows if state == "sent")
        assert arrived.keys() <= {address for address, _ in rows}
        return Survived(fell, Counter(state for _, state in rows))

    return survived


async def a_full_mailbox(house: House, port: int) -> UUID:
    """A firm whose campaign to `SENDS` customers is released, in batches of five."""
    tenant_id = await a_tenant(house.office)
    async with house.office.work(tenant_id) as work:
        await an_account(work, port, batch_size=5)
        await the_library(work)
        await a_crowd(work, SENDS)
        await send_now(work, await a_campaign(work), any_hour=True)
    return tenant_id


async def ends_of(house: House, tenant_id: UUID) -> list[tuple[str, str]]:
    """Address and state of each row."""
    ours = sa.select(sends.c.to_address, sends.c.state).where(sends.c.tenant_id == tenant_id)
    async with house.office.work(tenant_id) as work:
        return [(row.to_address, row.state) for row in await work.db.execute(ours)]


async def test_a_worker_killed_20_times_writes_to_nobody_twice_and_loses_nobody(survive) -> None:
    survived = await survive(20, random.Random(20))

    assert sum(survived.kills.values()) == 20
    assert set(survived.kills) == set(BEATS)


@pytest.mark.proof
@pytest.mark.parametrize("drain", range(10))
async def test_200_kills_over_ten_drains(survive, drain: int, counted: Callable[..., None]) -> None:
    survived = await survive(20, random.Random(drain))

    counted("kills by where the worker was seen to stand", survived.kills)
    counted("rows of these drains", survived.rows)
    assert all(survived.kills[beat] >= 0.05 * 20 for beat in BEATS)
