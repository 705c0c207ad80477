"""Large statements that are put together once: building one anew takes longer than the database takes to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

_DIALECT = psycopg.dialect()


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement in the driver's words, with the values that stood in it; the named ones are given each time."""

    text: str
    fixed: Mapping[str, Any]

    async def ask(self, db: AsyncConnection, given: Mapping[str, Any]) -> sa.CursorResult[Any]:
        """`given` may hold more than the statement names."""
        return await db.exec_driver_sql(self.text, {**self.fixed, **given})


def ready(statement: sa.SelectBase) -> Ready:
    """Without IN over a list: how many there are is said when it is asked; `= any(array)` is one value."""
    compiled = statement.compile(dialect=_DIALECT)
    fixed = {name: _plain(value) for name, value in compiled.params.items() if value is not None}
    return Ready(str(compiled), fixed)


def _plain(value: Any) -> Any:
    """The driver would write a member of an enum by its name."""
    return str(value) if isinstance(value, str) else value
