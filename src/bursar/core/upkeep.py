"""What core does because time passes: sealing, partitions ahead, forgetting old idempotency keys."""

from collections.abc import Iterable
from uuid import UUID

from bursar.core.queries import files as files_queries
from bursar.core.queries import idempotency as idempotency_queries
from bursar.core.queries import upkeep as queries
from bursar.core.seals import ROWS_AT_ONCE, chains_to_seal, seal
from bursar.core.work import Office

MONTHS_AHEAD = 12


async def seal_all(office: Office) -> int:
    """Seal what has settled in every tenant; the number of rows. Raises `SealsStopped`."""
    async with office.scan() as work:
        waiting = await chains_to_seal(work)
    sealed = 0
    for tenant_id, stream in waiting:
        count = ROWS_AT_ONCE
        while count == ROWS_AT_ONCE:
            async with office.work(tenant_id) as work:
                count = await seal(work, stream)
            sealed += count
    return sealed


async def take_statistics(office: Office, tables: Iterable[str]) -> None:
    """Tell the planner of a leap in these tables. Without it a fresh database plans a drain as if it had
    twenty rows, until autovacuum looks by a minute later.
    """
    for name in tables:
        async with office.directory() as work:
            await work.db.execute(queries.ANALYZE[name])


async def make_partitions(office: Office) -> int:
    """A year of months ahead, so that a worker may be down for long; how many were made."""
    async with office.directory() as work:
        return await work.db.scalar(queries.make_partitions(MONTHS_AHEAD)) or 0


async def tenants_with_quarantine(office: Office) -> list[UUID]:
    """Whose uploads wait for the virus scanner, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(files_queries.tenants_with_quarantine()))


async def all_tenants(office: Office) -> list[UUID]:
    """Everybody, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.all_tenants()))


async def forget_idempotency_keys(office: Office) -> int:
    """Drop those that expired, tenant by tenant; how many."""
    dropped = 0
    for tenant_id in await all_tenants(office):
        async with office.work(tenant_id) as work:
            dropped += (
                await work.db.execute(idempotency_queries.drop_expired_keys(tenant_id, work.now))
            ).rowcount
    return dropped
