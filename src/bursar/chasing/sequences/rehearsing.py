"""What a sequence would do, before it is switched on: who would hear what tomorrow. Nothing of it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bursar.chasing.queries import sequence_rehearsal as queries
from bursar.chasing.queries import sequence_staging as sets
from bursar.chasing.queries import sequences as sequence_queries
from bursar.chasing.sequences.segments import check_segment
from bursar.chasing.sequences.staging import next_day
from bursar.core.calendar import instant_of
from bursar.core.errors import NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.calendars import calendar_of

SHOWN = 50
_NO_RUN = UUID(int=0)
_LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Covered:
    """What a segment holds at this moment: open invoices in all, of how many customers, what is open by currency."""

    invoices: int
    customers: int
    totals: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One message that would be written: to whom, at which touch, about how many invoices, the oldest due when."""

    customer_id: UUID
    name: str
    to_address: str | None
    offset_days: int
    invoices: int
    oldest_due: date


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The list of `on_date` as it would be made now. `levels` counts messages by touch, `left_out` invoices by reason.

    `readers` are the first of them.
    """

    on_date: date
    levels: Mapping[int, int]
    totals: tuple[Money, ...]
    left_out: Mapping[str, int]
    readers: tuple[Reader, ...]

    @property
    def messages(self) -> int:
        return sum(self.levels.values())


async def rehearse(work: Work, sequence_id: UUID) -> Rehearsal:
    """As staging would make it at this moment; needs a Work that may write, since it fills tables of its own.

    Raises `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    sequence = (await work.db.execute(sequence_queries.one(work, sequence_id))).one_or_none()
    if sequence is None:
        raise NotFound("sequence")
    day = await _day(work, sequence)
    for statement in (*sets.CREATE_TABLES, *sets.forget()):
        await work.db.execute(statement)
    await work.db.execute(sets.cover(work, day, None, _LAST))
    await work.db.execute(sets.ANALYZE_COVERED)
    await work.db.execute(sets.weigh(work, day))
    group_by = sequence.group_by
    return Rehearsal(
        on_date=day.on_date,
        levels={row.level: row.many for row in await work.db.execute(queries.levels(group_by))},
        totals=tuple(Money(row.minor, row.currency) for row in await work.db.execute(queries.sums(group_by))),
        left_out={row.reason: row.many for row in await work.db.execute(queries.left_out(group_by))},
        readers=tuple(
            Reader(row.customer_id, row.name, row.to_address, row.level, row.many, row.oldest)
            for row in await work.db.execute(queries.readers(work, group_by, SHOWN))
        ),
    )


async def count_covered(work: Work, segment: Mapping[str, Any], *, before: UUID | None = None) -> Covered:
    """What a sequence with this segment would chase; with `before` as of a sequence that is there, behind its elders.

    Raises `Invalid` for a segment that cannot be.
    """
    earlier = await _earlier(work, before) if before else []
    condition = sets.is_covered(work, check_segment(segment), earlier)
    rows = (await work.db.execute(queries.counted(work, condition))).all()
    return Covered(
        sum(row.many for row in rows),
        (await work.db.scalars(queries.counted_customers(work, condition))).one(),
        tuple(Money(row.minor, row.currency) for row in rows),
    )


async def _day(work: Work, sequence: Any) -> sets.Day:
    calendar, zone = await calendar_of(work), ZoneInfo(str(work.zone))
    on_date = next_day(calendar, work.today)
    touches = (await work.db.execute(sequence_queries.touches_of(work, [sequence.id]))).all()
    return sets.Day(
        sequence_id=sequence.id,
        run_id=_NO_RUN,
        on_date=on_date,
        begins=calendar.next_open(instant_of(on_date, sequence.release_time, zone), zone),
        gap_days=sequence.gap_days,
        group_by=sequence.group_by,
        segment=sequence.applies_to,
        before=await _earlier(work, sequence.id),
        offsets=[touch.offset_days for touch in touches],
        words={},
        key=on_date.isoformat(),
    )


async def _earlier(work: Work, sequence_id: UUID) -> list[Mapping[str, Any]]:
    """The segments of those that write and come first."""
    rows = (await work.db.execute(sequence_queries.listed(work, archived=False))).all()
    found = []
    for row in rows:
        if row.id == sequence_id:
            break
        if row.active:
            found.append(row.applies_to)
    return found
