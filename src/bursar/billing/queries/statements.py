"""A customer's account: everything that raised or lowered what they owe, on its day."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import InvoiceState, RefundState
from bursar.billing.tables import credit_notes, invoice_payments, invoices, payments, refunds
from bursar.core.schema import same_tenant
from bursar.core.work import Work


def opening(work: Work, customer_id: UUID, before: date) -> sa.Select:
    """What they owed by currency when the day before `before` ended; below zero is money of theirs."""
    entries = _entries(work, customer_id).subquery("entries")
    minor = sa.cast(sa.func.sum(entries.c.minor), sa.BigInteger)
    return (
        sa.select(entries.c.currency, minor.label("minor"))
        .where(entries.c.on_day < before)
        .group_by(entries.c.currency)
        .order_by(entries.c.currency)
    )


def entries(work: Work, customer_id: UUID, start: date, end: date) -> sa.Select:
    """From `start` to `end`, in their order: on one day documents before money, then as they were written."""
    found = _entries(work, customer_id).subquery("entries")
    return (
        sa.select(found)
        .where(found.c.on_day.between(start, end))
        .order_by(found.c.currency, found.c.on_day, found.c.rank, found.c.id)
    )


def _entries(work: Work, customer_id: UUID) -> sa.CompoundSelect:
    """Invoices and refunds raise, credit notes and payments lower; a reversal is a payment below zero.

    Money taken for an invoice in another currency leaves one account and enters the other.
    """
    i, n, p, r, a = invoices, credit_notes, payments, refunds, invoice_payments
    crossed = sa.join(
        a, p, same_tenant(p, a) & (p.c.id == a.c.payment_id) & a.c.taken_minor.is_not(None)
    ).join(i, same_tenant(i, a) & (i.c.id == a.c.invoice_id))
    parts = [
        _entry("invoice", 0, i.c.issue_date, i.c.id, i.c.number, i.c.currency, i.c.total_minor).where(
            i.c.tenant_id == work.tenant_id, i.c.customer_id == customer_id, i.c.state != InvoiceState.DRAFT
        ),
        _entry("credit_note", 1, n.c.issue_date, n.c.id, n.c.number, n.c.currency, -n.c.amount_minor).where(
            n.c.tenant_id == work.tenant_id, n.c.customer_id == customer_id
        ),
        _entry("payment", 2, p.c.received_on, p.c.id, p.c.reference, p.c.currency, -p.c.amount_minor).where(
            p.c.tenant_id == work.tenant_id, p.c.customer_id == customer_id
        ),
        _entry("refund", 3, r.c.refunded_on, r.c.id, r.c.reference, r.c.currency, r.c.amount_minor).where(
            r.c.tenant_id == work.tenant_id, r.c.customer_id == customer_id, r.c.state != RefundState.FAILED
        ),
        _entry("exchanged_to", 4, a.c.applied_on, a.c.id, i.c.number, i.c.currency, -a.c.amount_minor)
        .select_from(crossed)
        .where(a.c.tenant_id == work.tenant_id, a.c.customer_id == customer_id),
        _entry("exchanged_from", 4, a.c.applied_on, a.c.id, i.c.number, p.c.currency, a.c.taken_minor)
        .select_from(crossed)
        .where(a.c.tenant_id == work.tenant_id, a.c.customer_id == customer_id),
    ]
    return sa.union_all(*parts)


def _entry(
    kind: str,
    rank: int,
    on_day: sa.ColumnElement[date],
    id_: sa.ColumnElement[UUID],
    label: sa.ColumnElement[str],
    currency: sa.ColumnElement[str],
    minor: sa.ColumnElement[int],
) -> sa.Select:
    return sa.select(
        sa.literal(kind).label("kind"),
        sa.literal(rank).label("rank"),
        on_day.label("on_day"),
        id_.label("id"),
        label.label("label"),
        currency.label("currency"),
        minor.label("minor"),
    )
