"""When recurring invoices are billed."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing.recurring import running
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="8 * * * *")
@tasks.task(name="recurring.run_all", queueing_lock="recurring.run_all", pass_context=True)
async def run_all(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Every hour: midnight comes at another one in each time zone, and a worker may have been down at it."""
    office = office_of(context)
    for tenant_id in await running.tenants_with_agreements(office):
        async with office.work(tenant_id) as work:
            await work.defer(run_if_due)


@tasks.task(name="recurring.run_if_due", pass_context=True)
async def run_if_due(context: JobContext, tenant_id: str) -> None:
    """One tenant's day; safe at any time, and twice."""
    await running.run_if_due(office_of(context), UUID(tenant_id))


@tasks.task(name="recurring.carry_out", pass_context=True)
async def carry_out(context: JobContext, tenant_id: str, run_id: str) -> None:
    """A run that somebody began; safe twice."""
    await running.carry_out(office_of(context), UUID(tenant_id), UUID(run_id))
