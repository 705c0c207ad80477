"""What sequences do because time passes: tomorrow's lists each hour, since each firm's day begins at its own.

Billing's own notices are asked for here too: they speak of what no sequence covers.
"""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing import tending
from bursar.billing.notices import ordering
from bursar.chasing.sequences import releasing, sparing, staging
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="12 * * * *")
@tasks.task(name="chasing.stage_everywhere", queueing_lock="chasing.stage_everywhere", pass_context=True)
async def stage_everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Before the notices of the hour, which are silent about what a sequence covers."""
    office = office_of(context)
    for tenant_id in await staging.tenants_with_sequences(office):
        async with office.work(tenant_id) as work:
            await work.defer(stage)


@tasks.task(name="chasing.stage", pass_context=True)
async def stage(context: JobContext, tenant_id: str) -> None:
    """One tenant's lists of the next working day; safe at any time, and twice."""
    await staging.stage_all(office_of(context), UUID(tenant_id))


@tasks.periodic(cron="* * * * *")
@tasks.task(name="chasing.release_due", queueing_lock="chasing.release_due", pass_context=True)
async def release_due(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """People announce a time to the minute."""
    await releasing.release_due(office_of(context))


@tasks.periodic(cron="22 * * * *")
@tasks.task(name="chasing.notify_everywhere", queueing_lock="chasing.notify_everywhere", pass_context=True)
async def notify_everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """After the tending of the hour, which says whose promise was broken."""
    office = office_of(context)
    for tenant_id in await tending.tenants_to_tend(office):
        async with office.work(tenant_id) as work:
            await work.defer(notify)


@tasks.task(name="chasing.notify", pass_context=True)
async def notify(context: JobContext, tenant_id: str) -> None:
    """One tenant's hour; safe at any time, and twice."""
    async with office_of(context).work(UUID(tenant_id), cause="clock") as work:
        await ordering.order_due(work, await sparing.spared(work))
        await ordering.let_go(work)
