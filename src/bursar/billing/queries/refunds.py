"""Statements over refunds, and over the credit notes and invoices that they are about."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import PaymentSource, RefundState
from bursar.billing.tables import (
    checkout_sessions,
    credit_notes,
    invoice_payments,
    invoices,
    payments,
    refunds,
    tills,
)
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


def way_back(work: Work, payment_id: UUID) -> sa.Select:
    """The checkout by which a payment came, and the till at which that was; the last, if there are several."""
    c = checkout_sessions.c
    its = sa.or_(payments.c.id == c.payment_id, payments.c.external_id == c.payment_intent)
    return (
        sa.select(c.till_id, c.payment_intent, tills.c.state)
        .join(tills, same_tenant(tills, checkout_sessions) & (tills.c.id == c.till_id))
        .join(payments, same_tenant(payments, checkout_sessions) & its)
        .where(
            c.tenant_id == work.tenant_id,
            c.payment_intent.is_not(None),
            payments.c.id == payment_id,
            payments.c.source == PaymentSource.STRIPE,
        )
        .order_by(c.id.desc())
        .limit(1)
    )


def lock_to_send(work: Work, refund_id: UUID) -> sa.Select:
    """A refund on its way through a till that has not said that it took it, locked."""
    return (
        sa.select(refunds)
        .where(
            refunds.c.tenant_id == work.tenant_id,
            refunds.c.id == refund_id,
            refunds.c.state == RefundState.PENDING,
            refunds.c.till_id.is_not(None),
            refunds.c.external_id.is_(None),
        )
        .with_for_update(key_share=True)
    )


def to_send() -> sa.Select:
    """The same of all tenants; read as bursar_scan, so no tenant_id is named."""
    return (
        sa.select(refunds.c.tenant_id, refunds.c.id)
        .where(
            refunds.c.state == RefundState.PENDING,
            refunds.c.till_id.is_not(None),
            refunds.c.external_id.is_(None),
        )
        .order_by(refunds.c.tenant_id, refunds.c.id)
    )


def note(work: Work, refund_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    """What the provider calls it, and what stood in its way."""
    return (
        sa.update(refunds)
        .where(refunds.c.tenant_id == work.tenant_id, refunds.c.id == refund_id)
        .values(**values)
    )


def note_came_back(work: Work, refund_id: UUID, error: str) -> sa.Update:
    """The refund, if this was not noted of it already."""
    return (
        sa.update(refunds)
        .where(
            refunds.c.tenant_id == work.tenant_id,
            refunds.c.id == refund_id,
            refunds.c.last_error.is_distinct_from(error),
        )
        .values(last_error=error)
        .returning(refunds.c.id)
    )


def invoices_paid_by(work: Work, payment_id: UUID) -> sa.Select:
    """The invoices that a payment pays or paid in its own currency, the last first."""
    last = sa.func.max(invoice_payments.c.id.cast(sa.Text))
    return (
        sa.select(invoice_payments.c.invoice_id)
        .where(
            invoice_payments.c.tenant_id == work.tenant_id,
            invoice_payments.c.payment_id == payment_id,
            invoice_payments.c.taken_minor.is_(None),
        )
        .group_by(invoice_payments.c.invoice_id)
        .order_by(last.desc())
    )
