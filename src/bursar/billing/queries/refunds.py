"""Statements over refunds, and over the credit notes and invoices that they are about."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import RefundState
from bursar.billing.tables import credit_notes, invoice_payments, invoices, payments, refunds
from bursar.core.schema import same_tenant
from bursar.core.work import Work


def refund(work: Work, refund_id: UUID) -> sa.Select:
    return sa.select(refunds).where(refunds.c.tenant_id == work.tenant_id, refunds.c.id == refund_id)


def refund_known_as(work: Work, external_id: str) -> sa.Select:
    return sa.select(refunds).where(
        refunds.c.tenant_id == work.tenant_id, refunds.c.external_id == external_id
    )


def refunds_before(
    work: Work,
    before: UUID | None,
    limit: int,
    *,
    customer_id: UUID | None = None,
    payment_id: UUID | None = None,
    invoice_id: UUID | None = None,
) -> sa.Select:
    """Refunds, the newest first, older than `before`: to a customer, of a payment, for an invoice."""
    chosen = [refunds.c.tenant_id == work.tenant_id]
    if before is not None:
        chosen.append(refunds.c.id < before)
    if customer_id is not None:
        chosen.append(refunds.c.customer_id == customer_id)
    if payment_id is not None:
        chosen.append(refunds.c.payment_id == payment_id)
    if invoice_id is not None:
        chosen.append(
            sa.exists().where(
                same_tenant(credit_notes, refunds),
                credit_notes.c.id == refunds.c.credit_note_id,
                credit_notes.c.invoice_id == invoice_id,
            )
        )
    return sa.select(refunds).where(*chosen).order_by(refunds.c.id.desc()).limit(limit)


def add_refund(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(refunds).values(tenant_id=work.tenant_id, **values).returning(refunds.c.id)


def credit_note(work: Work, note_id: UUID) -> sa.Select:
    """A credit note with what went back of the money that it released: all of it, and what surely did."""
    return _notes(work).where(credit_notes.c.tenant_id == work.tenant_id, credit_notes.c.id == note_id)


def notes_of(work: Work, invoice_id: UUID) -> sa.Select:
    """An invoice's credit notes in the same way, in their order."""
    return (
        _notes(work)
        .where(credit_notes.c.tenant_id == work.tenant_id, credit_notes.c.invoice_id == invoice_id)
        .order_by(credit_notes.c.id)
    )


def _notes(work: Work) -> sa.Select:
    def sum_of(*states: RefundState) -> sa.ColumnElement[int]:
        its = (
            sa.select(sa.func.coalesce(sa.func.sum(refunds.c.amount_minor), 0))
            .where(
                same_tenant(refunds, credit_notes),
                refunds.c.credit_note_id == credit_notes.c.id,
                refunds.c.state.in_(states),
            )
            .correlate(credit_notes)
            .scalar_subquery()
        )
        return sa.cast(its, sa.BigInteger)

    return sa.select(
        credit_notes,
        sum_of(RefundState.PENDING, RefundState.SUCCEEDED).label("promised"),
        sum_of(RefundState.SUCCEEDED).label("refunded"),
    ).where(credit_notes.c.tenant_id == work.tenant_id)


def payments_of(work: Work, invoice_id: UUID) -> sa.Select:
    """The payments that pay or paid an invoice in its own currency, the newest first."""
    its = sa.exists().where(
        same_tenant(invoice_payments, payments),
        invoice_payments.c.payment_id == payments.c.id,
        invoice_payments.c.invoice_id == invoice_id,
        invoice_payments.c.taken_minor.is_(None),
    )
    return (
        sa.select(payments.c.id)
        .where(payments.c.tenant_id == work.tenant_id, its)
        .order_by(payments.c.id.desc())
    )


def raise_refunded(work: Work, invoice_id: UUID, amount: int) -> sa.Update:
    """What went back of a paid invoice; the caller holds its lock."""
    return (
        sa.update(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)
        .values(refunded_minor=invoices.c.refunded_minor + amount, version=invoices.c.version + 1)
    )
