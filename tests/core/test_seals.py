"""The chains of seals: whoever has the database may change the journal, and `verify` says where (R144, R145)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bursar.core import seals, upkeep
from bursar.core.database import Addresses
from bursar.core.errors import Invalid
from bursar.core.kinds import Stream
from bursar.core.seals import Head, SealsStopped, Why, audit, chain, heads, seal, verify
from bursar.core.work import Office
from bursar.outbox.tables import attempts
from tests.makers.everything import new_id
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

EVENT = """
    insert into events (tenant_id, id, entity_type, entity_id, type, actor_type, changes, private, ip, created_at)
    select :tenant, uuidv7(make_interval(secs => -:age)), 'invoice', uuidv7(), 'invoice.edit', 'system',
           '{"after": {"note": "line\\nbreak", "amount": 10.50, "nothing": null}}', '\\x00ff', '192.0.2.7',
           '2026-11-18 08:00:00.000123+00'
"""
assert attempts.name == Stream.ATTEMPTS, "core finds the table by this name"
ATTEMPT = """
    insert into attempts (tenant_id, id, send_id, number, started_at, finished_at, outcome)
    select :tenant, uuidv7(make_interval(secs => -:age)), uuidv7(), 1, now(), now(), 'accepted'
"""


@dataclass(frozen=True)
class Journal:
    """A tenant's journal, and the intruder: a superuser for whom no trigger and no key counts."""

    office: Office
    tenant: UUID
    intruder: AsyncConnection

    async def happened(self, *ages: float, statement: str = EVENT) -> None:
        """One row for each age in seconds, as if it had been written then."""
        for age in ages:
            await self.tamper(statement, age=age)

    async def tamper(self, statement: str, **given: object) -> None:
        await self.intruder.execute(sa.text("set session_replication_role = replica"))
        done = await self.intruder.execute(sa.text(statement), {"tenant": self.tenant, **given})
        assert done.rowcount != 0, "nothing was tampered with"
        await self.intruder.commit()

    async def seal(self, stream: Stream = Stream.EVENTS) -> int:
        async with self.office.work(self.tenant) as work:
            return await seal(work, stream)

    async def heads(self) -> list[Head]:
        async with self.office.work(self.tenant) as work:
            return await heads(work)

    async def audit(self, anchors: Sequence[Head] = ()) -> seals.Verified:
        return await audit(self.office, self.tenant, anchors)


@pytest.fixture
async def journal(office: Office, addresses: Addresses) -> AsyncIterator[Journal]:
    engine = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    async with engine.connect() as intruder:
        yield Journal(office, await a_tenant(office), intruder)


