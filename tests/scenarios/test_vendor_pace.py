"""Two workers and one mailbox at Google: they keep its pace together, and never exceed its quota."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bursar.chasing.campaigns import send_now
from bursar.core.clock import SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.house import House
from bursar.outbox.account_fields import AccountInput
from bursar.outbox.accounts import edit_account
from tests.makers.api import a_site
from tests.makers.outbox import the_account
from tests.makers.story import a_campaign, a_crowd, states_of, the_library
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import OWNER, connected, settings_of
from tests.processes import Worker, environment
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio

CUSTOMERS, QUOTA, BATCH, INTERVAL = 20, 15, 3, 2.0  # seconds between two batches


@pytest.fixture
def keys() -> str:
    return new_entry("k1")


@pytest.fixture
async def house(addresses: Addresses, keys: str, gmail: Vendor) -> AsyncIterator[House]:
    async with a_site(addresses, SystemClock(), Keyring.parse(keys), **settings_of(gmail)) as house:
        yield house


async def test_two_workers_keep_one_mailboxs_pace_and_quota(
    house: House, gmail: Vendor, keys: str, tmp_path: Path
) -> None:
    tenant, box = await a_tenant(house.office), gmail.mailbox()
    account = await connected(house, tenant, gmail, box)
    pace = AccountInput(batch_size=BATCH, batch_interval=timedelta(seconds=INTERVAL), daily_quota=QUOTA)
    async with house.office.work(tenant, actor=OWNER) as work:
        await edit_account(work, account, pace)
    async with house.office.work(tenant) as work:
        await the_library(work)
        await a_crowd(work, CUSTOMERS)
        await send_now(work, await a_campaign(work), any_hour=True)

    log = tmp_path / "worker.log"
    env = environment(house.addresses, keys, BURSAR_DATA_DIR=str(tmp_path), **gmail.settings)
    with Worker(env, log) as one, Worker(env, log) as other:
        for worker in (one, other):
            assert worker.wait(120) == 0, log.read_text()[-3000:]

    async with house.office.work(tenant) as work:
        assert await states_of(work) == {"sent": QUOTA, "queued": CUSTOMERS - QUOTA}
        assert (await the_account(work, account)).state == "throttled"
    sent = sorted(call["at"] for call in gmail.calls() if "send" in call["operation"].lower())
    assert len(sent) == QUOTA == len(gmail.sent(box))
    # Two batches may come close where the first was late; never three within one pause.
    assert all(later - first >= INTERVAL for first, later in zip(sent, sent[2 * BATCH :], strict=False))
    assert sent[-1] - sent[0] >= INTERVAL * (QUOTA / BATCH - 2)
