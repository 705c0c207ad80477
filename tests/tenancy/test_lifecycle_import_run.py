"""The lifecycle of an import run, every move from every state; expectations typed by hand."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bursar.core.errors import IllegalMove
from bursar.core.moves import move
from bursar.core.tables import events
from bursar.tenancy import import_runs, states
from bursar.tenancy.layouts import Layout
from bursar.tenancy.states import ImportKind, ImportState
from bursar.tenancy.tables import import_runs as runs

pytestmark = pytest.mark.anyio

MOVES = {"read": states.IMPORT_READ, "apply": states.IMPORT_APPLY, "refuse": states.IMPORT_REFUSE}
WAY_TO = {"reading": [], "ready": ["read"], "applied": ["read", "apply"], "refused": ["refuse"]}
#             from       event     to
MATRIX = [
    ("reading", "read",   "ready"),
    ("reading", "apply",  None),
    ("reading", "refuse", "refused"),
    ("ready",   "read",   None),
    ("ready",   "apply",  "applied"),
    ("ready",   "refuse", "refused"),
    ("applied", "read",   None),
    ("applied", "apply",  None),
    ("applied", "refuse", None),
    ("refused", "read",   None),
    ("refused", "apply",  None),
    ("refused", "refuse", None),
]  # fmt: skip


async def a_run(work, state):
    run_id = await import_runs.begin(work, ImportKind.CUSTOMERS, "a.csv", b"\0" * 32, Layout((), "", {}), 0)
    for event in WAY_TO[state]:
        await move(work, MOVES[event], run_id)
    return run_id


async def told_of(work, run_id):
    found = sa.select(events.c.type).where(events.c.tenant_id == work.tenant_id, events.c.entity_id == run_id)
    return list(await work.db.scalars(found.order_by(events.c.id)))


@pytest.mark.parametrize(("before", "event", "after"), MATRIX)
async def test_a_run_moves_as_its_lifecycle_says_and_every_move_is_told_once(work, before, event, after):
    run_id = await a_run(work, before)
    told = ["import_run.reading", *(f"import_run.{step}" for step in WAY_TO[before])]

    if after is None:
        with pytest.raises(IllegalMove, match=f"is {before}: cannot {event}"):
            await move(work, MOVES[event], run_id)
    else:
        await move(work, MOVES[event], run_id)
        told.append(f"import_run.{event}")

    assert (await import_runs.get_run(work, run_id)).state == (after or before)
    assert await told_of(work, run_id) == told


def test_these_are_all_the_states_and_moves():
    assert [str(state) for state in ImportState] == ["reading", "ready", "applied", "refused"]
    assert len(MATRIX) == len(ImportState) * len(MOVES)
    assert set(import_runs.MOVES) == set(MOVES.values())


@pytest.mark.parametrize("state", ["paid", ""])
async def test_the_database_takes_no_other_state(work, state):
    run_id = await a_run(work, "reading")
    with pytest.raises(DBAPIError):
        await work.db.execute(
            sa.update(runs).where(runs.c.tenant_id == work.tenant_id, runs.c.id == run_id).values(state=state)
        )