@pytest.fixture
async def sealed(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Six events under two seals, four attempts under one."""
    await journal.happened(600, 590, 580, 400, 390, 380)
    await journal.happened(500, 490, 480, 470, statement=ATTEMPT)
    with monkeypatch.context() as earlier:
        earlier.setattr(seals, "SETTLED", timedelta(seconds=500))
        assert await journal.seal() == 3
    assert await journal.seal() == 3
    assert await journal.seal(Stream.ATTEMPTS) == 4
    return journal


async def test_an_untouched_journal_verifies(sealed: Journal) -> None:
    verified = await sealed.audit(await sealed.heads())

    assert (verified.ok, verified.rows, verified.first_bad) == (True, 10, None)


async def test_a_tenant_without_a_seal_verifies_too(journal: Journal) -> None:
    assert (await journal.audit()).ok


SECOND = "(select id from events where tenant_id = :tenant order by id offset 1 limit 1)"
TAMPERING = {
    "a value changed": ("update events set changes = '{}' where id = " + SECOND, Why.ROWS, 1),
    "personal data changed": ("update events set private = '\\x00fe' where id = " + SECOND, Why.ROWS, 1),
    "a microsecond changed": (
        "update events set created_at = created_at + interval '1 microsecond' where id = " + SECOND, Why.ROWS, 1,
    ),
    "a row removed": ("delete from events where id = " + SECOND, Why.ROWS, 1),
    "a row slipped in": (EVENT.replace("-:age", "-585"), Why.ROWS, 1),
    "a row slipped in before all": (EVENT.replace("-:age", "-9000"), Why.ROWS, 1),
    "a row slipped in between two seals": (EVENT.replace("-:age", "-450"), Why.ROWS, 2),
    "a row slipped in below the watermark": (EVENT.replace("-:age", "-120"), Why.ROWS, 2),
    "the newest row cut off": (
        "delete from events where id = (select max(id::text)::uuid from events where tenant_id = :tenant)", Why.ROWS, 2,
    ),
    "a seal removed": ("delete from seals where stream = 'events' and number = 1 and tenant_id = :tenant", Why.SEAL, 2),
    "a seal's bound shifted": (
        "update seals set up_to_id = uuidv7(interval '-300 seconds') where stream = 'events' and number = 2", Why.ROWS, 2,
    ),
    "a seal's hash changed": ("update seals set hash = sha256('x') where stream = 'events' and number = 1", Why.ROWS, 1),
    "seals swapped": (
        "update seals set number = 3 - number where stream = 'events' and tenant_id = :tenant", Why.SEAL, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERING)
async def test_tampering_is_found_where_it_was_done(sealed: Journal, name: str) -> None:
    statement, why, number = TAMPERING[name]
    if name == "seals swapped":
        await sealed.tamper("alter table seals drop constraint seals_tenant_id_stream_number_key")

    await sealed.tamper(statement)

    bad = (await sealed.audit()).first_bad
    assert bad is not None
    assert (bad.stream, bad.why, bad.number) == (Stream.EVENTS, why, number)


async def test_two_rows_that_changed_places_are_found(sealed: Journal) -> None:
    first, second = await sealed.intruder.scalars(sa.text("select id from events order by id limit 2"))
    aside = new_id()
    for old, new in ((first, aside), (second, first), (aside, second)):
        await sealed.tamper("update events set id = :new where id = :old", old=old, new=new)

    bad = (await sealed.audit()).first_bad
    assert bad is not None
    assert bad.number == 1


async def test_attempts_are_guarded_like_events(sealed: Journal) -> None:
    await sealed.tamper(
        "update attempts set outcome = 'refused' where id = " + SECOND.replace("events", "attempts")
    )

    bad = (await sealed.audit()).first_bad
    assert bad is not None
    assert (bad.stream, bad.number) == (Stream.ATTEMPTS, 1)


async def cut_tail(journal: Journal) -> None:
    """The last seal and all rows that it covered."""
    await journal.tamper(
        "delete from events where tenant_id = :tenant and id > "
        "(select up_to_id from seals where tenant_id = :tenant and stream = 'events' and number = 1)"
    )
    await journal.tamper("delete from seals where tenant_id = :tenant and stream = 'events' and number = 2")


async def test_a_cut_tail_shows_against_the_head_that_was_kept_outside(sealed: Journal) -> None:
    anchors = await sealed.heads()
    await cut_tail(sealed)

    assert (await sealed.audit()).ok, "from inside it cannot be seen: that is why there is an anchor"
    bad = (await sealed.audit(anchors)).first_bad
    assert bad is not None
    assert (bad.why, bad.number) == (Why.ANCHOR, 2)


async def test_a_chain_made_anew_over_other_rows_shows_against_the_head(sealed: Journal) -> None:
    anchors = await sealed.heads()
    await cut_tail(sealed)
    await sealed.happened(395)
    assert await sealed.seal() == 1

    assert (await sealed.audit()).ok
    bad = (await sealed.audit(anchors)).first_bad
    assert bad is not None
    assert (bad.why, bad.number) == (Why.ANCHOR, 2)


async def test_an_older_head_is_still_an_anchor(sealed: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors = await sealed.heads()
    await sealed.happened(40)
    monkeypatch.setattr(seals, "SETTLED", timedelta(seconds=30))  # a minute later
    assert await sealed.seal() == 1
    forged = replace(anchors[0], hash=bytes(32))

    assert (await sealed.audit(anchors)).ok
    assert not (await sealed.audit([forged])).ok


async def test_what_commits_late_is_sealed_with_the_next_and_is_no_alarm(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.happened(300)
    await journal.intruder.execute(sa.text(EVENT), {"tenant": journal.tenant, "age": 59})
    assert await journal.seal() == 1, "the open transaction's row is not there, and younger than 90 s"
    await journal.intruder.commit()

    monkeypatch.setattr(seals, "SETTLED", timedelta(seconds=30))  # a minute later
    assert await journal.seal() == 1

    assert (await journal.audit()).rows == 2


async def test_sealing_stops_while_the_clock_is_behind_the_last_seal(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "SETTLED", timedelta(hours=1))  # an hour back

    with pytest.raises(SealsStopped):
        await sealed.seal()


async def test_settings_of_a_session_do_not_change_what_is_hashed(sealed: Journal) -> None:
    async with sealed.office.work(sealed.tenant) as work:
        for setting in (
            "timezone = 'Asia/Dubai'", "datestyle = 'German'", "bytea_output = 'escape'", "intervalstyle = 'iso_8601'",
            "extra_float_digits = 0",
        ):  # fmt: skip
            await work.db.execute(sa.text(f"set local {setting}"))
        verified = await verify(work, seals.Verified())
    assert (verified.ok, verified.rows) == (True, 6)


async def test_a_column_added_later_does_not_break_old_seals(sealed: Journal) -> None:
    """Nulls are left out: only rows that say something there are hashed with it."""
    table = sa.Table("drawn_events", sa.MetaData(), sa.Column("kept", sa.Text), sa.Column("added", sa.Text))
    row = sa.select(sa.literal("a").label("kept"), sa.null().label("added")).subquery("drawn_events")
    text = str(seals.queries.canonical(table)).replace(" AS json", "")
    told = await sealed.intruder.scalar(sa.select(sa.literal_column(text)).select_from(row))
    assert told == '{"kept" : "a"}'


async def test_the_slices_of_an_audit_add_up(sealed: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(seals, "SETTLED", timedelta(seconds=30))  # a minute later
    await sealed.happened(50, 49, 48, 47, 46)

    assert [await sealed.seal() for _ in range(3)] == [2, 2, 1]
    verified = await sealed.audit(await sealed.heads())
    assert (verified.ok, verified.rows) == (True, 15)


async def test_the_minutely_job_seals_each_tenant_that_has_something_and_leaves_quiet_ones(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "SETTLED", timedelta(seconds=30))  # a minute later
    await sealed.happened(50)
    neighbour = await a_tenant(sealed.office)
    await sealed.tamper(EVENT, tenant=neighbour, age=100)

    assert await upkeep.seal_all(sealed.office) == 2
    numbers = "select count(*) from seals"
    before = await sealed.intruder.scalar(sa.text(numbers))
    assert await upkeep.seal_all(sealed.office) == 0
    assert await sealed.intruder.scalar(sa.text(numbers)) == before
    assert (await audit(sealed.office, neighbour)).ok


async def test_partitions_are_made_ahead_and_only_once(sealed: Journal) -> None:
    assert await upkeep.make_partitions(sealed.office) == 0
    await sealed.tamper("drop table events_" + (await _last_month(sealed)))
    assert await upkeep.make_partitions(sealed.office) == 1


async def _last_month(journal: Journal) -> str:
    names = await journal.intruder.scalars(
        sa.text(
            "select relname::text from pg_class where relispartition and relname like 'events%' and relkind = 'r'"
        )
    )
    return max(names).removeprefix("events_")


async def test_expired_idempotency_keys_are_forgotten(journal: Journal) -> None:
    row = """insert into idempotency_keys (tenant_id, actor_type, actor_id, key, fingerprint, expires_at)
             values (:tenant, 'agent', uuidv7(), :key, '\\x00', :expires)"""
    now = journal.office.clock.now()
    await journal.tamper(row, key="old", expires=now - timedelta(seconds=1))
    await journal.tamper(row, key="new", expires=now + timedelta(hours=1))

    assert await upkeep.forget_idempotency_keys(journal.office) == 1


def test_a_head_is_read_as_it_was_written() -> None:
    head = Head(Stream.EVENTS, 12, chain(bytes(32), Stream.EVENTS, 12, UUID(int=7), ["{}"]))

    assert Head.parse(f" {head}\n") == head
    for wrong in ("", "events:12", "events:x:00", "invoices:1:00", "events:1:zz"):
        with pytest.raises(Invalid):
            Head.parse(wrong)
