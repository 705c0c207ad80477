"""Is the database fit to be worked on? Asked at the start of a process, and by `bursar doctor`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bursar.core.database import UnsafeDatabase, refuse_if_unsafe
from bursar.core.errors import N_
from bursar.core.migrating import newest_revision
from bursar.core.work import Office

HEARTBEAT = timedelta(seconds=30)
"""A worker that was not heard of for longer is gone."""

_REVISION = sa.text("select version_num from alembic_version")
_AS_SYSTEM = sa.text("set local role bursar_system")

_FACTS = sa.text(
    """
    select current_setting('server_version') as server,
           clock_timestamp() as clock,
           pg_database_size(current_database()) as bytes,
           (select max(substring(c.relname from '^events_([0-9]{6})$')) from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relname like 'events%') as last_month,
           (select count(*) from procrastinate_workers w
             where w.last_heartbeat > clock_timestamp() - cast(:heartbeat as interval)) as workers,
           (select count(*) from procrastinate_jobs j where j.status = 'failed') as failed,
           (select min(coalesce(j.scheduled_at, e.at)) from procrastinate_jobs j
             left join lateral (select min(e.at) as at from procrastinate_events e where e.job_id = j.id) e on true
             where j.status = 'todo' and coalesce(j.scheduled_at, '-infinity') <= clock_timestamp()) as waiting
    """
)

_JOBS_AT_WORK = sa.text(
    """
    select exists (select from procrastinate_jobs
                    where status in ('doing', 'aborting')
                       or status = 'todo' and (scheduled_at is null or scheduled_at <= :now))
    """
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says of itself. `last_month` is the last one that has a partition, as YYYYMM.

    `workers` are those heard of within `HEARTBEAT`; `waiting` is since when the oldest job that could run does not.
    """

    server: str
    clock: datetime
    bytes: int
    last_month: str | None
    workers: int
    failed: int
    waiting: datetime | None


async def refuse_if_unusable(engine: AsyncEngine) -> None:
    """Raises `UnsafeDatabase` for one that cannot be reached, could let us pass the wall, or is of another version."""
    with reachable():
        await refuse_if_unsafe(engine)
        found = await _revision(engine)
    needed = newest_revision()
    if found is None or found < needed:
        raise _not_migrated()
    if found != needed:
        raise UnsafeDatabase(
            N_("The database belongs to a newer version of Bursar (%(found)s). Update the program."),
            code="newer_schema",
            field="DATABASE_URL",
            found=found,
        )


async def facts(office: Office) -> Facts:
    async with office.directory() as work:
        row = (await work.db.execute(_FACTS, {"heartbeat": HEARTBEAT})).one()
    return Facts(row.server, row.clock, row.bytes, row.last_month, row.workers, row.failed, row.waiting)


async def jobs_are_at_work(office: Office) -> bool:
    """Whether a job runs, or could run now."""
    async with office.directory() as work:
        return bool(await work.db.scalar(_JOBS_AT_WORK, {"now": work.now}))


@contextmanager
def reachable() -> Iterator[None]:
    """Turns the driver's failures into `UnsafeDatabase`."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error) from error


async def _revision(engine: AsyncEngine) -> str | None:
    try:
        async with engine.connect() as db:
            await db.execute(_AS_SYSTEM)
            return await db.scalar(_REVISION)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None


def _explained(error: DBAPIError) -> UnsafeDatabase:
    """The driver's reason in a sentence that says what to do."""
    reason = " ".join(str(error.orig).split())
    if "does not exist" in reason:
        return _not_migrated()
    return UnsafeDatabase(
        N_("The database cannot be reached: %(reason)s. Start it, or correct the address."),
        code="unreachable",
        field="DATABASE_URL",
        reason=reason.rstrip("."),
    )


def _not_migrated() -> UnsafeDatabase:
    return UnsafeDatabase(
        N_("The database is not that of this version yet. Run `bursar migrate`."),
        code="not_migrated",
        field="DATABASE_URL",
    )
