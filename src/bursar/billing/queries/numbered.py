"""Invoices by the numbers that people know them by, whatever series they stand in."""

from collections.abc import Sequence

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.core.work import Work


def numbered(work: Work, numbers: Sequence[str]) -> sa.Select:
    """Every invoice with one of these numbers; drafts have none."""
    return (
        sa.select(
            *(invoices.c[name] for name in ("id", "number", "series", "customer_id", "currency", "state")),
            *(invoices.c[name] for name in ("balance_minor", "issue_date", "due_date", "external_source")),
        )
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text))),
        )
        .order_by(invoices.c.series)
    )
