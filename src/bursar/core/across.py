"""One statement in many tenants, in one transaction and one round trip."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.kinds import ActorType
from bursar.core.queries import work as queries
from bursar.core.work import Office, Role


async def run_across(
    office: Office, statement: sa.TextClause, by_tenant: Mapping[UUID, Mapping[str, Any]], *, cause: str
) -> dict[UUID, list[Any]]:
    """Run `statement` as the system inside each tenant with that tenant's parameters, tenants in order.

    For what arrives mixed and is answered when it is stored: a commit for each tenant would cost what a commit
    for each row costs. The wall stands as ever, each statement runs in its own tenant's context; nothing of it
    is journalled, and `:tenant_id` is given. Raises the driver's errors, and then nothing was written.
    """
    context, text = (str(each.compile(office.engine)) for each in (queries.SET_CONTEXT, statement))
    fixed = dict.fromkeys(("customer", "actor_id", "ip", "user_agent", "request_id"))
    system = {**fixed, "role": Role.SYSTEM, "actor_type": ActorType.SYSTEM, "cause": cause}
    async with office.transaction(read_only=False) as db:
        await db.begin()
        raw: Any = (await db.get_raw_connection()).driver_connection
        async with raw.pipeline():
            asked = {}
            for tenant_id in sorted(by_tenant):
                await raw.execute(context, {**system, "tenant": tenant_id})
                asked[tenant_id] = await raw.execute(text, {**by_tenant[tenant_id], "tenant_id": tenant_id})
        return {tenant_id: await cursor.fetchall() for tenant_id, cursor in asked.items()}
