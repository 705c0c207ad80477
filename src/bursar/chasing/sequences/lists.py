"""The lists of single days, as people look at them: what is in, who is not and why, what changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import results
from bursar.chasing.queries import sequence_lists as queries
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.outbox import runs
from bursar.outbox.states import RunReason

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class DayList:
    """One day of one sequence. `state` and `reason` are its run's; `release_at` is None while nobody announced a time.

    `counts` are messages by state (`changed`: those that wait for an agent), `left_out` invoices by reason, `totals`
    what the list spoke of when it was made. `complete` is False while it is still being made.
    """

    id: UUID
    sequence_id: UUID
    sequence_name: str
    run_id: UUID
    sending_account_id: UUID
    on_date: date
    state: str
    reason: str | None
    release_at: datetime | None
    released_at: datetime | None
    released_by: UUID | None
    complete: bool
    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    totals: tuple[Money, ...]

    @property
    def messages(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class LeftOutInvoice:
    """An invoice that had reached a touch (`offset_days` from due) and is not in the list."""

    invoice_id: UUID
    number: str
    customer_id: UUID
    customer_name: str
    balance: Money
    due_date: date
    offset_days: int
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A message that would not go as it was listed. `what`: lower, higher (its amounts) or moved (its address).

    Only a lower amount lets a reviewed one go by itself.
    """

    send_id: UUID
    to_name: str | None
    to_address: str | None
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a list was made: messages that will not go, invoices dropped from others, messages added."""

    stopped: Mapping[str, int]
    dropped: Mapping[str, int]
    added: int
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return bool(self.stopped or self.dropped or self.added or self.differences)


async def held_lists(work: Work) -> list[DayList]:
    """Those that wait for somebody, or for their time; the earliest day first."""
    return await _shown(work, (await work.db.execute(queries.held(work))).all())


async def recent_lists(work: Work, sequence_id: UUID | None = None, *, limit: int = 30) -> list[DayList]:
    """The newest first."""
    statement = queries.newest(work, sequence_id, max(1, min(limit, LARGEST_PAGE)))
    return await _shown(work, (await work.db.execute(statement)).all())


async def get_list(work: Work, run_id: UUID) -> DayList:
    """By its run. Raises `NotFound`, for a run of another room too."""
    rows = (await work.db.execute(queries.of_run(work, run_id))).all()
    if not rows:
        raise NotFound("list")
    return (await _shown(work, rows))[0]


async def left_out(
    work: Work, run_id: UUID, *, reason: str | None = None, after: UUID | None = None, limit: int = 50
) -> list[LeftOutInvoice]:
    """A page of who is not in a list; `after` is the last invoice of the page before."""
    size = max(1, min(limit, LARGEST_PAGE))
    return [
        LeftOutInvoice(
            row.invoice_id,
            row.number,
            row.customer_id,
            row.customer_name,
            Money(row.balance_minor, row.currency),
            row.due_date,
            row.offset_days,
            row.reason,
        )
        for row in await work.db.execute(queries.left_out(work, run_id, reason, after, size))
    ]


async def changes(work: Work, run_id: UUID) -> Changes:
    """What a person should know before they let a list go. Raises `NotFound`."""
    row = (await work.db.execute(queries.of_run(work, run_id))).one_or_none()
    if row is None:
        raise NotFound("list")
    stopped: dict[str, int] = {}
    for one in await work.db.execute(results.suppressed(work, run_id)):
        reason = one.reason or one.state
        stopped[reason] = stopped.get(reason, 0) + one.many
    dropped = {one.reason: one.many for one in await work.db.execute(results.dropped(work, run_id))}
    counts = await runs.count_states(work, run_id)
    added = sum(counts.values()) - row.listed if row.staged_at is not None else 0
    differing = tuple(
        Difference(
            one.id,
            one.to_name,
            one.to_address,
            tuple(name for name in ("lower", "higher", "moved") if getattr(one, name)),
        )
        for one in await work.db.execute(queries.differences(work, run_id))
    )
    return Changes(stopped, dropped, added, differing)


async def close_held(
    work: Work, sequence_ids: Sequence[UUID] | None, reason: RunReason, *, before: date | None = None
) -> int:
    """Close lists that nobody released; their messages are cancelled and their rungs free. Returns how many."""
    rows = (await work.db.execute(queries.held(work, sequence_ids, before=before))).all()
    for row in rows:
        await runs.lock(work, row.run_id)
        await runs.close(work, row.run_id, reason)
    return len(rows)


async def _shown(work: Work, rows: Sequence[Row[Any]]) -> list[DayList]:
    ids = [row.run_id for row in rows]
    counts = await runs.count_states_of(work, ids) if ids else {}
    missing: dict[UUID, dict[str, int]] = {}
    for one in await work.db.execute(queries.left_out_counts(work, ids)) if ids else ():
        missing.setdefault(one.run_id, {})[one.reason] = one.many
    return [
        DayList(
            row.id,
            row.sequence_id,
            row.sequence_name,
            row.run_id,
            row.sending_account_id,
            row.on_date,
            row.state,
            row.reason,
            row.release_at,
            row.released_at,
            row.released_by,
            row.staged_at is not None,
            counts[row.run_id],
            missing.get(row.run_id, {}),
            tuple(Money(one["balance_minor"], one["currency"]) for one in row.totals),
        )
        for row in rows
    ]
