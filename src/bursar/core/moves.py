"""The one function that writes a state: a guarded UPDATE, named for the journal's trigger."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.errors import IllegalMove, NotFound, StaleVersion
from bursar.core.queries import work as queries
from bursar.core.schema import metadata
from bursar.core.states import Move
from bursar.core.work import Happened, Work


async def move(
    work: Work,
    move: Move,
    row_id: UUID,
    *,
    because: str | None = None,
    version: int | None = None,
    allowed: Iterable[str] = (),
    **values: Any,
) -> None:
    """Take one row through `move`, setting `values` beside the state.

    Raises `NotFound` (not in this tenant), `StaleVersion`, or `IllegalMove` with the row's present state and
    `allowed`, the events that state permits. In each case nothing was written.
    """
    table = metadata.tables[move.table]
    if not await _update(work, move, table, [row_id], because, values, version):
        found = (await work.db.execute(queries.state_of(table, work.tenant_id, row_id))).one_or_none()
        if found is None:
            raise NotFound(move.noun)
        if found.state in move.sources:
            raise StaleVersion(move.noun)
        raise IllegalMove(move.noun, found.state, move.event, tuple(allowed))


async def move_all(
    work: Work, move: Move, ids: Sequence[UUID], *, because: str | None = None, **values: Any
) -> list[UUID]:
    """Take those of `ids` through `move` that may go, in one statement, and return them; pass over the others."""
    if not ids:
        return []
    return await _update(work, move, metadata.tables[move.table], ids, because, values, None)


async def move_rows(
    work: Work, move: Move, statement: sa.Update, *, because: str | None = None
) -> list[UUID]:
    """Take rows through `move` by a statement of their room, where each gets values of its own; returns their ids.

    The statement sets the state, is guarded by the move's sources and returns `id`.
    """
    await work.db.execute(queries.ANNOUNCE, {"event": move.name, "because": because})
    moved = list(await work.db.scalars(statement))
    if moved:
        work.happened.append(Happened(move.name, tuple(moved), because))
    return moved


async def _update(
    work: Work,
    move: Move,
    table: sa.Table,
    ids: Sequence[UUID],
    because: str | None,
    values: dict[str, Any],
    version: int | None,
) -> list[UUID]:
    target = {**values, "state": move.target}
    statement = queries.move(table, work.tenant_id, ids, sorted(move.sources), target, version)
    return await move_rows(work, move, statement, because=because)
