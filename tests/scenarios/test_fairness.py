"""Each firm's mailbox goes at its own pace, however many firms send at once."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
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
from tests.processes import Worker, environment

pytestmark = pytest.mark.anyio

WARM_UP = 60.0  # seconds in which every firm must have sent its first batch

Shares = Callable[..., Awaitable[list[float]]]


@contextmanager
def a_counting_sink() -> Iterator[tuple[int, str]]:
    """The minimal sink in a process of its own: its port, and where it says how many messages came."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar.sandbox.smtp", "--minimal"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        told = json.loads(process.stdout.readline())
        yield told["port"], f"http://127.0.0.1:{told['control_port']}/stats"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def house(addresses: Addresses, keys: str) -> AsyncIterator[House]:
    async with a_site(addresses, SystemClock(), Keyring.parse(keys)) as house:
        yield house


@pytest.fixture
def shares(house: House, keys: str, tmp_path: Path) -> Shares:
    """What each firm sent, as a share of what its pace allows in `seconds`."""

    async def measured(*, firms: int, batch: int, every: float, seconds: float, workers: int) -> list[float]:
        env = environment(house.addresses, keys, BURSAR_DATA_DIR=str(tmp_path))
        with ExitStack() as stack:
            port, stats = stack.enter_context(a_counting_sink())
            enough = int((seconds + WARM_UP) / every + 2) * batch
            tenants = [await a_firm(house, port, batch, every, enough) for _ in range(firms)]
            for number in range(workers):
                stack.enter_context(Worker(env, tmp_path / f"worker-{number}.log"))
            begun = await all_have_begun(house, tenants)
            await asyncio.sleep(seconds)
            ended = datetime.now(UTC)
            arrived = httpx2.get(stats).raise_for_status().json()["messages"]
        sent = {tenant_id: await sent_times(house, tenant_id) for tenant_id in tenants}
        assert arrived >= sum(at <= ended for times in sent.values() for at in times) - firms * batch
        whole = batch * (ended - begun).total_seconds() / every
        return [sum(begun < at <= ended for at in times) / whole for times in sent.values()]

    return measured


async def a_firm(house: House, port: int, batch: int, every: float, customers: int) -> UUID:
    """A firm with a paced mailbox, and a campaign to so many customers that is released."""
    tenant_id = await a_tenant(house.office)
    async with house.office.work(tenant_id) as work:
        await an_account(work, port, batch_size=batch, batch_interval=timedelta(seconds=every))
        await the_library(work)
        await a_crowd(work, customers)
        await send_now(work, await a_campaign(work), any_hour=True)
    return tenant_id


async def all_have_begun(house: House, tenants: list[UUID]) -> datetime:
    """When every firm had sent something."""
    waiting = list(tenants)
    async with asyncio.timeout(WARM_UP):
        while waiting:
            waiting = [tenant_id for tenant_id in waiting if not await sent_times(house, tenant_id)]
            await asyncio.sleep(0.1)
    return datetime.now(UTC)


async def sent_times(house: House, tenant_id: UUID) -> list[datetime]:
    async with house.office.work(tenant_id, read_only=True) as work:
        ours = sa.select(sends.c.sent_at).where(sends.c.tenant_id == tenant_id, sends.c.sent_at.is_not(None))
        return list(await work.db.scalars(ours))


async def test_thirty_firms_each_go_at_their_own_pace(shares: Shares) -> None:
    """Two mails every four seconds each, 15 a second in all: far below what one machine can do."""
    kept = await shares(firms=30, batch=2, every=4, seconds=12, workers=2)

    # A batch may fall on either side of an end of the measured time: one of three.
    assert min(kept) >= 0.6, f"somebody was left behind: {sorted(kept)}"
    assert max(kept) <= 1.34, f"somebody went ahead: {sorted(kept)}"
    assert 0.8 <= sum(kept) / len(kept) <= 1.1


@pytest.mark.proof
async def test_three_hundred_firms_each_keep_their_pace_within_a_tenth(shares: Shares) -> None:
    kept = await shares(firms=300, batch=5, every=3, seconds=120, workers=2)

    print(f"\n300 firms: from {min(kept):.2f} to {max(kept):.2f}, mean {sum(kept) / len(kept):.2f}")
    assert min(kept) >= 0.9
    assert max(kept) <= 1.1
