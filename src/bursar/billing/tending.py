"""For whom time passes: the tenants that billing looks after every hour."""

from uuid import UUID

from bursar.billing.queries import books
from bursar.core.work import Work


async def tenants_to_tend(scan: Work) -> list[UUID]:
    """All of them, read by a scan."""
    return list(await scan.db.scalars(books.all_tenants()))
