"""Statements over e-invoices and what obliges a firm to send them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import credit_notes, einvoice_documents, einvoice_obligations, invoices
from bursar.core.schema import same_tenant
from bursar.core.sets import among
from bursar.core.work import Work
from bursar.tenancy.tables import tenants

_OBLIGATION = ("regime", "mandatory_from", "asp_by", "source", "checked_on")


def country(work: Work) -> sa.Select:
    return sa.select(tenants.c.country).where(tenants.c.tenant_id == work.tenant_id)


def obligations(work: Work) -> sa.Select:
    return (
        sa.select(*(einvoice_obligations.c[name] for name in _OBLIGATION))
        .where(einvoice_obligations.c.tenant_id == work.tenant_id)
        .order_by(einvoice_obligations.c.mandatory_from, einvoice_obligations.c.regime)
    )


def set_obligation(work: Work, row: Mapping[str, Any]) -> sa.Insert:
    given = insert(einvoice_obligations).values(tenant_id=work.tenant_id, **row)
    return given.on_conflict_do_update(
        index_elements=["tenant_id", "regime"],
        set_={name: given.excluded[name] for name in _OBLIGATION if name != "regime"},
    ).returning(einvoice_obligations.c.id)


def unqueued_invoices(work: Work, since: date, after: UUID | None, limit: int) -> sa.Select:
    """Our invoices of `since` or later that no e-invoice stands for, the oldest first."""
    there = sa.exists().where(
        same_tenant(einvoice_documents, invoices), einvoice_documents.c.invoice_id == invoices.c.id
    )
    return (
        sa.select(invoices.c.id)
        .where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.number.is_not(None),
            invoices.c.seller.is_not(None),
            invoices.c.issue_date >= since,
            ~there,
            *([invoices.c.id > after] if after else []),
        )
        .order_by(invoices.c.id)
        .limit(limit)
    )


def unqueued_credit_notes(work: Work, since: date, after: UUID | None, limit: int) -> sa.Select:
    """Credit notes of `since` or later that no e-invoice stands for, the oldest first."""
    there = sa.exists().where(
        same_tenant(einvoice_documents, credit_notes),
        einvoice_documents.c.credit_note_id == credit_notes.c.id,
    )
    return (
        sa.select(credit_notes.c.id)
        .where(
            credit_notes.c.tenant_id == work.tenant_id,
            credit_notes.c.issue_date >= since,
            ~there,
            *([credit_notes.c.id > after] if after else []),
        )
        .order_by(credit_notes.c.id)
        .limit(limit)
    )


def queue(work: Work, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """E-invoices to be sent; none for a document that has one."""
    given = insert(einvoice_documents).values([{"tenant_id": work.tenant_id, **row} for row in rows])
    return given.on_conflict_do_nothing().returning(einvoice_documents.c.id)


def lock_due(work: Work, limit: int) -> sa.Select:
    """E-invoices whose turn has come, those of another worker left to it."""
    return (
        sa.select(einvoice_documents)
        .where(
            einvoice_documents.c.tenant_id == work.tenant_id,
            einvoice_documents.c.state.in_(("queued", "sent")),
            einvoice_documents.c.due_at <= work.now,
        )
        .order_by(einvoice_documents.c.due_at, einvoice_documents.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def tenants_in_carriage() -> sa.Select:
    """Every tenant with an e-invoice that has no answer yet: for the scan, which sees no more of them."""
    return (
        sa.select(einvoice_documents.c.tenant_id)
        .where(einvoice_documents.c.state.in_(("queued", "sent")))
        .distinct()
    )


def take(work: Work, ids: Sequence[UUID], due_at: datetime) -> sa.Update:
    """One more attempt for these, and when they are due again if nobody tells how this one ended."""
    return (
        sa.update(einvoice_documents)
        .where(einvoice_documents.c.tenant_id == work.tenant_id, among(einvoice_documents.c.id, ids))
        .values(attempts=einvoice_documents.c.attempts + 1, due_at=due_at)
    )


def put_off(work: Work, row_id: UUID, due_at: datetime) -> sa.Update:
    return (
        sa.update(einvoice_documents)
        .where(einvoice_documents.c.tenant_id == work.tenant_id, einvoice_documents.c.id == row_id)
        .values(due_at=due_at)
    )


def of_documents(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The e-invoices of these invoices and credit notes."""
    return sa.select(einvoice_documents).where(
        einvoice_documents.c.tenant_id == work.tenant_id,
        among(einvoice_documents.c.invoice_id, ids) | among(einvoice_documents.c.credit_note_id, ids),
    )
