"""Each firm's mailbox goes at its own pace, however many firms send at once."""

import asyncio
import time
from collections import Counter
from datetime import timedelta

import pytest

from bursar import app
from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import load_settings
from bursar.outbox.pump import Pump
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore
from tests.makers.story import a_campaign, a_crowd, an_account, the_library
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


async def pace_of_each(
    addresses: Addresses,
    keyring: Keyring,
    *,
    firms: int,
    batch: int,
    every: float,
    seconds: float,
    workers: int,
) -> list[float]:
    """What each firm sent, as a share of what its pace allows in `seconds`."""
    settings = load_settings(private_hosts="127.0.0.0/8")
    house = app.build(settings, clock=SystemClock(), addresses=addresses, keyring=keyring)
    senders = [f"billing@firm-{number}.example" for number in range(firms)]
    enough = int(seconds / every + 2) * batch
    async with Sink(SinkSettings(), MemoryStore()) as sink:
        for sender in senders:
            tenant_id = await a_tenant(house.office)
            async with house.office.work(tenant_id) as work:
                paced = {"batch_size": batch, "batch_interval": timedelta(seconds=every), "address": sender}
                await an_account(work, sink.port, **paced)
                await the_library(work)
                await a_crowd(work, enough)
                await send_now(work, await a_campaign(work), any_hour=True)
        pumps = [
            Pump(house.office, house.letters, house.composers, house.senders, lanes=4) for _ in range(workers)
        ]
        async with asyncio.TaskGroup() as group:
            for pump in pumps:
                group.create_task(pump.run())
            await asyncio.sleep(every)  # connections are opened in this time
            begun = time.time()
            await asyncio.sleep(seconds)
            ended = time.time()
            for pump in pumps:
                pump.stop()
        sent = Counter(kept.sender for kept in sink.store.kept if begun <= kept.received_at < ended)
    await house.close()
    return [sent[sender] / (batch * seconds / every) for sender in senders]


async def test_thirty_firms_each_go_at_their_own_pace(addresses: Addresses, keyring: Keyring) -> None:
    """Two mails every four seconds each, 15 a second in all: far below what one machine can do."""
    shares = await pace_of_each(addresses, keyring, firms=30, batch=2, every=4, seconds=12, workers=2)

    # A batch may fall on either side of an end of the measured time: one of three.
    assert min(shares) >= 0.6, f"somebody was left behind: {sorted(shares)}"
    assert max(shares) <= 1.34, f"somebody went ahead: {sorted(shares)}"
    assert 0.8 <= sum(shares) / len(shares) <= 1.1


@pytest.mark.proof
async def test_three_hundred_firms_each_keep_their_pace_within_a_tenth(
    addresses: Addresses, keyring: Keyring
) -> None:
    shares = await pace_of_each(addresses, keyring, firms=300, batch=5, every=3, seconds=60, workers=2)

    print(f"\n300 firms: from {min(shares):.2f} to {max(shares):.2f}, mean {sum(shares) / len(shares):.2f}")
    assert min(shares) >= 0.9
    assert max(shares) <= 1.1
