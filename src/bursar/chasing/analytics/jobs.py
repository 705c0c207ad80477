"""When results are counted."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.chasing.analytics import collecting
from bursar.core.jobs import office_of, tasks
from bursar.core.upkeep import all_tenants
from bursar.outbox import rollups


@tasks.periodic(cron="* * * * *")
@tasks.task(name="chasing.count_sends", queueing_lock="chasing.count_sends", pass_context=True)
async def count_sends(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Where rollups are behind their rows. Results are right without it, and quick with it."""
    office = office_of(context)
    for tenant_id in await rollups.tenants_to_count(office):
        await rollups.catch_up(office, tenant_id)


@tasks.periodic(cron="9 * * * *")
@tasks.task(name="chasing.count_collections", queueing_lock="chasing.count_collections", pass_context=True)
async def count_collections(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """Midnight comes at another hour in each time zone."""
    office = office_of(context)
    for tenant_id in await all_tenants(office):
        async with office.work(tenant_id) as work:
            await work.defer(count_collections_of)


@tasks.task(name="chasing.count_collections_of", pass_context=True)
async def count_collections_of(context: JobContext, tenant_id: str) -> None:
    """One tenant's; safe at any time, and twice."""
    await collecting.catch_up(office_of(context), UUID(tenant_id))
