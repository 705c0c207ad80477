"""What a sequence will say next of an invoice, or to a customer: at which touch, and on which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bursar.chasing.queries import sequences as sequence_queries
from bursar.chasing.queries import upcoming as queries
from bursar.chasing.sequences.staging import next_day
from bursar.core.calendar import Calendar, instant_of
from bursar.core.work import Work
from bursar.tenancy.calendars import calendar_of


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next touch of `invoice_id` on a sequence that is switched on; `at` is when its day's list may leave."""

    sequence_id: UUID
    sequence_name: str
    invoice_id: UUID
    offset_days: int
    on_date: date
    at: datetime


async def upcoming(
    work: Work, *, invoice_ids: Sequence[UUID] = (), customer_id: UUID | None = None
) -> Upcoming | None:
    """The earliest; None if no sequence covers them, or all of its touches were made."""
    calendar, zone = await calendar_of(work), ZoneInfo(str(work.zone))
    before: list[Any] = []
    found: list[Upcoming] = []
    for sequence in await work.db.execute(sequence_queries.active(work)):
        rows = (
            await work.db.execute(
                queries.on_ladder(
                    work, sequence.applies_to, before, invoice_ids=invoice_ids, customer_id=customer_id
                )
            )
        ).all()
        before.append(sequence.applies_to)
        touches = (
            (await work.db.execute(sequence_queries.touches_of(work, [sequence.id]))).all() if rows else []
        )
        offsets = [touch.offset_days for touch in touches]
        for row in rows:
            step = next_step(calendar, work.today, row.due_date, row.told, offsets)
            if step is not None:
                offset, on_date = step
                at = calendar.next_open(instant_of(on_date, sequence.release_time, zone), zone)
                found.append(Upcoming(sequence.id, sequence.name, row.id, offset, on_date, at))
    return min(found, key=lambda one: (one.on_date, -one.offset_days), default=None)


def next_step(
    calendar: Calendar, today: date, due_date: date, told: int | None, offsets: Sequence[int]
) -> tuple[int, date] | None:
    """The next touch of an invoice, and the working day on which it is made: lists are made for days to come.

    What was missed becomes one: of the touches reached by that day the latest counts.
    """
    ahead = [offset for offset in sorted(offsets) if told is None or offset > told]
    first = next_day(calendar, today)
    reached = [offset for offset in ahead if due_date + timedelta(days=offset) <= first]
    if reached:
        return reached[-1], first
    if not ahead:
        return None
    on_date = calendar.working_day_from(due_date + timedelta(days=ahead[0]))
    return max(o for o in ahead if due_date + timedelta(days=o) <= on_date), on_date
