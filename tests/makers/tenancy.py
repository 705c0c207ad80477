"""Makers of tenancy: a tenant, a customer. Each takes only what the test cares about."""

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.core.work import Office, Work
from bursar.tenancy.tables import customers, tenants


async def a_tenant(office: Office, **given: Any) -> UUID:
    """A committed tenant in Dubai; written as the tenant itself, since a wall without a tenant lets nothing in."""
    tenant_id = uuid4()
    row = {
        "slug": f"t-{tenant_id.hex[:12]}",
        "name": "Working Title",
        "country": "AE",
        "currency": "AED",
        "time_zone": "Asia/Dubai",
        "locale": "en",
        **given,
    }
    async with office.new_tenant_work(tenant_id) as work:
        await work.db.execute(sa.insert(tenants).values(tenant_id=tenant_id, id=tenant_id, **row))
    return tenant_id


async def a_customer(work: Work, **given: Any) -> UUID:
    """An active customer with an address of their own; `email=None` for one without."""
    mark = uuid4().hex[:10]
    row = {
        "external_code": f"C-{mark}",
        "kind": "firm",
        "company_name": f"Customer {mark}",
        "email": f"{mark}@example.com",
        "source": "manual",
        "state": "active",
        **given,
    }
    row.setdefault("email_key", row["email"].lower() if row["email"] else None)
    insert = sa.insert(customers).values(tenant_id=work.tenant_id, **row).returning(customers.c.id)
    return (await work.db.scalars(insert)).one()
