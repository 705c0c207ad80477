"""When billing looks at the calendar."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing import tending
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="3 * * * *")
@tasks.task(name="billing.tend_all", queueing_lock="billing.tend_all", pass_context=True)
async def tend_all(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Every hour: midnight comes at another one in each time zone, and a worker may have been down at it."""
    office = office_of(context)
    for tenant_id in await tending.tenants_to_tend(office):
        async with office.work(tenant_id) as work:
            await work.defer(tend)


@tasks.task(name="billing.tend", pass_context=True)
async def tend(context: JobContext, tenant_id: str) -> None:
    """One tenant's hour; safe at any time, and twice."""
    await tending.tend(office_of(context), UUID(tenant_id))
