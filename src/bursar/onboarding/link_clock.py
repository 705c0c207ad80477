"""What time does to payment links."""

from uuid import UUID

from bursar.core.work import Office
from bursar.onboarding.payment_links import expire_links
from bursar.onboarding.queries import payment_links as queries


async def tenants_with_past(office: Office) -> list[UUID]:
    """Whose links' time is over, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.tenants_with_past(work.now)))


async def expire(office: Office, tenant_id: UUID) -> None:
    """In slices, each a Work of its own, until none is left."""
    more = True
    while more:
        async with office.work(tenant_id, cause="clock") as work:
            more = bool(await expire_links(work))
