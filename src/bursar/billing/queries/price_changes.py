"""Recurring invoices that a change of prices may touch."""

from collections.abc import Sequence

import sqlalchemy as sa

from bursar.billing.states import RecurringState
from bursar.billing.tables import recurring_invoices
from bursar.catalog.ports import Pair
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.sets import rows
from bursar.core.work import Work
from bursar.tenancy.tables import customers

R = recurring_invoices
_PAIR = {"customer_id": sa.UUID(), "product_id": sa.UUID()}


def touched(work: Work, pairs: Sequence[Pair]) -> sa.Select:
    """Those of these pairs that have not ended and have no price of their own, with their names."""
    asked = rows("asked", _PAIR, pairs)
    theirs = (R.c.customer_id == asked.c.customer_id) & (R.c.product_id == asked.c.product_id)
    return (
        sa.select(
            R,
            sa.func.coalesce(customers.c.company_name, customers.c.full_name, "").label("customer_name"),
            products.c.name.label("product_name"),
        )
        .join(asked, theirs)
        .join(customers, same_tenant(customers, R) & (customers.c.id == R.c.customer_id))
        .join(products, same_tenant(products, R) & (products.c.id == R.c.product_id))
        .where(
            R.c.tenant_id == work.tenant_id,
            R.c.state != RecurringState.ENDED,
            R.c.unit_price_minor.is_(None),
        )
        .order_by(R.c.id)
    )
