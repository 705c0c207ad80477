"""What the outbox does because time passes, beside the pump."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.job_context import JobContext

from bursar.core.jobs import office_of, tasks
from bursar.core.work import Happened, Work
from bursar.outbox.connecting import abandon_overdue, find_overdue
from bursar.outbox.finding import look_for_lost
from bursar.outbox.ports import EventDesk, FinderFactory, Identities
from bursar.outbox.provider_events import apply, replay
from bursar.outbox.revoking import give_back, to_give_back
from bursar.outbox.signing_in import end_open_ones

ASK_AGAIN = RetryStrategy(max_attempts=5, wait=300)  # seconds; a provider that is down is not down for ever


@tasks.periodic(cron="* * * * *")
@tasks.task(name="outbox.abandon_accounts", queueing_lock="outbox.abandon_accounts", pass_context=True)
async def abandon_accounts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Mailboxes that were to be connected and were not, in time."""
    office = office_of(context)
    async with office.scan() as work:
        overdue = await find_overdue(work, work.now)
    for tenant_id, ids in overdue.items():
        async with office.work(tenant_id, cause="clock") as work:
            for account_id in await abandon_overdue(work, ids):
                await end_open_ones(work, account_id)


@tasks.periodic(cron="* * * * *")
@tasks.task(name="outbox.find_lost", queueing_lock="outbox.find_lost", pass_context=True)
async def find_lost(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """Messages in doubt are looked for where their mailbox can be asked."""
    finders = cast("FinderFactory", _bound(context, "finders"))
    absent_after = cast("timedelta", _bound(context, "absent_after"))
    await look_for_lost(office_of(context), finders, absent_after=absent_after)


@tasks.task(name="outbox.revoke_consent", retry=ASK_AGAIN, pass_context=True)
async def revoke_consent(context: JobContext, tenant_id: str, account_id: str) -> None:
    """The provider of a mailbox that was switched off is told so."""
    identities = cast("Identities", _bound(context, "identities"))
    await give_back(office_of(context), identities, UUID(tenant_id), UUID(account_id))


@tasks.task(name="outbox.apply_inbound", pass_context=True)
async def apply_inbound(context: JobContext, tenant_id: str, inbound_id: str) -> None:
    """Something a provider told of messages; what has to wait `replay_inbounds` takes up."""
    desk = cast("EventDesk", _bound(context, "event_desk"))
    await apply(office_of(context), desk, UUID(tenant_id), UUID(inbound_id))


@tasks.periodic(cron="* * * * *")
@tasks.task(name="outbox.replay_inbounds", queueing_lock="outbox.replay_inbounds", pass_context=True)
async def replay_inbounds(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """What came before we knew of what it speaks."""
    await replay(office_of(context), cast("EventDesk", _bound(context, "event_desk")))


async def inbound_kept(work: Work, happened: Happened) -> None:
    """It is applied as soon as it is committed."""
    for inbound_id in happened.ids:
        await work.defer(apply_inbound, inbound_id=str(inbound_id))


async def account_disabled(work: Work, happened: Happened) -> None:
    """The outside is told after the commit."""
    for account_id in happened.ids:
        await end_open_ones(work, account_id)
    for account_id in await to_give_back(work, happened.ids):
        await work.defer(revoke_consent, account_id=str(account_id))


def _bound(context: JobContext, name: str) -> Any:
    """A port as `app.py` bound it."""
    return context.additional_context[name]
