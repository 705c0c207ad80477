"""Verifying the journal from the staff app: asked for by a person, walked by a worker, answered on a row.

The answer stands in the same database as the journal: who may write there may write an answer too. What proves
something are the heads that are kept elsewhere, and `bursar audit verify` run by whoever keeps them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.kinds import AgentRole, Stream
from bursar.core.queries import seals as queries
from bursar.core.seals import BEFORE_ALL, NO_HASH, Head, Verified, heads, verify
from bursar.core.work import Office, Record, Work

STOPPED = timedelta(minutes=5)
"""A walk that has not moved for so long was left: a slice takes seconds."""


@dataclass(frozen=True, slots=True)
class Check:
    """One walk along both chains. `first_bad` says where the journal was touched; None while nothing was found."""

    id: UUID
    began_at: datetime
    finished_at: datetime | None
    moved_at: datetime
    sealed_rows: int
    checked_rows: int
    anchors: tuple[str, ...]
    first_bad: str | None
    stopped: bool


async def begin_check(work: Work, anchors: Sequence[Head] = ()) -> UUID:
    """A walk that nobody has begun to walk; `checking.start_check` sees to that. Administrators ask for it.

    Raises `Conflict` while another one is under way.
    """
    work.allow(AgentRole.ADMIN)
    await work.db.execute(queries.lock_chain(work.tenant_id, Stream.EVENTS))
    last = await list_checks(work, limit=1)
    if last and last[0].finished_at is None and not last[0].stopped:
        raise Conflict(N_("The seals are being verified already."), code="check_under_way")
    row = {
        "anchors": [str(head) for head in anchors],
        "sealed_rows": await work.db.scalar(queries.sealed_rows(work.tenant_id)),
        "stream": Stream.EVENTS,
        "up_to_id": BEFORE_ALL,
        "hash": NO_HASH,
    }
    check_id = (await work.db.execute(queries.add_check(work.tenant_id, **row))).scalar_one()
    await work.record("journal_check.start", Record(check_id, payload={"sealed_rows": row["sealed_rows"]}))
    return check_id


async def walk(office: Office, tenant_id: UUID, check_id: UUID) -> None:
    """From where it is to its end, a Work for each slice. Safe to be killed and called again, and twice at once."""
    finished = False
    while not finished:
        async with office.work(tenant_id, cause=f"journal_check {check_id}") as work:
            finished = await _slice(work, check_id)


async def _slice(work: Work, check_id: UUID) -> bool:
    row = (await work.db.execute(queries.check(work.tenant_id, check_id, hold=True))).one_or_none()
    if row is None:
        raise NotFound("journal check")
    if row.finished_at is not None:
        return True
    since = Verified(
        rows=row.checked_rows,
        stream=Stream(row.stream),
        number=row.number,
        up_to_id=row.up_to_id,
        hash=row.hash,
    )
    done = await verify(work, since, [Head.parse(text) for text in row.anchors])
    bad = str(done.first_bad) if done.first_bad else None
    values = {
        "checked_rows": done.rows,
        "stream": done.stream,
        "number": done.number,
        "up_to_id": done.up_to_id,
        "hash": done.hash,
        "first_bad": bad,
        "finished_at": work.now if done.finished else None,
    }
    await work.db.execute(queries.go_on_with_check(work.tenant_id, check_id, values))
    if done.finished:
        told = {"checked_rows": done.rows, "heads": [str(one) for one in await heads(work)]}
        if bad:
            await work.record("journal_check.broken", Record(check_id, payload={**told, "first_bad": bad}))
        else:
            await work.record("journal_check.whole", Record(check_id, payload=told))
    return done.finished


async def get_check(work: Work, check_id: UUID) -> Check:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.check(work.tenant_id, check_id))).one_or_none()
    if row is None:
        raise NotFound("journal check")
    return _check(work, row)


async def list_checks(work: Work, *, before: UUID | None = None, limit: int = 25) -> list[Check]:
    """The newest first."""
    rows = await work.db.execute(queries.checks_before(work.tenant_id, before, limit))
    return [_check(work, row) for row in rows]


def _check(work: Work, row: Row[Any]) -> Check:
    return Check(
        id=row.id,
        began_at=row.created_at,
        finished_at=row.finished_at,
        moved_at=row.updated_at,
        sealed_rows=row.sealed_rows,
        checked_rows=row.checked_rows,
        anchors=tuple(row.anchors),
        first_bad=row.first_bad,
        stopped=row.finished_at is None and work.now - row.updated_at > STOPPED,
    )
