"""When notices are ordered that the calendar wants: each hour, since each firm's day begins at its own."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing import tending
from bursar.billing.notices import ordering
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="7 * * * *")
@tasks.task(name="billing.notify_everywhere", queueing_lock="billing.notify_everywhere", pass_context=True)
async def notify_everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """After the tending of the hour, which says whose promise was broken."""
    office = office_of(context)
    for tenant_id in await tending.tenants_to_tend(office):
        async with office.work(tenant_id) as work:
            await work.defer(notify)


@tasks.task(name="billing.notify", pass_context=True)
async def notify(context: JobContext, tenant_id: str) -> None:
    """One tenant's hour; safe at any time, and twice."""
    async with office_of(context).work(UUID(tenant_id), cause="clock") as work:
        await ordering.order_due(work)
        await ordering.let_go(work)
