"""Mailboxes are looked into because time passes."""

from typing import cast

from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.outbox.incoming.polling import read_due
from bursar.outbox.incoming.ports import ReaderFactory


@tasks.periodic(cron="* * * * *")
@tasks.task(name="outbox.read_mailboxes", queueing_lock="outbox.read_mailboxes", pass_context=True)
async def read_mailboxes(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Each folder is due every two minutes; this looks whose turn it is."""
    await read_due(office_of(context), cast("ReaderFactory", context.additional_context["readers"]))
