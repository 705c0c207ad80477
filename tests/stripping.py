"""Takes `tenant_id = ...` out of every statement, so that only the wall keeps tenants apart.

Switched on by BURSAR_STRIPPED, the path of a report. Then every statement that the program sends through
SQLAlchemy as a role of the wall loses its tenant predicates (`sends.tenant_id = %(x)s`, and those of joins)
before the server sees it, and every test database has two neighbours with a row in each table. A suite that
passes so has seen nothing of theirs: `tests/core/test_stripped.py` runs several of them and reads the report.

Left alone are: bursar_scan, which is meant to see all tenants; sessions without a context (tests that look as
superuser); and the global tables, which have no wall.
"""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.clock import FixedClock
from bursar.core.keys import Keyring, new_entry
from bursar.core.work import Office
from tests import databases
from tests.makers.everything import fill

REPORT = os.environ.get("BURSAR_STRIPPED")
PREDICATE = re.compile(
    r"""(?<![\w.])(?!tenant_slugs\.)(?:\w+\.)?tenant_id \s=\s   # SET and ON CONFLICT write no blanks here
        (?: %\(\w+\)s(?:::UUID)? | \w+\.tenant_id\b )""",
    re.VERBOSE,
)
NEIGHBOURS = 2

taken: Counter[str] = Counter()
"""How many predicates were taken out of statements of each kind."""


def strip(statement: str) -> str:
    """The statement without its tenant, each predicate counted under the statement's first word."""
    bare, found = PREDICATE.subn("true", statement)
    if found:
        taken[statement.split(maxsplit=1)[0].lower()] += found
    return bare


def _before_execute(
    connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if "set_context(" in statement:
        role = parameters["role"] if isinstance(parameters, dict) else None
        connection.info["stripped"] = role not in {None, "bursar_scan"}
    elif connection.info.get("stripped"):
        statement = strip(statement)
    return statement, parameters


def _forget(_connection: Any, record: Any) -> None:
    record.info.pop("stripped", None)


def switch_on() -> None:
    event.listen(sa.Engine, "before_cursor_execute", _before_execute, retval=True)
    event.listen(sa.pool.Pool, "checkin", _forget)


def switch_off() -> None:
    event.remove(sa.Engine, "before_cursor_execute", _before_execute)
    event.remove(sa.pool.Pool, "checkin", _forget)


@contextmanager
def neighbourhood(server: databases.Server, template: str) -> Iterator[str]:
    """A template with neighbours in it, statements stripped meanwhile, and the report at the end."""
    name = databases.copy(server, template)
    asyncio.run(_move_in(server, name))
    switch_on()
    try:
        yield name
    finally:
        switch_off()
        databases.drop(server, name)
        if REPORT:
            Path(REPORT).write_text(json.dumps(taken), encoding="utf-8")


async def _move_in(server: databases.Server, name: str) -> None:
    engine = create_async_engine(server.addresses(name).app, poolclass=sa.NullPool)
    office = Office(engine, FixedClock(datetime(2026, 11, 18, 8, tzinfo=UTC)), Keyring.parse(new_entry("n1")))
    for _ in range(NEIGHBOURS):
        await fill(office, uuid4(), customers=2)
    await engine.dispose()
