"""Makers of tenancy: a firm, its people, a customer; and what the journal says of them."""

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.work import Actor, Office, Work
from bursar.tenancy.tables import accounts, agents, customers, tenants


async def a_tenant(office: Office, **given: Any) -> UUID:
    """A committed tenant in Dubai that may issue tax invoices; written as the tenant itself, since a wall without a tenant lets nothing in."""
    tenant_id = uuid4()
    row = {
        "slug": f"t-{tenant_id.hex[:12]}",
        "name": "Working Title",
        "country": "AE",
        "currency": "AED",
        "time_zone": "Asia/Dubai",
        "locale": "en",
        "legal_name": "Working Title FZ-LLC",
        "tax_number": "100123456700003",
        "address_lines": ["Office 5, Al Wasl Road"],
        "city": "Dubai",
        "subdivision": "DXB",
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
        "address_lines": ["12 Sheikh Zayed Road"],
        "city": "Dubai",
        "source": "manual",
        "state": "active",
        **given,
    }
    row.setdefault("email_key", row["email"].lower() if row["email"] else None)
    insert = sa.insert(customers).values(tenant_id=work.tenant_id, **row).returning(customers.c.id)
    return (await work.db.scalars(insert)).one()


def acting(role: AgentRole, agent_id: UUID | None = None) -> Actor:
    """Somebody of this role, whoever that is."""
    return Actor(ActorType.AGENT, agent_id, role)


async def an_agent(office: Office, tenant_id: UUID, role: AgentRole = AgentRole.AGENT, **given: Any) -> Actor:
    """A committed active agent with an account of their own that has no password."""
    mark = uuid4().hex[:10]
    email = given.pop("email", f"{mark}@example.com")
    async with office.work(tenant_id) as work:
        account = sa.insert(accounts).values(email=email, email_key=email.lower()).returning(accounts.c.id)
        account_id = (await work.db.scalars(account)).one()
        row = {
            "tenant_id": tenant_id,
            "account_id": account_id,
            "name": f"Agent {mark}",
            "role": role,
            **given,
        }
        agent_id = (await work.db.scalars(sa.insert(agents).values(row).returning(agents.c.id))).one()
    return acting(role, agent_id)


async def events_of(work: Work, entity: UUID) -> list[str]:
    """The types of an entity's events in their order."""
    rows = await work.db.scalars(
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_id == entity)
        .order_by(events.c.id)
    )
    return list(rows)


async def personal_of(work: Work, entity: UUID, event: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What the one event of this type says in clear, and what it says under the customer's key."""
    row = (
        await work.db.execute(
            sa.select(events).where(
                events.c.tenant_id == work.tenant_id, events.c.entity_id == entity, events.c.type == event
            )
        )
    ).one()
    if row.private is None:
        return row.changes, None
    return row.changes, await work.vault.open_personal(row.id, row.customer_id, row.private)
