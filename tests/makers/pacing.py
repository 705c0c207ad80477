"""Many firms that send at once, each at the pace of its own mailbox, and how much of that pace each got."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import sqlalchemy as sa

from bursar.chasing.campaigns import send_now
from bursar.house import House
from bursar.outbox.tables import sends
from tests.makers.story import a_campaign, a_crowd, an_account, the_library
from tests.makers.tenancy import a_tenant
from tests.processes import Worker

WARM_UP = 60.0  # seconds in which every firm must have sent its first batch


@dataclass(frozen=True, slots=True)
class Rush:
    """`firms` with a mailbox each, `batch` messages `every` so many seconds, watched for so many seconds."""

    firms: int
    batch: int
    every: float
    seconds: float
    workers: int


async def shares(house: House, env: Mapping[str, str], folder: Path, rush: Rush) -> list[float]:
    """What each firm sent, as a share of what its pace allows; workers are processes made of `env`."""
    with ExitStack() as stack:
        port, stats = stack.enter_context(_a_counting_sink())
        enough = int((rush.seconds + WARM_UP) / rush.every + 2) * rush.batch
        tenants = [await _a_firm(house, port, rush, enough) for _ in range(rush.firms)]
        for number in range(rush.workers):
            stack.enter_context(Worker(dict(env), folder / f"worker-{number}.log"))
        begun = await _all_have_begun(house, tenants)
        await asyncio.sleep(rush.seconds)
        ended = datetime.now(UTC)
        arrived = httpx2.get(stats).raise_for_status().json()["messages"]
    sent = {tenant_id: await _sent_times(house, tenant_id) for tenant_id in tenants}
    assert arrived >= sum(at <= ended for times in sent.values() for at in times) - rush.firms * rush.batch
    whole = rush.batch * (ended - begun).total_seconds() / rush.every
    return [sum(begun < at <= ended for at in times) / whole for times in sent.values()]


@contextmanager
def _a_counting_sink() -> Iterator[tuple[int, str]]:
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


async def _a_firm(house: House, port: int, rush: Rush, customers: int) -> UUID:
    """A firm with a paced mailbox, and a campaign to so many customers that is released."""
    tenant_id = await a_tenant(house.office)
    async with house.office.work(tenant_id) as work:
        pace = timedelta(seconds=rush.every)
        await an_account(work, port, batch_size=rush.batch, batch_interval=pace, daily_quota=100_000)
        await the_library(work)
        await a_crowd(work, customers)
        await send_now(work, await a_campaign(work), any_hour=True)
    return tenant_id


async def _all_have_begun(house: House, tenants: list[UUID]) -> datetime:
    """When every firm had sent something."""
    waiting = list(tenants)
    async with asyncio.timeout(WARM_UP):
        while waiting:
            waiting = [tenant_id for tenant_id in waiting if not await _sent_times(house, tenant_id)]
            await asyncio.sleep(0.1)
    return datetime.now(UTC)


async def _sent_times(house: House, tenant_id: UUID) -> list[datetime]:
    async with house.office.work(tenant_id, read_only=True) as work:
        ours = sa.select(sends.c.sent_at).where(sends.c.tenant_id == tenant_id, sends.c.sent_at.is_not(None))
        return list(await work.db.scalars(ours))
