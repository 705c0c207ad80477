"""Statements over issued documents: what they say, and which of them are not printed yet."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import credit_note_lines, credit_notes, invoice_lines, invoices
from bursar.core.schema import same_tenant
from bursar.core.sets import among
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants


def issued_invoices(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of these invoices that we wrote ourselves: what was imported has its document elsewhere."""
    return _dressed(sa.select(invoices), invoices).where(
        invoices.c.tenant_id == work.tenant_id, among(invoices.c.id, ids), _is_ours()
    )


def issued_credit_notes(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These credit notes, each with its invoice and with all that was credited of it up to and with this one."""
    earlier = credit_notes.alias("earlier")
    credited = (
        sa.select(sa.func.sum(earlier.c.amount_minor))
        .where(
            same_tenant(earlier, credit_notes),
            earlier.c.invoice_id == credit_notes.c.invoice_id,
            sa.tuple_(earlier.c.issue_date, earlier.c.serial)
            <= sa.tuple_(credit_notes.c.issue_date, credit_notes.c.serial),
        )
        .scalar_subquery()
    )
    of_it = same_tenant(invoices, credit_notes) & (invoices.c.id == credit_notes.c.invoice_id)
    about = sa.select(
        credit_notes,
        invoices.c.number.label("invoice_number"),
        invoices.c.issue_date.label("invoice_date"),
        invoices.c.total_minor.label("invoice_total_minor"),
        invoices.c.transaction_flags,
        sa.cast(credited, sa.BigInteger).label("credited_minor"),
    )
    return (
        _dressed(about, credit_notes)
        .join(invoices, of_it)
        .where(credit_notes.c.tenant_id == work.tenant_id, among(credit_notes.c.id, ids))
    )


def invoice_state(work: Work, invoice_id: UUID) -> sa.Select:
    """Whether there is such an invoice, in whatever state."""
    return sa.select(invoices.c.state).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id
    )


def lines_of_invoices(work: Work, ids: Sequence[UUID]) -> sa.Select:
    return (
        sa.select(invoice_lines, invoice_lines.c.invoice_id.label("document_id"))
        .where(invoice_lines.c.tenant_id == work.tenant_id, among(invoice_lines.c.invoice_id, ids))
        .order_by(invoice_lines.c.invoice_id, invoice_lines.c.position)
    )


def lines_of_credit_notes(work: Work, ids: Sequence[UUID]) -> sa.Select:
    return (
        sa.select(credit_note_lines, credit_note_lines.c.credit_note_id.label("document_id"))
        .where(
            credit_note_lines.c.tenant_id == work.tenant_id, among(credit_note_lines.c.credit_note_id, ids)
        )
        .order_by(credit_note_lines.c.credit_note_id, credit_note_lines.c.position)
    )


def unprinted_invoices(work: Work, after: UUID | None, limit: int) -> sa.Select:
    """Our issued invoices without a PDF, by their ids from `after` on."""
    return (
        sa.select(invoices.c.id)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.pdf_file_id.is_(None),
            _is_ours(),
            *([invoices.c.id > after] if after else []),
        )
        .order_by(invoices.c.id)
        .limit(limit)
    )


def unprinted_credit_notes(work: Work, after: UUID | None, limit: int) -> sa.Select:
    """Credit notes without a PDF, by their ids from `after` on."""
    return (
        sa.select(credit_notes.c.id)
        .where(
            credit_notes.c.tenant_id == work.tenant_id,
            credit_notes.c.pdf_file_id.is_(None),
            *([credit_notes.c.id > after] if after else []),
        )
        .order_by(credit_notes.c.id)
        .limit(limit)
    )


def put_pdfs(work: Work, table: str, ids: Sequence[UUID]) -> sa.Update:
    """Say of these documents that their PDF is there, under their own id; whoever was first has said it."""
    documents = {"invoice": invoices, "credit_note": credit_notes}[table]
    return (
        sa.update(documents)
        .where(
            documents.c.tenant_id == work.tenant_id,
            among(documents.c.id, ids),
            documents.c.pdf_file_id.is_(None),
        )
        .values(pdf_file_id=documents.c.id)
    )


def _is_ours() -> sa.ColumnElement[bool]:
    return invoices.c.number.is_not(None) & invoices.c.seller.is_not(None)


def _dressed(statement: sa.Select, documents: sa.Table) -> sa.Select:
    """With what a document wears: the firm's mark and the version of its customer's links."""
    theirs = same_tenant(customers, documents) & (customers.c.id == documents.c.customer_id)
    return (
        statement.add_columns(
            customers.c.link_version, tenants.c.branding, tenants.c.currency.label("firm_currency")
        )
        .join_from(documents, customers, theirs)
        .join(tenants, tenants.c.tenant_id == documents.c.tenant_id)
    )
