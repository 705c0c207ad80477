"""Opens and clicks of 50 tenants, each answered after its commit: ours, one INSERT a hit, and the bare limit.

`python -m benchmarks.hits [--size N] [--json]`. Three ways to store the same hits into the same tables, with
every constraint, index and policy on and fsync on, in an embedded database of its own:

ours    verified tokens, classified, stored by the hit writer; 500 readers at a time, each waiting for its answer
insert  what one would write first: for each hit a transaction of its own, over a pool of connections, by the
        plain driver: context, one INSERT, the counter; 500 readers at a time
limit   the same rows, set by set by hand-written SQL: sets as large as there are readers, one transaction a set

No HTTP in any of them. `limit_ratio` is our seconds by the limit's, `insert_ratio` our rate by insert's.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import sqlalchemy as sa
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.crowd import LINKS, Reader, crowd
from bursar.core.clock import SystemClock
from bursar.core.database import APP_ROLE, Addresses, make_engine
from bursar.core.keys import Keyring, new_entry
from bursar.core.migrating import migrate
from bursar.core.server import start_server, stop_server
from bursar.core.work import Office
from bursar.outbox.hit_writer import HitWriter
from bursar.outbox.queries.tracking import STORE
from bursar.outbox.tracking import Tracking, Visitor

TENANTS = 50
SENDS = 100  # of each tenant
READERS = 500
CONNECTIONS = 10

CONTEXT = "select set_context('bursar_system', %s, null, 'system', null, 'hits', null, null, null)"
ONE_HIT = """
with stored as (
    insert into engagements (tenant_id, send_id, run_id, kind, at, source, class, link_position, user_agent,
                             ip_truncated)
    select tenant_id, id, run_id, %(kind)s, %(at)s, %(source)s, 'human_likely', %(position)s, %(agent)s, %(ip)s
      from sends where tenant_id = %(tenant)s and id = %(send)s
)
update sends set open_count = open_count + %(opens)s, click_count = click_count + %(clicks)s
 where tenant_id = %(tenant)s and id = %(send)s
"""
ONE_SET = """
with hit as (
    select * from json_to_recordset(%(rows)s::json)
        as r(send uuid, kind text, at timestamptz, source text, position smallint, agent text, ip inet)
), stored as (
    insert into engagements (tenant_id, send_id, run_id, kind, at, source, class, link_position, user_agent,
                             ip_truncated)
    select s.tenant_id, s.id, s.run_id, h.kind, h.at, h.source, 'human_likely', h.position, h.agent, h.ip
      from hit h join sends s on s.tenant_id = %(tenant)s and s.id = h.send
)
update sends s
   set open_count = s.open_count + c.opens, click_count = s.click_count + c.clicks,
       opened_at = coalesce(s.opened_at, c.opened), clicked_at = coalesce(s.clicked_at, c.clicked)
  from (select send, count(*) filter (where kind = 'open') as opens, count(*) filter (where kind = 'click') as clicks,
               min(at) filter (where kind = 'open') as opened, min(at) filter (where kind = 'click') as clicked
          from hit group by send order by send) c
 where s.tenant_id = %(tenant)s and s.id = c.send
"""


@asynccontextmanager
async def a_database() -> AsyncIterator[Addresses]:
    """Migrated, empty, with fsync on; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bursar-hits-") as name:
        folder = Path(name)
        try:
            yield await asyncio.to_thread(_start, folder)
        finally:
            stop_server(folder)


def _start(folder: Path) -> Addresses:
    folder.chmod(0o711)
    url = sa.make_url(start_server(folder)).set(drivername="postgresql+psycopg", database="hits")
    addresses = Addresses(owner=url, app=url.set(username=APP_ROLE, password=None))
    migrate(addresses)
    return addresses


async def fill(engine: AsyncEngine) -> list[tuple[UUID, UUID]]:
    """Tenants with mails that were sent an hour ago."""
    sent: list[tuple[UUID, UUID]] = []
    async with engine.connect() as db:
        for number in range(TENANTS):
            tenant = uuid4()
            await db.exec_driver_sql(CONTEXT, (tenant,))
            await db.exec_driver_sql(
                "insert into tenants (tenant_id, id, slug, name, country, currency, time_zone, locale)"
                " values (%s, %s, %s, 'Firm', 'AE', 'AED', 'Asia/Dubai', 'en')",
                (tenant, tenant, f"firm-{number}"),
            )
            rows = await db.exec_driver_sql(
                "insert into sends (tenant_id, purpose, stream, touch_key, channel, to_address, locale, state,"
                " sent_at, links) select %s, 'campaign', 'reminder', 'hits/' || n, 'email', 'a@example.com', 'en',"
                " 'sent', now() - interval '1 hour', %s from generate_series(1, %s) n returning id",
                (tenant, LINKS, SENDS),
            )
            sent += [(tenant, row.id) for row in rows]
            await db.commit()
    return sent


async def all_of(readers: Sequence[Reader], serve: Callable[[Reader], Awaitable[object]]) -> float:
    """Seconds until everybody was answered, so many at a time."""
    queue = iter(readers)

    async def one_after_another() -> None:
        for reader in queue:
            await serve(reader)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(READERS)))
    return time.perf_counter() - began


