"""What the outbox does because time passes, beside the pump."""

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.outbox.connecting import abandon_overdue, find_overdue


@tasks.periodic(cron="* * * * *")
@tasks.task(name="outbox.abandon_accounts", queueing_lock="outbox.abandon_accounts", pass_context=True)
async def abandon_accounts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Mailboxes that were to be connected and were not, in time."""
    office = office_of(context)
    async with office.scan() as work:
        overdue = await find_overdue(work, work.now)
    for tenant_id, ids in overdue.items():
        async with office.work(tenant_id, cause="clock") as work:
            await abandon_overdue(work, ids)
