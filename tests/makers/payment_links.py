"""Makers of payment links: offers in each of their states, through the room's own verbs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.payment_links import (
    Issued,
    claim_link,
    create_link,
    expire_links,
    revoke_link,
    use_links,
)
from bursar.onboarding.tables import payment_links
from tests.makers.catalog import a_product
from tests.makers.tenancy import a_customer

OVER = timedelta(days=15)
"""Longer than an offer holds unless somebody says so."""


async def a_link(work: Work, state: str = "active", **given: Any) -> Issued:
    """An offer of a product of its own at 200.00 before 5 % tax, to lina@prospect.example."""
    product_id = given.pop("product_id", None) or await a_product(work)
    issued = await create_link(
        work, NewLink(product_id, given.pop("email", "lina@prospect.example"), **given)
    )
    match state:
        case "claimed" | "used":
            customer = await a_customer(work)
            await claim_link(work, issued.link_id, customer)
            if state == "used":
                await use_links(work, {issued.link_id: customer})
        case "expired":
            await past(work)
        case "revoked":
            await revoke_link(work, issued.link_id)
        case _:
            pass
    return issued


async def past(work: Work) -> None:
    """Time goes by until offers are over, and the clock's job has looked."""
    before, work.now = work.now, work.now + OVER
    await expire_links(work)
    work.now = before


async def the_link(work: Work, link_id: UUID) -> sa.Row[Any]:
    found = sa.select(payment_links).where(
        payment_links.c.tenant_id == work.tenant_id, payment_links.c.id == link_id
    )
    return (await work.db.execute(found)).one()


async def footprint(work: Work) -> dict[str, str | None]:
    """Everything that this tenant has of offers, messages and its journal, as one value a table."""
    return {
        name: await work.db.scalar(
            sa.text(
                f"select md5(string_agg(t::text, '|' order by t.id)) from {name} t where t.tenant_id = :t"
            ),
            {"t": work.tenant_id},
        )
        for name in ("payment_links", "orders", "checkout_sessions", "customers", "sends", "events")
    }
