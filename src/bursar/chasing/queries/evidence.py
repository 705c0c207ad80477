"""The rows that a reason stands on: the promise, the payment, the answer, the address that is suppressed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import (
    checkout_sessions,
    credit_notes,
    disputes,
    invoice_payments,
    is_processing,
    payments,
    promises,
)
from bursar.chasing.states import ChaseState
from bursar.chasing.tables import chases, exclusions, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import contact_days, incoming_messages, sends, suppressions
from bursar.tenancy.tables import customers

_NOTHING = sa.null().cast(sa.Text)
FEW = 3


def _rows(
    kind: str,
    row_id: sa.ColumnElement[UUID],
    *,
    text: Any = _NOTHING,
    on_date: Any = None,
    at: Any = None,
    about: Any = None,
) -> sa.Select:
    """Columns that all evidence has: what it is, its id, a word about it, its day or its moment, what it is about."""
    return sa.select(
        sa.literal(kind).label("kind"),
        row_id.label("id"),
        sa.cast(text, sa.Text).label("text"),
        sa.cast(sa.null() if on_date is None else on_date, sa.Date).label("on_date"),
        sa.cast(sa.null() if at is None else at, sa.DateTime(timezone=True)).label("at"),
        sa.cast(sa.null() if about is None else about, sa.UUID).label("about_id"),
    )


def promised(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """The last words that were given for these invoices, each with its day."""
    p = promises.c
    return (
        _rows("promise", p.id, text=p.state, on_date=p.promised_for, about=p.invoice_id)
        .where(p.tenant_id == work.tenant_id, p.invoice_id == sa.any_(uuids(invoice_ids)))
        .order_by(p.id.desc())
        .limit(FEW)
    )


def contested(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """What was contested of these invoices last."""
    d = disputes.c
    return (
        _rows("dispute", d.id, text=d.reason, at=d.created_at, about=d.invoice_id)
        .where(d.tenant_id == work.tenant_id, d.invoice_id == sa.any_(uuids(invoice_ids)))
        .order_by(d.id.desc())
        .limit(FEW)
    )


def being_paid(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """Checkouts of these invoices that were gone through, and whose money is under way."""
    c = checkout_sessions.c
    return (
        _rows("checkout", c.id, text=c.session_id, at=c.seen_at, about=c.about_id)
        .where(
            c.tenant_id == work.tenant_id,
            c.about_type == "invoice",
            c.about_id == sa.any_(uuids(invoice_ids)),
            is_processing(checkout_sessions),
        )
        .order_by(c.id.desc())
        .limit(FEW)
    )


def paid(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """The payments that these invoices were last paid with, what was taken back left out."""
    a, p, back = invoice_payments, payments, invoice_payments.alias("back")
    taken_back = sa.exists().where(same_tenant(back, a), back.c.reverses_id == a.c.id)
    return (
        _rows("payment", p.c.id, text=p.c.reference, on_date=p.c.received_on, about=a.c.invoice_id)
        .select_from(a)
        .join(p, same_tenant(p, a) & (p.c.id == a.c.payment_id))
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.invoice_id == sa.any_(uuids(invoice_ids)),
            a.c.reverses_id.is_(None),
            ~taken_back,
        )
        .order_by(a.c.id.desc())
        .limit(FEW)
    )


def credited(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """The credit notes on these invoices."""
    n = credit_notes.c
    return (
        _rows("credit_note", n.id, text=n.number, on_date=n.issue_date, about=n.invoice_id)
        .where(n.tenant_id == work.tenant_id, n.invoice_id == sa.any_(uuids(invoice_ids)))
        .order_by(n.id.desc())
        .limit(FEW)
    )


def replied(work: Work, customer_id: UUID) -> sa.Select:
    """The last answers of a customer, those that nobody has dealt with first."""
    m = incoming_messages.c
    return (
        _rows("reply", m.id, text=m.subject, at=m.received_at)
        .where(m.tenant_id == work.tenant_id, m.customer_id == customer_id, m["class"] == "human")
        .order_by(m.handled_at.is_(None).desc(), m.received_at.desc())
        .limit(FEW)
    )


def suppressed(work: Work, address_key: str) -> sa.Select:
    """What stands against an address; what was lifted comes last."""
    s = suppressions.c
    return (
        _rows("suppression", s.id, text=s.reason, at=s.created_at)
        .where(s.tenant_id == work.tenant_id, s.address_key == address_key)
        .order_by(s.lifted_at.is_(None).desc(), s.id.desc())
        .limit(FEW)
    )


def suspended(work: Work, customer_id: UUID) -> sa.Select:
    c = customers.c
    return _rows("customer", c.id, text=c.suspended_reason).where(
        c.tenant_id == work.tenant_id, c.id == customer_id
    )


def kept_out(work: Work, customer_id: UUID, invoice_ids: Sequence[UUID]) -> sa.Select:
    """What an agent said that keeps a customer, or these invoices of theirs, out of everything."""
    e = exclusions.c
    return (
        _rows("exclusion", e.id, text=e.reason, at=e.created_at, about=e.customer_id)
        .where(
            e.tenant_id == work.tenant_id,
            e.customer_id == customer_id,
            sa.or_(e.invoice_id.is_(None), e.invoice_id == sa.any_(uuids(invoice_ids))),
            e.lifted_at.is_(None),
        )
        .order_by(e.id.desc())
        .limit(FEW)
    )


def waiting_chases(work: Work, customer_id: UUID, invoice_ids: Sequence[UUID]) -> sa.Select:
    """The chases of a customer, or of these invoices, that an agent or an answer has stopped, with which sequence."""
    c, s = chases, sequences
    return (
        _rows("chase", c.c.id, text=sa.func.coalesce(c.c.note, s.c.name), on_date=c.c.paused_until)
        .join(s, same_tenant(s, c) & (s.c.id == c.c.sequence_id))
        .where(
            c.c.tenant_id == work.tenant_id,
            c.c.customer_id == customer_id,
            sa.or_(c.c.invoice_id.is_(None), c.c.invoice_id == sa.any_(uuids(invoice_ids))),
            c.c.state.in_((ChaseState.PAUSED, ChaseState.STOPPED)),
        )
        .order_by(c.c.id)
        .limit(FEW)
    )


def written_to(work: Work, keys: Sequence[str]) -> sa.Select:
    """The messages that had the last days' contact of one of these keys."""
    d, s = contact_days, sends
    return (
        _rows("send", s.c.id, text=s.c.subject, at=sa.func.coalesce(s.c.sent_at, s.c.created_at))
        .distinct()
        .join(d, same_tenant(d, s) & (d.c.send_id == s.c.id))
        .where(s.c.tenant_id == work.tenant_id, d.c.key == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))))
        .order_by(sa.column("at").desc())
        .limit(FEW)
    )
