"""When what providers told is applied, and when money is sent back through the till it came by."""

from collections.abc import Iterable
from datetime import timedelta
from typing import cast
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.job_context import JobContext

from bursar.billing.tills import applying, sending_back
from bursar.billing.tills.cashier import Cashier
from bursar.billing.tills.ports import TillDesk
from bursar.core import inbounds
from bursar.core.jobs import enqueue_once, office_of, tasks
from bursar.core.work import Happened, Office, Work

MISSED = timedelta(seconds=30)
"""What has waited so long was announced to nobody, or whoever had it was killed."""
ASK_AGAIN = RetryStrategy(max_attempts=5, wait=60)  # seconds; afterwards the clock asks


@tasks.task(name="billing.apply_inbounds", pass_context=True)
async def apply_inbounds(context: JobContext, tenant_id: str) -> None:
    """All that one tenant's providers told; safe twice and at once."""
    desk = cast("TillDesk", context.additional_context["till_desk"])
    await applying.apply_waiting(_cashier_of(context), desk, UUID(tenant_id))


@tasks.periodic(cron="* * * * *")
@tasks.task(name="billing.replay_inbounds", queueing_lock="billing.replay_inbounds", pass_context=True)
async def replay_inbounds(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """What was not applied at once: it failed, had to wait, or its job was lost."""
    office = office_of(context)
    await apply_soon(office, await inbounds.tenants_waiting(office, applying.STRIPE, for_=MISSED))


async def apply_soon(office: Office, tenant_ids: Iterable[UUID]) -> None:
    """A job for each that has none waiting. Called after what it is to apply was committed: one that runs already may
    have looked before.
    """
    await enqueue_once(office, apply_inbounds, tenant_ids)


@tasks.task(name="billing.send_back", retry=ASK_AGAIN, pass_context=True)
async def send_back(context: JobContext, tenant_id: str, refund_id: str) -> None:
    """Money that an agent gave back goes the way it came."""
    await sending_back.send_back(_cashier_of(context), UUID(tenant_id), UUID(refund_id))


@tasks.periodic(cron="*/10 * * * *")
@tasks.task(name="billing.send_back_all", queueing_lock="billing.send_back_all", pass_context=True)
async def send_back_all(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """Refunds of which the provider has not said that it took them."""
    await sending_back.send_back_all(_cashier_of(context))


async def inbound_replayed(work: Work, _happened: Happened) -> None:
    """Somebody asked for it, and looks."""
    await work.defer(apply_inbounds)


async def refund_ordered(work: Work, happened: Happened) -> None:
    """The provider is asked after the commit."""
    for refund_id in happened.ids:
        await work.defer(send_back, refund_id=str(refund_id))


def _cashier_of(context: JobContext) -> Cashier:
    return cast("Cashier", context.additional_context["cashier"])
