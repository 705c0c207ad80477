"""Rollups: what millions of sends came to, counted from their rows hour by hour, so that a page adds up thousands.

Nothing counts along while sends are written: a counter that has gone wrong stays wrong, a count is right again the
next time. What changed since the last count stands in a log, and readers add it (`counting.py`): what they show is
what the rows say at that moment, whether this job has run or not.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from bursar.core.work import Office, Work
from bursar.outbox.queries import rollups as queries
from bursar.outbox.queries.rollups import Span

SETTLED = timedelta(seconds=90)
"""No transaction lives longer than a minute: a send whose id is older than this is there or never will be."""
ROWS_AT_ONCE = 100_000
HOURS_AT_ONCE = 500
HOUR = timedelta(hours=1)


async def tenants_to_count(office: Office) -> list[UUID]:
    """Where rollups are behind their rows, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.tenants_to_count(SETTLED)))


async def catch_up(office: Office, tenant_id: UUID, *, settled: timedelta = SETTLED) -> int:
    """Count all that is behind, in slices, each a Work of its own; how many slices it took. Safe twice and at once."""
    slices = 1
    while True:
        async with office.work(tenant_id, cause="clock") as work:
            if not await count_slice(work, settled):
                return slices
        slices += 1


async def count_slice(work: Work, settled: timedelta = SETTLED) -> bool:
    """Up to so many hours that changed and so many sends that are new; whether more is left."""
    zone = str(work.zone)
    await work.db.execute(queries.make_mark(work, zone))
    mark = (await work.db.execute(queries.lock_mark(work))).one()
    counted_to = mark.counted_to
    if mark.time_zone != zone:  # every day begins at another moment now
        await work.db.execute(queries.drop_all(work))
        counted_to = UUID(int=0)

    fresh, end, more = await _fresh(work, counted_to, settled)
    hours = list(await work.db.scalars(queries.changed_hours(work, counted_to, HOURS_AT_ONCE)))
    spans = [_hour(hour, end) for hour in hours if fresh is None or hour < fresh.hour]
    if fresh is not None:
        spans.append(fresh)
    if spans:
        await work.db.execute(queries.count_anew(work, spans, zone))
    if end != mark.counted_to or zone != mark.time_zone:
        await work.db.execute(queries.move_mark(work, end, zone))
    return more or len(hours) == HOURS_AT_ONCE


async def _fresh(work: Work, counted_to: UUID, settled: timedelta) -> tuple[Span | None, UUID, bool]:
    """The next sends that no rollup has, from the beginning of their hour; up to where one has counted then."""
    bound = (await work.db.scalars(queries.bound(settled))).one()
    first = await work.db.scalar(queries.first_from(work, counted_to))
    if first is None or first >= bound:
        return None, max(counted_to, bound), False
    last = await work.db.scalar(queries.first_from(work, first, ROWS_AT_ONCE))
    more = last is not None and last < bound
    end = last if last is not None and more else bound
    return Span(id_at(hour_of(first)), end, hour_of(first), hour_of(end) + HOUR), end, more


def _hour(hour: datetime, end: UUID) -> Span:
    return Span(id_at(hour), min(id_at(hour + HOUR), end), hour, hour + HOUR)


def id_at(moment: datetime) -> UUID:
    """The lowest uuidv7 of that millisecond."""
    return UUID(int=round(moment.timestamp() * 1000) << 80)


def hour_of(send_id: UUID) -> datetime:
    """The hour, in UTC, in which it was drawn."""
    moment = datetime.fromtimestamp((send_id.int >> 80) / 1000, UTC)
    return moment.replace(minute=0, second=0, microsecond=0)
