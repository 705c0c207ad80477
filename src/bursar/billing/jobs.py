"""What billing does because time passes."""

from typing import Any
from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing.ageing import note_overdue
from bursar.billing.promises import break_promises
from bursar.billing.tending import tenants_to_tend
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="3 * * * *")
@tasks.task(name="billing.tend_all", queueing_lock="billing.tend_all", pass_context=True)
async def tend_all(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Every hour, since midnight comes at another one in each time zone and a worker may have been down."""
    office = office_of(context)
    async with office.scan() as work:
        due = await tenants_to_tend(work)
    for tenant_id in due:
        async with office.work(tenant_id) as work:
            await work.defer(tend)


@tasks.task(name="billing.tend", pass_context=True)
async def tend(context: JobContext, *, tenant_id: str, **_: Any) -> None:
    """One tenant's day: what became overdue, whose word was not kept. In slices; safe at any time."""
    office = office_of(context)
    more = True
    while more:
        async with office.work(UUID(tenant_id), cause="clock") as work:
            more = bool(await note_overdue(work)) | bool(await break_promises(work))
