"""How far customers were billed for products."""

from collections.abc import Sequence

import sqlalchemy as sa

from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoice_lines, invoices
from bursar.catalog.ports import Pair
from bursar.core.schema import same_tenant
from bursar.core.sets import rows
from bursar.core.work import Work

_BILLED = (InvoiceState.ISSUED, InvoiceState.PAID, InvoiceState.REFUNDED)
_PAIR = {"customer_id": sa.UUID(), "product_id": sa.UUID()}


def billed_through(work: Work, pairs: Sequence[Pair]) -> sa.Select:
    """For each of these pairs that an issued invoice charges the last day it charges; a cancelled one does not."""
    asked = rows("asked", _PAIR, pairs)
    last = sa.func.max(
        sa.func.coalesce(invoice_lines.c.service_to, invoice_lines.c.service_from, invoices.c.issue_date)
    )
    charged = (
        (invoice_lines.c.tenant_id == work.tenant_id)
        & (invoice_lines.c.customer_id == asked.c.customer_id)
        & (invoice_lines.c.product_id == asked.c.product_id)
    )
    issued = (
        same_tenant(invoices, invoice_lines)
        & (invoices.c.id == invoice_lines.c.invoice_id)
        & invoices.c.state.in_(_BILLED)
    )
    return (
        sa.select(asked.c.customer_id, asked.c.product_id, last.label("through"))
        .select_from(asked.join(invoice_lines, charged).join(invoices, issued))
        .group_by(asked.c.customer_id, asked.c.product_id)
    )
