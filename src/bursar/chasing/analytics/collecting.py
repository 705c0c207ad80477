"""What came after messages, counted once: money by the message before it, and promises of days that are over.

A payment on an invoice counts for the last reminder about that invoice that had gone when the payment was recorded, and
by the day the money came. Both are known from then on, and a reversal is a row of its own that counts below zero where
the payment counted. So a count is kept for good, and what it does not know yet is read from the rows themselves
(`queries/collections.py`).
"""

from datetime import timedelta
from uuid import UUID

from bursar.chasing.queries import collection_marks as marks
from bursar.chasing.queries import collections as queries
from bursar.chasing.queries.collection_marks import BEFORE_ALL, Mark
from bursar.core.work import Office, Work
from bursar.outbox.rollups import SETTLED

ROWS_AT_ONCE = 50_000


async def catch_up(office: Office, tenant_id: UUID, *, settled: timedelta = SETTLED) -> None:
    """Count all that is behind, in slices, each a Work of its own. Safe twice and at once."""
    more = True
    while more:
        async with office.work(tenant_id, cause="clock") as work:
            more = await count_slice(work, settled)


async def count_slice(work: Work, settled: timedelta = SETTLED) -> bool:
    """So many payments, and the promises of the days before today; whether more is left."""
    await work.db.execute(marks.make_mark(work))
    row = (await work.db.execute(marks.lock_mark(work))).one()
    mark = Mark(row.counted_to, row.promises_to)
    if row.time_zone != str(work.zone):  # every day begins at another moment now
        await work.db.execute(queries.drop_rollups(work))
        await work.db.execute(queries.drop_promises(work))
        mark = BEFORE_ALL

    bound = (await work.db.scalars(marks.settled(settled))).one()
    last = await work.db.scalar(queries.nth_payment(work, mark.counted_to, ROWS_AT_ONCE))
    more = last is not None and last < bound
    to = last if last is not None and more else max(bound, mark.counted_to)
    await work.db.execute(queries.count(), queries.given(work, mark) | {"to": to})
    open_from = await work.db.scalar(queries.first_of_today(work, mark.promises_to))
    answered_to = max(min(bound, open_from or bound), mark.promises_to)
    await work.db.execute(queries.keep_answers(), queries.given(work, mark) | {"to": answered_to})
    await work.db.execute(marks.move_mark(work, to, answered_to))
    return more
