"""Statements behind a customer's own page."""

from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import DisputeState, PromiseState
from bursar.billing.tables import disputes, invoices, is_open, promises
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def owner(work: Work, customer_id: UUID) -> sa.Select:
    """The customer of a link, and which of their links still count."""
    c = customers.c
    return sa.select(
        c.id, c.link_version, c.state, c.suspended_reason, c.locale, c.company_name, c.full_name
    ).where(c.tenant_id == work.tenant_id, c.id == customer_id)


def open_invoices(work: Work, customer_id: UUID, limit: int) -> sa.Select:
    """What is open, the longest due first, with the word that was given for it and what is contested.

    Columns that a customer may read, and no others: this runs as they (R122).
    """
    i, p, d = invoices, promises, disputes
    promised_for = (
        sa.select(p.c.promised_for)
        .where(same_tenant(p, i), p.c.invoice_id == i.c.id, p.c.state == PromiseState.ACTIVE)
        .limit(1)
        .scalar_subquery()
    )
    contested = (
        sa.select(d.c.reason)
        .where(same_tenant(d, i), d.c.invoice_id == i.c.id, d.c.state == DisputeState.OPEN)
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(
            i.c.id,
            i.c.number,
            i.c.currency,
            i.c.total_minor,
            i.c.balance_minor,
            i.c.due_date,
            promised_for.label("promised_for"),
            contested.label("contested"),
        )
        .where(i.c.tenant_id == work.tenant_id, i.c.customer_id == customer_id, is_open(i))
        .order_by(i.c.due_date, i.c.id)
        .limit(limit)
    )


def open_totals(work: Work, customer_id: UUID) -> sa.Select:
    """What is open in each currency, how much of it is late, and how many invoices that is."""
    i = invoices.c
    late = sa.func.coalesce(sa.func.sum(i.balance_minor).filter(i.due_date < work.today), 0)
    return (
        sa.select(
            i.currency,
            sa.cast(sa.func.sum(i.balance_minor), sa.BigInteger).label("open_minor"),
            sa.cast(late, sa.BigInteger).label("late_minor"),
            sa.func.count().label("many"),
        )
        .where(i.tenant_id == work.tenant_id, i.customer_id == customer_id, is_open(invoices))
        .group_by(i.currency)
        .order_by(i.currency)
    )


def uncontested(work: Work, customer_id: UUID) -> sa.Select:
    """The open invoices that nobody contests, in the order in which they are locked."""
    i, d = invoices, disputes
    contested = sa.exists().where(same_tenant(d, i), d.c.invoice_id == i.c.id, d.c.state == DisputeState.OPEN)
    return (
        sa.select(i.c.id)
        .where(i.c.tenant_id == work.tenant_id, i.c.customer_id == customer_id, is_open(i), ~contested)
        .order_by(i.c.id)
    )
