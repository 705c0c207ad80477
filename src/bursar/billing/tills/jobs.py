"""When tills and checkouts are looked at, and what is told to a provider after a commit."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.job_context import JobContext

from bursar.billing.states import PaidFor
from bursar.billing.tills import checkouts
from bursar.core.jobs import office_of, tasks
from bursar.core.work import Happened, Work

if TYPE_CHECKING:
    from bursar.billing.tills.cashier import Cashier

TRIES = 5
ASK_AGAIN = RetryStrategy(max_attempts=TRIES, wait=60)  # seconds


@tasks.task(name="billing.expire_checkout", retry=ASK_AGAIN, pass_context=True)
async def expire_checkout(context: JobContext, tenant_id: str, checkout_ids: list[str]) -> None:
    """Pages on which nobody is to pay any more are closed at the provider."""
    await _cashier_of(context).expire(UUID(tenant_id), [UUID(one) for one in checkout_ids])


@tasks.task(name="billing.close_till", retry=ASK_AGAIN, pass_context=True)
async def close_till(context: JobContext, tenant_id: str, till_id: str) -> None:
    """A disabled till's pages are closed, and its secrets destroyed."""
    is_last = context.job.attempts >= TRIES  # those that were made before this one
    await _cashier_of(context).close_till(UUID(tenant_id), UUID(till_id), is_last_try=is_last)


@tasks.periodic(cron="*/5 * * * *")
@tasks.task(
    name="billing.look_at_all_checkouts", queueing_lock="billing.look_at_all_checkouts", pass_context=True
)
async def look_at_all_checkouts(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """Checkouts that ran out, money under way, and what the provider's reports did not reach us about."""
    office = office_of(context)
    for tenant_id in await _cashier_of(context).tenants_waiting():
        async with office.work(tenant_id) as work:
            await work.defer(look_at_checkouts)


@tasks.task(name="billing.look_at_checkouts", pass_context=True)
async def look_at_checkouts(context: JobContext, tenant_id: str) -> None:
    await _cashier_of(context).tend(UUID(tenant_id))


async def checkouts_called_off(work: Work, happened: Happened) -> None:
    """The provider is told after the commit."""
    await work.defer(expire_checkout, checkout_ids=[str(one) for one in happened.ids])


async def till_disabled(work: Work, happened: Happened) -> None:
    for till_id in happened.ids:
        await work.defer(close_till, till_id=str(till_id))


async def invoices_settled(work: Work, happened: Happened) -> None:
    """Paid another way, or taken back: nobody is to pay it by card as well."""
    await checkouts.call_off(work, PaidFor.INVOICE, happened.ids, because="settled")


def _cashier_of(context: JobContext) -> "Cashier":
    return cast("Cashier", context.additional_context["cashier"])
