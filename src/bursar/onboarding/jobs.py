"""What onboarding does because time passes."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.onboarding import reminding


@tasks.periodic(cron="* * * * *")
@tasks.task(name="onboarding.look_at_orders", queueing_lock="onboarding.look_at_orders", pass_context=True)
async def look_at_orders(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Each minute: a person who was to pay is not kept waiting for the hour."""
    office = office_of(context)
    for tenant_id in await reminding.tenants_with_work(office):
        async with office.work(tenant_id) as work:
            await work.defer(look_at_orders_of)


@tasks.task(name="onboarding.look_at_orders_of", pass_context=True)
async def look_at_orders_of(context: JobContext, tenant_id: str) -> None:
    """One tenant's orders; safe at any time, and twice."""
    await reminding.look_at_orders(office_of(context), UUID(tenant_id))
