"""The ground that every benchmark stands on: a server of its own with fsync on, one tenant, customers, invoices.

A benchmark prints both SQL texts where it compares with a bare limit, checks its own output, and ends with one
JSON object on its last line.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import event

from bursar import app
from bursar.core.clock import Clock, FixedClock
from bursar.core.database import find_database
from bursar.core.keyfile import load_keyring
from bursar.core.migrating import migrate
from bursar.core.server import stop_server
from bursar.core.settings import load_settings
from bursar.house import House
from tests.makers import story

NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


def run(
    main: Callable[[argparse.Namespace], Coroutine[Any, Any, dict[str, Any]]], *, size: int, **more: Any
) -> None:
    """Parse the common options, run `main` on an event loop, print its figures as the last line."""
    parser = argparse.ArgumentParser(description=sys.modules[main.__module__].__doc__)
    parser.add_argument("--size", type=int, default=size)
    parser.add_argument("--smtp", metavar="HOST:PORT", help="send there instead of to our own sink")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    for name, options in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **options)
    arguments = parser.parse_args()
    if arguments.json:
        globals()["_quiet"] = True
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(main(arguments))
    print(json.dumps(figures))


_quiet = False


def say(*words: object) -> None:
    """For people; silent with --json."""
    if not _quiet:
        print(*words, flush=True)


class Ground:
    """A migrated database in a temporary folder, and the house on it."""

    def __init__(self, clock: Clock | None = None, **settings: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bursar-bench-")
        folder = Path(self._folder.name)
        folder.chmod(0o711)
        self.settings = load_settings(
            data_dir=folder / "data", private_hosts="127.0.0.0/8", pool_size=8, **settings
        )
        self.clock = clock or FixedClock(NOW)

    async def __aenter__(self) -> House:
        keyring = load_keyring(self.settings, create=True)
        addresses = find_database(self.settings, keyring)
        await asyncio.to_thread(migrate, addresses)
        self.house = app.build(self.settings, clock=self.clock, addresses=addresses, keyring=keyring)
        return self.house

    async def __aexit__(self, *_: object) -> None:
        await self.house.close()
        await asyncio.to_thread(stop_server, self.settings.data_dir)
        self._folder.cleanup()


TENANT = sa.text(
    """
    insert into tenants (tenant_id, id, slug, name, country, currency, time_zone, locale, address_lines, city)
    values (:t, :t, :slug, 'Working Title', 'AE', 'AED', 'Asia/Dubai', 'en', '{Office 12}', 'Dubai')
    """
)


async def a_firm(house: House, customers: int, each: int) -> UUID:
    """One tenant with `customers` customers of `each` overdue invoices, its templates, and no mailbox yet."""
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"b-{tenant_id.hex[:8]}"})
    async with house.office.work(tenant_id) as work:
        await story.a_crowd(work, customers, each)
        await story.the_library(work)
    return tenant_id


def settle_down(house: House) -> None:
    """Statistics and visibility as a database that has lived has them."""
    engine = sa.create_engine(house.addresses.owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(sa.text("vacuum analyze"))
    engine.dispose()


@contextmanager
def heard(house: House) -> Iterator[list[str]]:
    """The SQL texts that the house sends meanwhile, in order."""
    texts: list[str] = []

    def hear(_c: object, _k: object, text: str, *_: object) -> None:
        texts.append(text)

    engine = house.office.engine.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield texts
    finally:
        event.remove(engine, "before_cursor_execute", hear)


async def a_mailbox(house: House, tenant_id: UUID, host: str, port: int) -> UUID:
    """An account without pace or quota, so that only the program is measured."""
    settings = {"host": host, "port": port, "tls": "none", "connections": 8}
    async with house.office.work(tenant_id) as work:
        return await story.an_account(work, port, settings=settings, batch_size=500, daily_quota=100_000_000)
