"""Which invoices a sequence chases, and how far each of them has come on its ladder."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_open
from bursar.chasing.queries.sequence_staging import is_covered, last_told
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.tenancy.tables import customers

MOST = 200


def on_ladder(
    work: Work,
    segment: Mapping[str, Any],
    before: Sequence[Mapping[str, Any]],
    *,
    invoice_ids: Sequence[UUID] = (),
    customer_id: UUID | None = None,
) -> sa.Select:
    """Open invoices, these or a customer's, that a sequence with this segment chases behind those `before` it."""
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    chosen = (
        invoices.c.customer_id == customer_id if customer_id else invoices.c.id == sa.any_(uuids(invoice_ids))
    )
    return (
        sa.select(invoices.c.id, invoices.c.due_date, last_told().label("told"))
        .select_from(invoices.join(customers, theirs))
        .where(
            invoices.c.tenant_id == work.tenant_id,
            is_open(invoices),
            chosen,
            is_covered(work, segment, before),
        )
        .order_by(invoices.c.due_date, invoices.c.id)
        .limit(MOST)
    )
