"""Statements over promises and disputes: what keeps the chase quiet."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries.sets import among
from bursar.billing.states import DisputeState, PromiseState
from bursar.billing.tables import (
    dispute_notes,
    disputes,
    invoice_payments,
    payments,
    promises,
)
from bursar.core.schema import same_tenant
from bursar.core.work import Work


def add_promise(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(promises).values(tenant_id=work.tenant_id, **values).returning(promises.c.id)


def promise(work: Work, promise_id: UUID) -> sa.Select:
    return sa.select(promises).where(promises.c.tenant_id == work.tenant_id, promises.c.id == promise_id)


def promises_before(
    work: Work, before: UUID | None, limit: int, *, invoice_id: UUID | None, customer_id: UUID | None
) -> sa.Select:
    """Promises, the newest first, older than `before`: about an invoice, of a customer, or all."""
    return _newest(work, promises, before, limit, invoice_id=invoice_id, customer_id=customer_id)


def change_promise(work: Work, promise_id: UUID, version: int, values: Mapping[str, Any]) -> sa.Update:
    """An active promise as it was read; no row if it changed meanwhile."""
    return (
        sa.update(promises)
        .where(
            promises.c.tenant_id == work.tenant_id,
            promises.c.id == promise_id,
            promises.c.version == version,
            promises.c.state == PromiseState.ACTIVE,
        )
        .values(**values, version=promises.c.version + 1)
        .returning(promises.c.id)
    )


def promises_on(work: Work, invoice_ids: Sequence[UUID], state: PromiseState) -> sa.Select:
    """Promises about these invoices in one state, the newest first, with what was paid on them in time.

    In time: allocated since the word was given, received by its date. A reversed allocation was none.
    """
    paid = sa.func.coalesce(
        sa.select(sa.func.sum(invoice_payments.c.amount_minor))
        .join(
            payments,
            same_tenant(payments, invoice_payments) & (payments.c.id == invoice_payments.c.payment_id),
        )
        .where(
            same_tenant(invoice_payments, promises),
            invoice_payments.c.invoice_id == promises.c.invoice_id,
            sa.func.coalesce(invoice_payments.c.reverses_id, invoice_payments.c.id) > promises.c.id,
            payments.c.received_on <= promises.c.promised_for,
        )
        .correlate(promises)
        .scalar_subquery(),
        0,
    )
    return (
        sa.select(promises, sa.cast(paid, sa.BigInteger).label("paid_in_time"))
        .where(
            promises.c.tenant_id == work.tenant_id,
            among(promises.c.invoice_id, invoice_ids),
            promises.c.state == state,
        )
        .order_by(promises.c.id.desc())
    )


def promises_past(work: Work, limit: int) -> sa.Select:
    """Active promises whose date is over on the tenant's calendar."""
    return (
        sa.select(promises.c.id)
        .where(
            promises.c.tenant_id == work.tenant_id,
            promises.c.state == PromiseState.ACTIVE,
            promises.c.promised_for < work.today,
        )
        .order_by(promises.c.id)
        .limit(limit)
    )


def add_dispute(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(disputes).values(tenant_id=work.tenant_id, **values).returning(disputes.c.id)


def dispute(work: Work, dispute_id: UUID) -> sa.Select:
    return sa.select(disputes).where(disputes.c.tenant_id == work.tenant_id, disputes.c.id == dispute_id)


def disputes_before(
    work: Work, before: UUID | None, limit: int, *, invoice_id: UUID | None, customer_id: UUID | None
) -> sa.Select:
    """Disputes, the newest first, older than `before`: about an invoice, of a customer, or all."""
    return _newest(work, disputes, before, limit, invoice_id=invoice_id, customer_id=customer_id)


def notes_of(work: Work, dispute_id: UUID) -> sa.Select:
    """What was said in a dispute, in order."""
    return (
        sa.select(dispute_notes)
        .where(dispute_notes.c.tenant_id == work.tenant_id, dispute_notes.c.dispute_id == dispute_id)
        .order_by(dispute_notes.c.id)
    )


def _newest(work: Work, table: sa.Table, before: UUID | None, limit: int, **about: UUID | None) -> sa.Select:
    chosen = [table.c[name] == value for name, value in about.items() if value is not None]
    if before is not None:
        chosen.append(table.c.id < before)
    return (
        sa.select(table)
        .where(table.c.tenant_id == work.tenant_id, *chosen)
        .order_by(table.c.id.desc())
        .limit(limit)
    )


def open_disputes(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """Open disputes about these invoices."""
    return sa.select(disputes.c.id).where(
        disputes.c.tenant_id == work.tenant_id,
        among(disputes.c.invoice_id, invoice_ids),
        disputes.c.state == DisputeState.OPEN,
    )


def add_dispute_note(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(dispute_notes).values(tenant_id=work.tenant_id, **values).returning(dispute_notes.c.id)
