"""Verifying asked for by a person: walked by a worker in slices, answered on a row and in the journal."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bursar.core import seals
from bursar.core.checking import start_check
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, NotAllowed, NotFound
from bursar.core.journal_checks import Check, get_check, list_checks, walk
from bursar.core.kinds import AgentRole, Stream
from bursar.core.seals import Head, heads, seal
from bursar.core.tables import events
from bursar.core.work import Office
from tests.makers.tenancy import a_tenant, acting, events_of

pytestmark = pytest.mark.anyio


OLD = """
    insert into events (tenant_id, id, entity_type, entity_id, type, actor_type)
    select :tenant, uuidv7(make_interval(secs => -{age} + n)), 'invoice', uuidv7(), 'invoice.edit', 'system'
      from generate_series(1, 3) n
"""


@dataclass(frozen=True)
class Sealed:
    """Nine events under three seals, and a superuser who may write anything."""

    office: Office
    tenant: UUID
    intruder: AsyncConnection

    async def begin(self, *anchors: Head, role: AgentRole = AgentRole.ADMIN) -> UUID:
        async with self.office.work(self.tenant, actor=acting(role)) as work:
            return await start_check(work, anchors)

    async def shown(self, check_id: UUID) -> Check:
        async with self.office.work(self.tenant) as work:
            return await get_check(work, check_id)

    async def told(self, check_id: UUID) -> list[str]:
        async with self.office.work(self.tenant) as work:
            return await events_of(work, check_id)

    async def tamper(self, statement: str) -> None:
        await self.intruder.execute(sa.text("set session_replication_role = replica"))
        done = await self.intruder.execute(sa.text(statement), {"tenant": self.tenant})
        assert done.rowcount
        await self.intruder.commit()


@pytest.fixture
async def sealed(
    office: Office, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sealed]:
    tenant = await a_tenant(office)
    engine = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    async with engine.connect() as intruder:
        sealed = Sealed(office, tenant, intruder)
        for age in (600, 500, 400):
            await sealed.tamper(OLD.format(age=age))
            monkeypatch.setattr(seals, "SETTLED", timedelta(seconds=age - 50))
            async with office.work(tenant) as work:
                assert await seal(work, Stream.EVENTS) == 3
        yield sealed


async def test_a_whole_journal_is_walked_in_slices_and_said_to_hold(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "ROWS_AT_ONCE", 1)
    check = await sealed.begin()
    before = await sealed.shown(check)
    assert (before.sealed_rows, before.checked_rows, before.finished_at) == (9, 0, None)

    await walk(sealed.office, sealed.tenant, check)

    done = await sealed.shown(check)
    assert (done.checked_rows, done.first_bad, done.stopped) == (9, None, False)
    assert done.finished_at is not None
    assert await sealed.told(check) == ["journal_check.start", "journal_check.whole"]
    await walk(sealed.office, sealed.tenant, check)
    assert await sealed.told(check) == ["journal_check.start", "journal_check.whole"]


async def test_a_walk_that_was_killed_goes_on_where_it_was(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "ROWS_AT_ONCE", 1)
    check = await sealed.begin()
    await sealed.tamper(
        "update journal_checks set checked_rows = 3, number = 1, stream = 'events', "
        "up_to_id = s.up_to_id, hash = s.hash from seals s "
        "where s.tenant_id = :tenant and s.number = 1 and journal_checks.tenant_id = :tenant"
    )

    await walk(sealed.office, sealed.tenant, check)

    assert (await sealed.shown(check)).checked_rows == 9


async def test_the_first_bad_place_is_kept_and_told(sealed: Sealed) -> None:
    await sealed.tamper(
        "update events set changes = '{\"x\": 1}' where id = "
        "(select id from events where tenant_id = :tenant order by id offset 4 limit 1)"
    )
    check = await sealed.begin()

    await walk(sealed.office, sealed.tenant, check)

    done = await sealed.shown(check)
    assert done.first_bad is not None
    assert done.first_bad.startswith("events seal 2 (rows): ")
    assert await sealed.told(check) == ["journal_check.start", "journal_check.broken"]


async def test_a_head_kept_outside_is_held_against_the_chain(sealed: Sealed) -> None:
    async with sealed.office.work(sealed.tenant) as work:
        [head] = await heads(work)
    forged = Head(head.stream, head.number, bytes(32))

    for anchor, bad in ((head, None), (forged, "anchor")):
        check = await sealed.begin(anchor)
        await walk(sealed.office, sealed.tenant, check)
        assert (bad is None) == ((await sealed.shown(check)).first_bad is None)


async def test_one_walk_at_a_time_and_only_administrators_ask_for_it(sealed: Sealed) -> None:
    first = await sealed.begin()

    with pytest.raises(Conflict, match="verified already"):
        await sealed.begin()
    for role in (AgentRole.AGENT, AgentRole.VIEWER):
        with pytest.raises(NotAllowed):
            await sealed.begin(role=role)
    await walk(sealed.office, sealed.tenant, first)
    second = await sealed.begin()
    async with sealed.office.work(sealed.tenant) as work:
        assert [one.id for one in await list_checks(work)] == [second, first]
        waiting = await work.db.scalar(
            sa.text("select count(*) from procrastinate_jobs where task_name = 'core.check_journal'")
        )
        assert waiting == 2
        kept = sa.select(events.c.actor_type).where(
            events.c.tenant_id == work.tenant_id, events.c.type == "journal_check.start"
        )
        assert set(await work.db.scalars(kept)) == {"agent"}


async def test_another_firm_neither_sees_nor_walks_it(sealed: Sealed) -> None:
    check = await sealed.begin()
    other = await a_tenant(sealed.office)

    async with sealed.office.work(other) as work:
        assert await list_checks(work) == []
        with pytest.raises(NotFound):
            await get_check(work, check)
    with pytest.raises(NotFound):
        await walk(sealed.office, other, check)
