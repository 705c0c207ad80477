"""What the directory of people needs because time passes."""

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.tenancy import throttle


@tasks.periodic(cron="37 3 * * *")
@tasks.task(name="tenancy.drop_old_attempts", queueing_lock="tenancy.drop_old_attempts", pass_context=True)
async def drop_old_attempts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Each night: anybody may fail to sign in, so the table would grow at a stranger's will."""
    await throttle.drop_old(office_of(context))
