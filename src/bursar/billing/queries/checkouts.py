"""Statements over checkouts: what was begun for a thing, what was seen of it, and what has to be asked about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.queries.sets import among, rows
from bursar.billing.states import COMPLETE_CHECKOUT, EXPIRE_CHECKOUT, CheckoutState, PaymentStatus
from bursar.billing.tables import checkout_sessions, is_processing, tills
from bursar.core.schema import same_tenant
from bursar.core.work import Work

MISMATCH = "mismatch"
"""In `last_error`: money came that is not what was asked for, so nothing was applied."""

_C = checkout_sessions
_SEEN: dict[str, sa.types.TypeEngine[Any]] = {
    "id": sa.UUID(),
    "payment_status": sa.Text(),
    "session_id": sa.Text(),
    "url": sa.Text(),
    "payment_intent": sa.Text(),
    "provider_customer": sa.Text(),
    "payment_id": sa.UUID(),
    "expires_at": sa.DateTime(timezone=True),
    "last_error": sa.Text(),
}


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The new checkout; no row if somebody else has just begun the same attempt."""
    return (
        insert(_C)
        .values(tenant_id=work.tenant_id, state=CheckoutState.OPEN, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "about_type", "about_id", "attempt"])
        .returning(_C.c.id)
    )


def lock(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` that this tenant has, locked in order, each with what kind of money its till takes."""
    return (
        sa.select(_C, tills.c.live)
        .join(tills, same_tenant(tills, _C) & (tills.c.id == _C.c.till_id))
        .where(_C.c.tenant_id == work.tenant_id, among(_C.c.id, ids))
        .order_by(_C.c.id)
        .with_for_update(of=_C, key_share=True)
    )


def one(work: Work, checkout_id: UUID) -> sa.Select:
    return sa.select(_C).where(_C.c.tenant_id == work.tenant_id, _C.c.id == checkout_id)


def about(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Select:
    """All attempts to pay for these things, the last first."""
    return (
        sa.select(_C)
        .where(_C.c.tenant_id == work.tenant_id, _C.c.about_type == kind, among(_C.c.about_id, ids))
        .order_by(_C.c.about_id, _C.c.attempt.desc())
    )


def under_way(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Select:
    """Those of these things whose money is on its way."""
    return sa.select(_C.c.about_id).where(
        _C.c.tenant_id == work.tenant_id,
        _C.c.about_type == kind,
        among(_C.c.about_id, ids),
        is_processing(_C),
    )


def open_about(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Select:
    """Attempts to pay for these things that may still be paid."""
    return about(work, kind, ids).where(_C.c.state == CheckoutState.OPEN)


def before(
    work: Work,
    before: UUID | None,
    limit: int,
    *,
    customer_id: UUID | None = None,
    kind: str | None = None,
    about_id: UUID | None = None,
) -> sa.Select:
    """Attempts to pay, the newest first, older than `before`: of a customer, for a thing, or all."""
    wanted = {_C.c.customer_id: customer_id, _C.c.about_type: kind, _C.c.about_id: about_id}
    chosen = [column == value for column, value in wanted.items() if value is not None]
    if before is not None:
        chosen.append(_C.c.id < before)
    return (
        sa.select(_C).where(_C.c.tenant_id == work.tenant_id, *chosen).order_by(_C.c.id.desc()).limit(limit)
    )


def complete(work: Work, seen: Sequence[Sequence[Any]]) -> sa.Update:
    """Checkouts that were gone through; the columns are those of `_SEEN`, in their order."""
    move = COMPLETE_CHECKOUT
    return _written(work, seen, state=move.target).where(_C.c.state.in_(sorted(move.sources)))


def expire(work: Work, seen: Sequence[Sequence[Any]]) -> sa.Update:
    """Checkouts on which nobody can pay any more."""
    move = EXPIRE_CHECKOUT
    return _written(work, seen, state=move.target).where(_C.c.state.in_(sorted(move.sources)))


def note(work: Work, seen: Sequence[Sequence[Any]]) -> sa.Update:
    """The same facts of checkouts that stay where they are."""
    return _written(work, seen)


def _written(work: Work, seen: Sequence[Sequence[Any]], **values: str) -> sa.Update:
    told = rows("told", _SEEN, seen)
    columns = {name: told.c[name] for name in _SEEN if name != "id"}
    return (
        sa.update(_C)
        .where(_C.c.tenant_id == work.tenant_id, _C.c.id == told.c.id)
        .values(**columns, **values, seen_at=work.now, version=_C.c.version + 1)
        .returning(_C.c.id)
    )


def stamp(work: Work, ids: Sequence[UUID], **values: Any) -> sa.Update:
    """What the program itself notes of checkouts."""
    return sa.update(_C).where(_C.c.tenant_id == work.tenant_id, among(_C.c.id, ids)).values(**values)


def attach(work: Work, paid: Sequence[tuple[UUID, UUID]]) -> sa.Update:
    """Which payment in our books each checkout became."""
    told = rows("told", {"id": sa.UUID(), "payment_id": sa.Uuid()}, paid)
    return (
        sa.update(_C)
        .where(_C.c.tenant_id == work.tenant_id, _C.c.id == told.c.id)
        .values(payment_id=told.c.payment_id)
    )


def waits() -> sa.ColumnElement[bool]:
    """Those about which the provider has to be asked some day; the words are those of their index."""
    return (_C.c.state == CheckoutState.OPEN) | (
        (_C.c.state == CheckoutState.COMPLETE) & (_C.c.payment_status == PaymentStatus.UNPAID)
    )


def tenants_waiting() -> sa.Select:
    """Whose checkouts are not at their end, for a scan over all tenants."""
    return sa.select(_C.c.tenant_id).where(waits()).distinct()


def to_look_at(work: Work, *, open_before: datetime, under_way_before: datetime, limit: int) -> sa.Select:
    """Checkouts to ask about: those that ran out, open ones that nobody asked about since `open_before`, and money
    under way since `under_way_before`. What is held for a person is left out.
    """
    last = sa.func.coalesce(_C.c.seen_at, _C.c.created_at)
    is_open = _C.c.state == CheckoutState.OPEN
    since_it_ran_out = (_C.c.expires_at <= work.now) & (last < sa.func.greatest(_C.c.expires_at, open_before))
    due = sa.or_(
        is_open & ((last < open_before) | since_it_ran_out),
        ~is_open & (last < under_way_before),
    )
    return (
        sa.select(_C.c.id, _C.c.till_id, _C.c.session_id, _C.c.expires_at, _C.c.state)
        .where(
            _C.c.tenant_id == work.tenant_id,
            waits(),
            _C.c.last_error.is_distinct_from(MISMATCH),
            due,
        )
        .order_by(last, _C.c.id)
        .limit(limit)
    )


def at_till(work: Work, till_id: UUID) -> sa.Select:
    """What is not at its end at a till."""
    return (
        sa.select(_C.c.id, _C.c.session_id, _C.c.state)
        .where(_C.c.tenant_id == work.tenant_id, _C.c.till_id == till_id, waits())
        .order_by(_C.c.id)
    )


def lock_open(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` that are open, as they are now."""
    return (
        sa.select(_C.c.id)
        .where(_C.c.tenant_id == work.tenant_id, among(_C.c.id, ids), _C.c.state == CheckoutState.OPEN)
        .order_by(_C.c.id)
        .with_for_update(key_share=True)
    )
