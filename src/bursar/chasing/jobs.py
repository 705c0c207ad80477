"""What chasing does because time passes."""

from procrastinate.job_context import JobContext

from bursar.chasing.following import start_due
from bursar.core.jobs import office_of, tasks


@tasks.periodic(cron="* * * * *")
@tasks.task(name="chasing.start_due", queueing_lock="chasing.start_due", pass_context=True)
async def start_due_campaigns(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """People plan a campaign to the minute."""
    await start_due(office_of(context))
