"""Sums a month: what was invoiced, credited and collected."""

from datetime import date

import sqlalchemy as sa

from bursar.billing.states import InvoiceState, RefundState
from bursar.billing.tables import credit_notes, invoices, payments, refunds
from bursar.core.work import Work


def by_month(work: Work, start: date, end: date) -> sa.CompoundSelect:
    """From `start` to `end`, by month and currency, one row a kind: invoiced, credited, collected, refunded.

    Collected is money that came in less what was reversed, each in its own month.
    """
    i, n, p, r = invoices, credit_notes, payments, refunds
    parts = [
        _sums("invoiced", i.c.issue_date, i.c.currency, i.c.total_minor).where(
            i.c.tenant_id == work.tenant_id,
            i.c.issue_date.between(start, end),
            i.c.state != InvoiceState.DRAFT,
        ),
        _sums("credited", n.c.issue_date, n.c.currency, n.c.amount_minor).where(
            n.c.tenant_id == work.tenant_id, n.c.issue_date.between(start, end)
        ),
        _sums("collected", p.c.received_on, p.c.currency, p.c.amount_minor).where(
            p.c.tenant_id == work.tenant_id, p.c.received_on.between(start, end)
        ),
        _sums("refunded", r.c.refunded_on, r.c.currency, r.c.amount_minor).where(
            r.c.tenant_id == work.tenant_id,
            r.c.refunded_on.between(start, end),
            r.c.state != RefundState.FAILED,
        ),
    ]
    return sa.union_all(*parts)


def _sums(
    kind: str,
    day: sa.ColumnElement[date],
    currency: sa.ColumnElement[str],
    minor: sa.ColumnElement[int],
) -> sa.Select:
    month = sa.cast(sa.func.date_trunc("month", sa.cast(day, sa.TIMESTAMP)), sa.Date)
    return sa.select(
        sa.literal(kind).label("kind"),
        month.label("month"),
        currency.label("currency"),
        sa.cast(sa.func.sum(minor), sa.BigInteger).label("minor"),
    ).group_by(month, currency)
