"""Tenants' keys under the newest master key, so that an older one can be dropped (R124)."""

from bursar.core.queries import upkeep as queries
from bursar.core.work import Office


async def rotate(office: Office) -> int:
    """Wrap each tenant's data key anew, in a Work of its own; how many were not current. Safe to repeat."""
    async with office.scan() as work:
        tenants = list(await work.db.scalars(queries.all_tenants()))
    rewrapped = 0
    for tenant_id in tenants:
        async with office.work(tenant_id, cause="key rotation") as work:
            rewrapped += await work.vault.rotate()
    return rewrapped
