"""Which invoices sequences cover."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.queries.sequence_staging import applies
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers

Segment = Mapping[str, Any]
_THEIRS = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
_FROM = invoices.join(customers, _THEIRS)


def covered_ids(work: Work, segments: Sequence[Segment]) -> sa.Select:
    """Open invoices to which any of these applies, wherever this stands in another statement."""
    return (
        sa.select(invoices.c.id)
        .select_from(_FROM)
        .where(invoices.c.tenant_id == work.tenant_id, sa.or_(*(applies(work, one) for one in segments)))
        .correlate(None)
    )
