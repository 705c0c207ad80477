"""When documents are printed and sent: as soon as they are issued, and each hour whatever was missed."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from procrastinate.job_context import JobContext

from bursar.billing import tending
from bursar.billing.documents import einvoices, keeping
from bursar.core.jobs import office_of, tasks
from bursar.core.work import Happened, Work

if TYPE_CHECKING:
    from bursar.billing.documents.einvoices import Carrier
    from bursar.billing.documents.keeping import Press


async def issued(work: Work, happened: Happened) -> None:  # noqa: ARG001  one job prints all that there is
    """On issue: their PDFs are made, and their e-invoices sent, as soon as this Work commits."""
    await work.defer(print_documents)
    await work.defer(carry_einvoices)


@tasks.periodic(cron="11 * * * *")
@tasks.task(name="billing.print_everywhere", queueing_lock="billing.print_everywhere", pass_context=True)
async def print_everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  the library's signature
    """What a lost job or a broken store left undone."""
    office = office_of(context)
    for tenant_id in await tending.tenants_to_tend(office):
        async with office.work(tenant_id) as work:
            await work.defer(print_documents)
            await work.defer(carry_einvoices)


@tasks.task(name="billing.print_documents", pass_context=True)
async def print_documents(context: JobContext, tenant_id: str) -> None:
    await keeping.print_all(_press_of(context), UUID(tenant_id))


@tasks.periodic(cron="* * * * *")
@tasks.task(name="billing.carry_everywhere", queueing_lock="billing.carry_everywhere", pass_context=True)
async def carry_everywhere(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  likewise
    """Each minute, for those who wait for an answer: their turn is told by each document's own clock."""
    office = office_of(context)
    for tenant_id in await einvoices.tenants_in_carriage(_press_of(context)):
        async with office.work(tenant_id) as work:
            await work.defer(carry_einvoices)


@tasks.task(name="billing.carry_einvoices", pass_context=True)
async def carry_einvoices(context: JobContext, tenant_id: str) -> None:
    carrier = cast("Carrier", context.additional_context["carrier"])
    await einvoices.carry(carrier, UUID(tenant_id))


def _press_of(context: JobContext) -> "Press":
    return cast("Press", context.additional_context["press"])
