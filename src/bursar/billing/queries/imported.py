"""Statements that take in invoices of another program: sets, one statement a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import rows
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.billing.tables import invoice_lines, invoice_payments, invoices, payments
from bursar.catalog.kinds import TaxCategory
from bursar.core.work import Work

_FACTS: dict[str, sa.types.TypeEngine[Any]] = {
    "external_id": sa.Text(),
    "customer_id": sa.UUID(),
    "currency": sa.Text(),
    "total": sa.BigInteger(),
    "balance": sa.BigInteger(),
    "issue_date": sa.Date(),
    "due_date": sa.Date(),
    "paid_on": sa.Date(),
    "purchase_order": sa.Text(),
    "locale": sa.Text(),
}
_LINES: dict[str, sa.types.TypeEngine[Any]] = {
    "invoice_id": sa.UUID(),
    "customer_id": sa.UUID(),
    "description": sa.Text(),
    "total": sa.BigInteger(),
}
_OPENINGS: dict[str, sa.types.TypeEngine[Any]] = {
    "id": sa.UUID(),
    "invoice_id": sa.UUID(),
    "customer_id": sa.UUID(),
    "currency": sa.Text(),
    "paid": sa.BigInteger(),
    "received_on": sa.Date(),
    "applied_on": sa.Date(),
    "external_id": sa.Text(),
}


def known(work: Work, source: str, external_ids: Sequence[str]) -> sa.Select:
    """Those of these invoices that this source has brought before."""
    return sa.select(invoices).where(
        invoices.c.tenant_id == work.tenant_id,
        invoices.c.external_source == source,
        invoices.c.external_id == sa.any_(sa.literal(list(external_ids), sa.ARRAY(sa.Text))),
    )


def add_invoices(work: Work, source: str, series: str, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """Invoices born issued, or paid, under the numbers they have; none for one that came in meanwhile."""
    new = rows("new", _FACTS, given)
    settled = new.c.balance == 0
    columns = {
        "state": sa.case((settled, str(InvoiceState.PAID)), else_=str(InvoiceState.ISSUED)),
        "series": sa.literal(series),
        "number": new.c.external_id,
        "external_source": sa.literal(source),
        "external_id": new.c.external_id,
        "customer_id": new.c.customer_id,
        "currency": new.c.currency,
        "subtotal_minor": new.c.total,
        "total_minor": new.c.total,
        "balance_minor": new.c.balance,
        "issue_date": new.c.issue_date,
        "due_date": new.c.due_date,
        "paid_on": sa.case((settled, new.c.paid_on)),
        "purchase_order": new.c.purchase_order,
        "locale": new.c.locale,
        "created_by": sa.literal(work.actor.id, sa.UUID()),
    }
    return _insert(work, invoices, columns, new).returning(invoices.c.id, invoices.c.external_id)


def add_lines(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """One line for each; a sheet of invoices says nothing of their tax."""
    new = rows("new", _LINES, given)
    columns = {
        "invoice_id": new.c.invoice_id,
        "customer_id": new.c.customer_id,
        "position": sa.literal(1),
        "description": new.c.description,
        "quantity": sa.literal(1),
        "unit_price_minor": new.c.total,
        "tax_category": sa.literal(str(TaxCategory.OUT_OF_SCOPE)),
        "tax_rate": sa.literal(0),
        "net_minor": new.c.total,
        "tax_minor": sa.literal(0),
    }
    return _insert(work, invoice_lines, columns, new)


def add_opening_payments(work: Work, reference: str, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """What was paid before the invoice came here, as one payment for each."""
    new = rows("new", _OPENINGS, given)
    columns = {
        "id": new.c.id,
        "customer_id": new.c.customer_id,
        "amount_minor": new.c.paid,
        "currency": new.c.currency,
        "received_on": new.c.received_on,
        "reference": sa.literal(reference),
        "source": sa.literal(str(PaymentSource.IMPORT)),
        "external_id": new.c.external_id,
    }
    return _insert(work, payments, columns, new)


def allocate_openings(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    new = rows("new", _OPENINGS, given)
    columns = {
        "invoice_id": new.c.invoice_id,
        "payment_id": new.c.id,
        "customer_id": new.c.customer_id,
        "amount_minor": new.c.paid,
        "applied_on": new.c.applied_on,
    }
    return _insert(work, invoice_payments, columns, new)


def _insert(
    work: Work, table: sa.Table, columns: Mapping[str, sa.ColumnElement[Any]], given: sa.FromClause
) -> Any:
    """Rows of `table` from `given`; ON CONFLICT keeps the statement possible on a distributed table."""
    owned = {"tenant_id": sa.literal(work.tenant_id), **columns}
    chosen = sa.select(*owned.values()).select_from(given)
    return insert(table).from_select([*owned], chosen).on_conflict_do_nothing()
