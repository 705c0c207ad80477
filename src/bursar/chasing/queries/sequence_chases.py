"""Chases one by one: as people see them, and whom an event elsewhere concerns."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import invoices
from bursar.chasing.states import ChaseState
from bursar.chasing.tables import chases, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import has_replied, incoming_messages
from bursar.tenancy.tables import customers

k = chases


def over(work: Work) -> sa.Select:
    """Paused chases whose day to go on has come."""
    return sa.select(k.c.id).where(
        k.c.tenant_id == work.tenant_id, k.c.state == ChaseState.PAUSED, k.c.paused_until <= work.today
    )


def one(work: Work, chase_id: UUID, *, lock: bool = False) -> sa.Select:
    found = _shown(work).where(k.c.id == chase_id)
    return found.with_for_update(key_share=True, of=k) if lock else found


def page(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """The newest first; `wanted` are columns of a chase that have to have these values."""
    found = _shown(work).where(*(k.c[name] == value for name, value in wanted.items()))
    if before is not None:
        found = found.where(k.c.id < before)
    return found.order_by(k.c.id.desc()).limit(limit)


def _shown(work: Work) -> sa.Select:
    theirs = same_tenant(customers, k) & (customers.c.id == k.c.customer_id)
    its = same_tenant(invoices, k) & (invoices.c.id == k.c.invoice_id)
    return (
        sa.select(
            k,
            sequences.c.name.label("sequence_name"),
            sequences.c.active.label("sequence_active"),
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
            invoices.c.number.label("invoice_number"),
        )
        .select_from(k)
        .join(sequences, same_tenant(sequences, k) & (sequences.c.id == k.c.sequence_id))
        .join(customers, theirs)
        .outerjoin(invoices, its)
        .where(k.c.tenant_id == work.tenant_id)
    )


def add(work: Work, sequence_id: UUID, customer_id: UUID, invoice_id: UUID | None) -> sa.Insert:
    """A running chase; no row where there is one."""
    row = {
        "tenant_id": work.tenant_id,
        "sequence_id": sequence_id,
        "customer_id": customer_id,
        "invoice_id": invoice_id,
        "state": ChaseState.RUNNING,
    }
    return insert(k).values(row).on_conflict_do_nothing().returning(k.c.id)


def of_customers(work: Work, customer_ids: Sequence[UUID], states: Sequence[str]) -> sa.Select:
    """Chases of all that a sequence covers of these customers, in one of these states."""
    return sa.select(k).where(
        k.c.tenant_id == work.tenant_id,
        k.c.customer_id == sa.any_(uuids(customer_ids)),
        k.c.state.in_(states),
    )


def of_subject(work: Work, customer_id: UUID, invoice_id: UUID | None) -> sa.Select:
    """Chases of exactly this: all of a customer's, or one invoice."""
    return sa.select(k).where(
        k.c.tenant_id == work.tenant_id,
        k.c.customer_id == customer_id,
        k.c.invoice_id.is_not_distinct_from(invoice_id),
    )


def customer_of_invoice(work: Work, invoice_id: UUID) -> sa.Select:
    return sa.select(invoices.c.customer_id).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id
    )


def customers_of_invoices(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """Whose these are, where they are chased."""
    chased = sa.exists().where(
        same_tenant(k, invoices),
        k.c.customer_id == invoices.c.customer_id,
        k.c.state.in_((ChaseState.RUNNING, ChaseState.PAUSED)),
    )
    return (
        sa.select(invoices.c.customer_id)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == sa.any_(uuids(invoice_ids)), chased)
        .distinct()
    )


def who_wrote(work: Work, message_ids: Sequence[UUID]) -> sa.Select:
    """Customers who wrote these messages themselves."""
    m = incoming_messages
    return (
        sa.select(m.c.customer_id)
        .where(
            m.c.tenant_id == work.tenant_id,
            m.c.id == sa.any_(uuids(message_ids)),
            m.c["class"] == "human",
            m.c.customer_id.is_not(None),
        )
        .distinct()
    )


def all_answered(work: Work, message_ids: Sequence[UUID]) -> sa.Select:
    """Those customers who wrote them, unless another message of theirs waits for an agent."""
    theirs = same_tenant(incoming_messages, customers) & (incoming_messages.c.customer_id == customers.c.id)
    return (
        sa.select(customers.c.id)
        .join(incoming_messages, theirs)
        .where(
            customers.c.tenant_id == work.tenant_id,
            incoming_messages.c.id == sa.any_(uuids(message_ids)),
            ~has_replied(customers),
        )
        .distinct()
    )


def known_customer(work: Work, customer_id: UUID) -> sa.Select:
    return sa.select(customers.c.id).where(
        customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id
    )
