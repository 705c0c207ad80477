"""What the directory of people needs because time passes, and what nobody may wait for."""

from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.tenancy import portal_links, throttle


@tasks.periodic(cron="37 3 * * *")
@tasks.task(name="tenancy.drop_old_attempts", queueing_lock="tenancy.drop_old_attempts", pass_context=True)
async def drop_old_attempts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Each night: anybody may fail to sign in, so the table would grow at a stranger's will."""
    await throttle.drop_old(office_of(context))


@tasks.task(name="tenancy.send_sign_in_link", pass_context=True)
async def send_sign_in_link(context: JobContext, tenant_id: str, email_key: str) -> None:
    """Somebody asked at the portal; twice is two mails, of which either signs in and ends the other."""
    async with office_of(context).work(UUID(tenant_id), cause="portal") as work:
        await portal_links.ask(work, email_key)
