"""When time ends offers."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.onboarding import link_clock


@tasks.periodic(cron="*/5 * * * *")
@tasks.task(name="onboarding.expire_links", queueing_lock="onboarding.expire_links", pass_context=True)
async def expire_all_links(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Its page knows by itself that an offer is over; this says so in lists and to people."""
    office = office_of(context)
    for tenant_id in await link_clock.tenants_with_past(office):
        async with office.work(tenant_id) as work:
            await work.defer(expire_links_of)


@tasks.task(name="onboarding.expire_links_of", pass_context=True)
async def expire_links_of(context: JobContext, tenant_id: str) -> None:
    """One tenant's; safe at any time, and twice."""
    await link_clock.expire(office_of(context), UUID(tenant_id))
