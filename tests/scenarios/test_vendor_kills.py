"""Kill the worker at every beat of a drain over Gmail and Graph: what was lost is found in Sent, and nothing is doubled."""

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.house import House
from bursar.outbox.account_fields import AccountInput
from bursar.outbox.accounts import edit_account
from bursar.outbox.finding import look_for_lost
from bursar.outbox.tables import sends
from tests.makers.api import a_site
from tests.makers.story import a_campaign, a_crowd, states_of, the_library
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import OWNER, connected, settings_of
from tests.processes import Worker, environment, held
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio

SENDS = 60
TABLES = {"claim": "account_usage", "compose": "send_subjects", "settle": "attempts"}
BEATS = (*TABLES, "wire", "wire")
STALLED_WITHIN = 120.0  # seconds
LIMITS = {
    "gmail": ("units_per_minute", "messages_per_day", "concurrent"),
    "graph": ("messages_per_minute", "recipients_per_day", "requests_per_10_minutes"),
}
"""What a drain of a test would run into; how many at once Graph takes is held to."""

Drain = Callable[[int, random.Random], Awaitable[Counter[str]]]


@pytest.fixture(params=["gmail", "graph"])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.getfixturevalue(request.param)


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def house(addresses: Addresses, keys: str, vendor: Vendor) -> AsyncIterator[House]:
    async with a_site(addresses, SystemClock(), Keyring.parse(keys), **settings_of(vendor)) as house:
        yield house


async def a_full_mailbox(house: House, vendor: Vendor, box: str) -> UUID:
    """A firm whose campaign to `SENDS` customers is released, in batches of five, through a mailbox we may read."""
    tenant_id = await a_tenant(house.office)
    account = await connected(house, tenant_id, vendor, box, reads=True)
    async with house.office.work(tenant_id, actor=OWNER) as work:
        await edit_account(work, account, AccountInput(batch_size=5))
    async with house.office.work(tenant_id) as work:
        await the_library(work)
        await a_crowd(work, SENDS)
        await send_now(work, await a_campaign(work), any_hour=True)
    return tenant_id


def kill_at(beat: str, worker: Worker, house: House, vendor: Vendor, box: str, chance: random.Random) -> bool:
    """False if the drain was over before the worker came to that beat."""
    if beat == "wire":
        vendor.trouble("stall", operation="*end*", mailbox=box, skip=chance.randrange(6), times=1)
        deadline = time.monotonic() + STALLED_WITHIN
        while not (stalled := vendor.stalled(wait=0.5)) and not worker.ended and time.monotonic() < deadline:
            pass
        worker.kill()
        vendor.no_troubles()
        vendor.release()
        return bool(stalled)
    with held(house.addresses, TABLES[beat]) as waited_for:
        deadline = time.monotonic() + STALLED_WITHIN
        while not (seen := waited_for()) and not worker.ended and time.monotonic() < deadline:
            time.sleep(0.01)
        worker.kill()
    return bool(seen)


@pytest.fixture
def drain(house: House, vendor: Vendor, keys: str, tmp_path: Path) -> Drain:
    log = tmp_path / "worker.log"
    env = environment(
        house.addresses, keys, BURSAR_LEASE_S="2", BURSAR_DATA_DIR=str(tmp_path), **vendor.settings
    )

    async def drained(kills: int, chance: random.Random) -> Counter[str]:
        """One drain, killed so many times and then let run, with lost ones looked for; how often at which beat."""
        box = vendor.mailbox()
        vendor.set(**dict.fromkeys(LIMITS[vendor.name]))
        tenant_id = await a_full_mailbox(house, vendor, box)
        fell: Counter[str] = Counter()
        for number in range(kills):
            beat = BEATS[number % len(BEATS)]
            with Worker(env, log) as worker:
                fell[beat] += kill_at(beat, worker, house, vendor, box, chance)
        for _ in range(4):
            with Worker(env, log) as last:
                assert last.wait(120) == 0, log.read_text()[-3000:]
            fell += await look_for_lost(house.office, house.finders, absent_after=timedelta(seconds=1))
            async with house.office.work(tenant_id) as work:
                if await states_of(work) == {"sent": SENDS}:
                    break
        arrived = Counter(address for message in vendor.sent(box) for address in message["to"])
        async with house.office.work(tenant_id) as work:
            assert await states_of(work) == {"sent": SENDS}
            addresses = set(
                await work.db.scalars(sa.select(sends.c.to_address).where(sends.c.tenant_id == tenant_id))
            )
        assert set(arrived.values()) == {1}
        assert len(arrived) == len(addresses) == SENDS
        assert vendor.wrong() == []
        return fell

    return drained


async def test_the_lost_answer_is_found_and_nothing_is_doubled(drain: Drain) -> None:
    fell = await drain(5, random.Random(5))

    assert fell["wire"] >= 1
    assert fell["found"] >= 1


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
async def test_100_kills_over_five_drains_of_each_provider(
    drain: Drain, seed: int, counted: Callable[..., None]
) -> None:
    counted("kills and what was looked for", await drain(20, random.Random(seed)))
