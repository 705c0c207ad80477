"""What time does to a tenant's invoices and promises."""

from uuid import UUID

from bursar.billing.ageing import note_overdue
from bursar.billing.promises import break_promises
from bursar.billing.queries import books
from bursar.core.work import Office


async def tenants_to_tend(office: Office) -> list[UUID]:
    """All of them, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(books.all_tenants()))


async def tend(office: Office, tenant_id: UUID) -> None:
    """What became overdue, whose word was not kept: in slices, each a Work of its own, until nothing is left."""
    more = True
    while more:
        async with office.work(tenant_id, cause="clock") as work:
            late, broken = await note_overdue(work), await break_promises(work)
            more = bool(late or broken)
