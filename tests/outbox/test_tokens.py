"""Access tokens are renewed by one of all who ask, and a grant that is gone stops its mailbox and nothing else."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.tables import events
from bursar.house import House
from bursar.outbox import accounts
from bursar.outbox.ports import AccountRef, NoAnswer, SignedOut
from bursar.outbox.revoking import give_back
from bursar.outbox.tables import sending_accounts
from bursar.outbox.tokens import AccountTokens, TokenKeeper
from tests.makers.outbox import a_run, a_send, the_account
from tests.makers.tenancy import a_tenant, events_of
from tests.makers.vendors import OWNER, connected
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio


class Box:
    """A connected mailbox, and workers that ask for its tokens."""

    def __init__(self, house: House, vendor: Vendor, tenant: UUID, account: UUID, address: str) -> None:
        self.house, self.vendor, self.tenant = house, vendor, tenant
        self.account, self.address = account, address

    def worker(self) -> AccountTokens:
        keeper = TokenKeeper(self.house.office, self.house.identities)
        return keeper.of(AccountRef(self.tenant, self.account))

    def refreshes(self) -> int:
        return len(self.vendor.calls("token")) - 1  # the first was the code's

    async def row(self) -> sa.Row:
        async with self.house.office.work(self.tenant) as work:
            return await the_account(work, self.account)

    async def kept(self) -> dict[str, str]:
        async with self.house.office.work(self.tenant) as work:
            return json.loads(await work.vault.get((await the_account(work, self.account)).secret_id))


@pytest.fixture
async def box(house: House, vendor: Vendor) -> Box:
    tenant, address = await a_tenant(house.office), vendor.mailbox()
    return Box(house, vendor, tenant, await connected(house, tenant, vendor, address), address)


async def test_a_token_that_holds_is_not_renewed(box: Box) -> None:
    worker = box.worker()

    assert await worker.access() == await worker.access() == (await box.kept())["access_token"]

    assert box.refreshes() == 0


async def test_one_that_is_about_to_end_is_renewed_and_kept(box: Box, clock: FixedClock) -> None:
    before = await box.kept()
    clock.advance(timedelta(minutes=59, seconds=30))

    token = await box.worker().access()

    after = await box.kept()
    assert token == after["access_token"] != before["access_token"]
    assert box.refreshes() == 1
    assert (await box.row()).token_expires_at > clock.now() + timedelta(minutes=50)
    assert after["refresh_token"]
    assert (after["refresh_token"] != before["refresh_token"]) == (
        box.vendor.name == "graph"
    )  # which rotates


async def test_of_many_workers_one_asks(box: Box, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=2))

    tokens = await asyncio.gather(*(box.worker().access() for _ in range(6)))

    assert len(set(tokens)) == 1
    assert box.refreshes() == 1


async def test_a_token_that_was_refused_is_renewed_though_its_time_is_not_over(box: Box) -> None:
    refused = await box.worker().access()

    tokens = await asyncio.gather(*(box.worker().access(instead_of=refused) for _ in range(4)))

    assert refused not in tokens
    assert box.refreshes() == 1


async def test_who_died_while_asking_is_waited_for_no_longer_than_half_a_minute(
    box: Box, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=2))
    async with box.house.office.work(box.tenant) as work:
        mine = sa.update(sending_accounts).where(sending_accounts.c.tenant_id == box.tenant)
        await work.db.execute(mine.values(refreshing_until=work.now + timedelta(seconds=30)))
    waiting = asyncio.create_task(box.worker().access())
    await asyncio.sleep(0.5)
    assert not waiting.done()

    clock.advance(timedelta(seconds=30))

    assert await waiting
    assert box.refreshes() == 1


async def test_a_grant_that_is_gone_stops_its_mailbox_once(box: Box, clock: FixedClock) -> None:
    async with box.house.office.work(box.tenant) as work:
        run = await a_run(work)
        send = await a_send(work, sending_account_id=box.account, run_id=run)
    box.vendor.revoke(box.address)
    clock.advance(timedelta(hours=2))

    for _ in range(2):
        with pytest.raises(SignedOut):
            await box.worker().access()

    row = await box.row()
    assert row.state == "needs_reauth"
    assert "Sign in again" in row.last_error
    async with box.house.office.work(box.tenant) as work:
        assert await events_of(work, run) == ["run.open", "run.pause"]
        told = sa.select(sa.func.count()).where(
            events.c.tenant_id == box.tenant, events.c.type == "sending_account.auth_failed"
        )
        assert await work.db.scalar(told) == 1
        state = sa.text("select state, attempts from sends where tenant_id = :t and id = :id")
        assert (await work.db.execute(state, {"t": box.tenant, "id": send})).one() == ("queued", 0)


async def test_a_provider_that_is_down_stops_nothing(box: Box, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=2))
    box.vendor.trouble("lost", operation="token")

    with pytest.raises(NoAnswer):
        await box.worker().access()

    row = await box.row()
    assert (row.state, row.refreshing_until) == ("active", None)
    assert await box.worker().access()


async def test_switched_off_it_is_given_back_and_nothing_is_kept(box: Box) -> None:
    kept = await box.kept()
    async with box.house.office.work(box.tenant, actor=OWNER) as work:
        await accounts.disable(work, box.account)

    for _ in range(2):
        await give_back(box.house.office, box.house.identities, box.tenant, box.account)

    assert (await box.row()).secret_id is None
    if box.vendor.name == "gmail":
        refused = box.vendor.token(grant_type="refresh_token", refresh_token=kept["refresh_token"])
        assert refused.status_code == 400
    with pytest.raises(SignedOut):
        await box.worker().access()


async def test_a_mailbox_that_was_connected_again_meanwhile_keeps_its_permission(box: Box) -> None:
    await give_back(box.house.office, box.house.identities, box.tenant, box.account)

    assert await box.kept()
    assert await box.worker().access()


async def test_switching_off_owes_the_provider_a_word(box: Box) -> None:
    async with box.house.office.work(box.tenant, actor=OWNER) as work:
        await accounts.disable(work, box.account)

    async with box.house.office.work(box.tenant) as work:
        await work.db.execute(sa.text("reset role"))
        jobs = sa.text("select count(*) from procrastinate_jobs where task_name = 'outbox.revoke_consent'"
                       " and args ->> 'account_id' = :id")  # fmt: skip
        await work.db.execute(sa.text("set role bursar_system"))
        assert await work.db.scalar(jobs, {"id": str(box.account)}) == 1