async def ours(engine: AsyncEngine, keyring: Keyring, readers: Sequence[Reader], lanes: int) -> float:
    office = Office(engine, SystemClock(), keyring)
    writer = HitWriter(office, lanes=lanes)
    tracking = Tracking(office, writer)

    async def serve(reader: Reader) -> None:
        visitor = Visitor(reader.agent, reader.ip)
        if reader.position is None:
            await tracking.opened(reader.token, visitor)
        elif await tracking.clicked(reader.token, visitor) != LINKS[reader.position]:
            raise AssertionError("a click led elsewhere")

    seconds = await all_of(readers, serve)
    await writer.close()
    return seconds


@asynccontextmanager
async def connections(
    address: sa.URL, count: int
) -> AsyncIterator["asyncio.Queue[psycopg.AsyncConnection[Any]]"]:
    url = address.set(drivername="postgresql").render_as_string(hide_password=False)
    pool: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
    opened = [await psycopg.AsyncConnection.connect(url, prepare_threshold=3) for _ in range(count)]
    for connection in opened:
        pool.put_nowait(connection)
    yield pool
    for connection in opened:
        await connection.close()


async def insert_each(address: sa.URL, readers: Sequence[Reader]) -> float:
    async with connections(address, CONNECTIONS) as pool:

        async def serve(reader: Reader) -> None:
            opens = reader.position is None
            counts = {"opens": int(opens), "clicks": int(not opens), "tenant": reader.tenant}
            connection = await pool.get()
            try:
                await connection.execute(CONTEXT, (reader.tenant,))
                await connection.execute(ONE_HIT, {**reader.row(), **counts})
                await connection.commit()
            finally:
                pool.put_nowait(connection)

        return await all_of(readers, serve)


async def set_by_set(address: sa.URL, readers: Sequence[Reader]) -> float:
    async with connections(address, 1) as pool:
        connection = await pool.get()
        began = time.perf_counter()
        for start in range(0, len(readers), READERS):
            by_tenant: dict[UUID, list[dict[str, Any]]] = {}
            for reader in readers[start : start + READERS]:
                by_tenant.setdefault(reader.tenant, []).append(reader.row())
            async with connection.pipeline():
                for tenant in sorted(by_tenant):
                    await connection.execute(CONTEXT, (tenant,))
                    await connection.execute(
                        ONE_SET, {"rows": json.dumps(by_tenant[tenant]), "tenant": tenant}
                    )
            await connection.commit()
        return time.perf_counter() - began


async def counts(address: sa.URL) -> tuple[int, int]:
    """Rows of engagements, and the sum of the counters, over all tenants; then everything is counted anew."""
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as db:
        rows = db.scalar(sa.text("select count(*) from engagements"))
        sums = db.scalar(sa.text("select sum(open_count + click_count) from sends"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(sa.text("truncate engagements"))
        db.execute(
            sa.text("update sends set open_count = 0, click_count = 0, opened_at = null, clicked_at = null")
        )
        db.execute(sa.text("vacuum analyze sends"))
        db.execute(sa.text("checkpoint"))
    return int(rows or 0), int(sums or 0)


async def measure(size: int, lanes: int) -> dict[str, float]:
    keyring = Keyring.parse(new_entry("k1"))
    async with a_database() as addresses:
        engine = make_engine(addresses.app, pool_size=lanes)
        readers = crowd(keyring, await fill(engine), size)
        seconds: dict[str, float] = {}
        ways: dict[str, Callable[[Sequence[Reader]], Awaitable[float]]] = {
            "limit": lambda chosen: set_by_set(addresses.app, chosen),
            "insert": lambda chosen: insert_each(addresses.app, chosen),
            "ours": lambda chosen: ours(engine, keyring, chosen, lanes),
        }
        for way in ways.values():  # everybody warm: caches, plans, files
            await way(readers[: size // 10])
            await counts(addresses.owner)
        for name, way in ways.items():
            seconds[name] = await way(readers)
            if await counts(addresses.owner) != (size, size):
                raise AssertionError(f"{name} did not store every hit once")
        await engine.dispose()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=20_000, help="hits")
    parser.add_argument("--lanes", type=int, default=2, help="flushes of ours at a time")
    parser.add_argument("--json", action="store_true", help="only the last line")
    told = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = runner.run(measure(told.size, told.lanes))
    if not told.json:
        for name, text in (("ours", STORE.text), ("insert", CONTEXT + ";" + ONE_HIT), ("limit", ONE_SET)):
            print(f"-- {name}: {seconds[name]:.2f} s, {told.size / seconds[name]:,.0f} hits a second\n{text}")
    figures = {
        "size": told.size,
        "seconds": round(seconds["ours"], 3),
        "per_second": round(told.size / seconds["ours"]),
        "limit_ratio": round(seconds["ours"] / seconds["limit"], 2),
        "insert_ratio": round(seconds["insert"] / seconds["ours"], 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
