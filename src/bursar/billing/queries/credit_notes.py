"""Statements over credit notes and their lines."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import credit_note_lines, credit_notes, invoice_lines, invoices
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def left_of_lines(work: Work, invoice_id: UUID) -> sa.Select:
    """The lines of an invoice in order, with what credit notes have taken of each."""
    taken = (
        sa.select(
            credit_note_lines.c.invoice_line_id,
            sa.cast(sa.func.sum(credit_note_lines.c.net_minor), sa.BigInteger).label("net"),
            sa.cast(sa.func.sum(credit_note_lines.c.tax_minor), sa.BigInteger).label("tax"),
        )
        .join(
            credit_notes,
            same_tenant(credit_notes, credit_note_lines)
            & (credit_notes.c.id == credit_note_lines.c.credit_note_id),
        )
        .where(credit_note_lines.c.tenant_id == work.tenant_id, credit_notes.c.invoice_id == invoice_id)
        .group_by(credit_note_lines.c.invoice_line_id)
        .subquery("taken")
    )
    return (
        sa.select(
            invoice_lines,
            sa.func.coalesce(taken.c.net, 0).label("net_taken"),
            sa.func.coalesce(taken.c.tax, 0).label("tax_taken"),
        )
        .outerjoin(taken, taken.c.invoice_line_id == invoice_lines.c.id)
        .where(invoice_lines.c.tenant_id == work.tenant_id, invoice_lines.c.invoice_id == invoice_id)
        .order_by(invoice_lines.c.position)
    )


def credited(work: Work, invoice_id: UUID) -> sa.Select:
    """What credit notes have taken back of one invoice: the amount, and the tax in the firm's own currency."""
    return sa.select(
        sa.cast(sa.func.coalesce(sa.func.sum(credit_notes.c.amount_minor), 0), sa.BigInteger).label("amount"),
        sa.cast(sa.func.coalesce(sa.func.sum(credit_notes.c.tax_local_minor), 0), sa.BigInteger).label(
            "tax_local"
        ),
    ).where(credit_notes.c.tenant_id == work.tenant_id, credit_notes.c.invoice_id == invoice_id)


def add_credit_note(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(credit_notes).values(tenant_id=work.tenant_id, **values).returning(credit_notes.c.id)


def add_lines(work: Work, lines: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return sa.insert(credit_note_lines).values([{"tenant_id": work.tenant_id, **line} for line in lines])


def listed(
    work: Work, *, customer_id: UUID | None, invoice_id: UUID | None, before: UUID | None, limit: int
) -> sa.Select:
    """Credit notes with the number they correct, the newest first: of a customer, of an invoice, or all."""
    chosen = [
        column == value
        for column, value in (
            (credit_notes.c.customer_id, customer_id),
            (credit_notes.c.invoice_id, invoice_id),
        )
        if value is not None
    ]
    if before is not None:
        chosen.append(credit_notes.c.id < before)
    return _shown(work).where(*chosen).order_by(credit_notes.c.id.desc()).limit(limit)


def one(work: Work, credit_note_id: UUID) -> sa.Select:
    return _shown(work).where(credit_notes.c.id == credit_note_id)


def numbered(work: Work, number: str) -> sa.Select:
    """The credit note with this number; their series is one, so there is no other."""
    return _shown(work).where(credit_notes.c.number == number)


def lines_of(work: Work, credit_note_id: UUID) -> sa.Select:
    return (
        sa.select(credit_note_lines)
        .where(
            credit_note_lines.c.tenant_id == work.tenant_id,
            credit_note_lines.c.credit_note_id == credit_note_id,
        )
        .order_by(credit_note_lines.c.position)
    )


def _shown(work: Work) -> sa.Select[Any]:
    theirs = same_tenant(customers, credit_notes) & (customers.c.id == credit_notes.c.customer_id)
    its = same_tenant(invoices, credit_notes) & (invoices.c.id == credit_notes.c.invoice_id)
    return (
        sa.select(
            credit_notes,
            invoices.c.number.label("invoice_number"),
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
        )
        .join(customers, theirs)
        .join(invoices, its)
        .where(credit_notes.c.tenant_id == work.tenant_id)
    )
