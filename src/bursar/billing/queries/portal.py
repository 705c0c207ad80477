"""Statements behind the portal's pages of invoices and payments: they run as the customer, so they name columns that a
customer may read, and no others (R116, R122).
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries.books import status
from bursar.billing.states import CheckoutState, DisputeState, PaidFor, PaymentStatus, PromiseState
from bursar.billing.tables import (
    checkout_sessions,
    credit_notes,
    disputes,
    invoice_lines,
    invoice_payments,
    invoices,
    payments,
    promises,
)
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work

_HEAD = (
    "id",
    "number",
    "currency",
    "total_minor",
    "balance_minor",
    "issue_date",
    "due_date",
    "paid_on",
    "state",
)
_WHOLE = ("subtotal_minor", "tax_minor", "refunded_minor", "pdf_file_id", "seller")
_LINE = ("description", "description_local", "quantity", "unit_price_minor", "net_minor")


def invoices_of(work: Work, customer_id: UUID, before: UUID | None, limit: int) -> sa.Select:
    """A customer's invoices, the newest first, older than `before`."""
    older = [] if before is None else [invoices.c.id < before]
    return (
        sa.select(*(invoices.c[name] for name in _HEAD), status(work.today).label("status"))
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.customer_id == customer_id, *older)
        .order_by(invoices.c.id.desc())
        .limit(limit)
    )


def one_invoice(work: Work, customer_id: UUID, invoice_id: UUID) -> sa.Select:
    """An invoice of this customer, with the word that was given for it, what is contested, and money on its way."""
    p, d = promises.alias("given"), disputes.alias("said")  # the status asks for disputes of its own
    promise = (
        same_tenant(p, invoices) & (p.c.invoice_id == invoices.c.id) & (p.c.state == PromiseState.ACTIVE)
    )
    dispute = same_tenant(d, invoices) & (d.c.invoice_id == invoices.c.id) & (d.c.state == DisputeState.OPEN)
    c = checkout_sessions
    under_way = sa.exists(c.c.id).where(
        same_tenant(c, invoices),
        c.c.about_type == PaidFor.INVOICE,
        c.c.about_id == invoices.c.id,
        c.c.state == CheckoutState.COMPLETE,
        c.c.payment_status == PaymentStatus.UNPAID,
    )
    return (
        sa.select(
            *(invoices.c[name] for name in (*_HEAD, *_WHOLE)),
            under_way.label("being_paid"),
            status(work.today).label("status"),
            p.c.promised_for,
            p.c.moves,
            d.c.reason.label("contested"),
        )
        .select_from(invoices.outerjoin(p, promise).outerjoin(d, dispute))
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.customer_id == customer_id,
            invoices.c.id == invoice_id,
        )
    )


def lines_of(work: Work, invoice_id: UUID) -> sa.Select:
    return (
        sa.select(*(invoice_lines.c[name] for name in _LINE))
        .where(invoice_lines.c.tenant_id == work.tenant_id, invoice_lines.c.invoice_id == invoice_id)
        .order_by(invoice_lines.c.position)
    )


def paid_on(work: Work, invoice_id: UUID) -> sa.Select:
    """What was paid on an invoice and stayed, in order."""
    a, undone = invoice_payments, invoice_payments.alias("undone")
    taken_back = sa.exists(undone.c.id).where(same_tenant(undone, a), undone.c.reverses_id == a.c.id)
    return (
        sa.select(a.c.amount_minor, payments.c.received_on)
        .join(payments, same_tenant(payments, a) & (payments.c.id == a.c.payment_id))
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.invoice_id == invoice_id,
            a.c.reverses_id.is_(None),
            ~taken_back,
        )
        .order_by(a.c.id)
    )


def credited_on(work: Work, invoice_id: UUID) -> sa.Select:
    n = credit_notes.c
    return (
        sa.select(n.number, n.issue_date, n.amount_minor, n.currency)
        .where(n.tenant_id == work.tenant_id, n.invoice_id == invoice_id)
        .order_by(n.id)
    )


def payments_of(work: Work, customer_id: UUID, before: UUID | None, limit: int) -> sa.Select:
    """What a customer paid, the newest first, older than `before`; whether it was taken back stands with it."""
    undone = payments.alias("undone")
    taken_back = sa.exists(undone.c.id).where(
        same_tenant(undone, payments), undone.c.reverses_id == payments.c.id
    )
    older = [] if before is None else [payments.c.id < before]
    names = ("id", "amount_minor", "currency", "received_on", "method", "reference")
    return (
        sa.select(*(payments.c[name] for name in names), taken_back.label("taken_back"))
        .where(
            payments.c.tenant_id == work.tenant_id,
            payments.c.customer_id == customer_id,
            payments.c.reverses_id.is_(None),
            *older,
        )
        .order_by(payments.c.id.desc())
        .limit(limit)
    )


def paid_by(work: Work, payment_ids: Sequence[UUID]) -> sa.Select:
    """What each of these payments paid and pays still, invoice by invoice."""
    a, undone = invoice_payments, invoice_payments.alias("undone")
    taken_back = sa.exists(undone.c.id).where(same_tenant(undone, a), undone.c.reverses_id == a.c.id)
    return (
        sa.select(a.c.payment_id, a.c.invoice_id, a.c.amount_minor, invoices.c.currency, invoices.c.number)
        .join(invoices, same_tenant(invoices, a) & (invoices.c.id == a.c.invoice_id))
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.payment_id == sa.any_(uuids(payment_ids)),
            a.c.reverses_id.is_(None),
            ~taken_back,
        )
        .order_by(a.c.payment_id, a.c.id)
    )
