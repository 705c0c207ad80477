"""Statements behind an invoice's public page."""

from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import DisputeState, PromiseState
from bursar.billing.tables import dispute_notes, disputes, invoices, promises
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers, tenants


def owner(work: Work, invoice_id: UUID) -> sa.Select:
    """Whose invoice it is, and which of their links still count."""
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    columns = (customers.c.id, customers.c.link_version, customers.c.state, customers.c.suspended_reason)
    return (
        sa.select(*columns)
        .join(invoices, theirs)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)
    )


def payer(work: Work, customer_id: UUID) -> sa.Select:
    """Where a customer is written to: the provider's page knows the address already."""
    return sa.select(customers.c.email).where(
        customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id
    )


def seen(work: Work, invoice_id: UUID) -> sa.Select:
    """The invoice, as far as whoever asks may see it."""
    return sa.select(invoices.c.id).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)


def firm(work: Work) -> sa.Select:
    """How the firm presents itself, and in which language."""
    t = tenants.c
    return sa.select(t.name, t.branding, t.locale, t.settings, t.country).where(t.tenant_id == work.tenant_id)


def promise_on(work: Work, invoice_id: UUID) -> sa.Select:
    """The word that was given for it and still counts."""
    p = promises.c
    return sa.select(p.id, p.promised_for, p.moves).where(
        p.tenant_id == work.tenant_id, p.invoice_id == invoice_id, p.state == PromiseState.ACTIVE
    )


def dispute_on(work: Work, invoice_id: UUID) -> sa.Select:
    """What is contested of it at present."""
    d = disputes.c
    return sa.select(d.id, d.reason, d.statement).where(
        d.tenant_id == work.tenant_id, d.invoice_id == invoice_id, d.state == DisputeState.OPEN
    )


def said_before(work: Work, dispute_id: UUID, body: str) -> sa.Select:
    """Whether somebody said exactly this in the dispute."""
    n = dispute_notes.c
    return sa.select(n.id).where(n.tenant_id == work.tenant_id, n.dispute_id == dispute_id, n.body == body)
