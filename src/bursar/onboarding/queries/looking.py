"""Statements of the clock that looks at orders which wait for money."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bursar.core.sets import among
from bursar.core.work import Work
from bursar.onboarding.tables import orders
from bursar.tenancy.tables import customers

_PENDING = sa.literal_column("'pending'")


def tenants_with_work(now: datetime) -> sa.Select:
    """The tenants of orders whose time has come; over all tenants, for a scan, so no tenant_id is named."""
    return (
        sa.select(orders.c.tenant_id)
        .where(orders.c.state == _PENDING, orders.c.look_at <= now)
        .distinct()
        .order_by(orders.c.tenant_id)
    )


def due(work: Work, limit: int) -> sa.Select:
    """Pending orders whose time has come, the longest waiting first, whoever holds them."""
    return (
        sa.select(orders.c.id, orders.c.customer_id)
        .where(orders.c.tenant_id == work.tenant_id, orders.c.state == _PENDING, orders.c.look_at <= work.now)
        .order_by(orders.c.look_at, orders.c.id)
        .limit(limit)
    )


def free_customers(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` whom nobody holds, locked in order."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, among(customers.c.id, ids))
        .order_by(customers.c.id)
        .with_for_update(key_share=True, skip_locked=True)
    )


def claim(work: Work, ids: Sequence[UUID], customer_ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` of these customers that are still due and that nobody holds, locked in order."""
    return (
        sa.select(orders)
        .where(
            orders.c.tenant_id == work.tenant_id,
            among(orders.c.id, ids),
            among(orders.c.customer_id, customer_ids),
            orders.c.state == _PENDING,
            orders.c.look_at <= work.now,
        )
        .order_by(orders.c.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
