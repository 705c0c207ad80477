"""Addresses that must not be written to, and the queued sends that this stops."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import EngagementKind, SendState, SuppressionReason
from bursar.outbox.tables import engagements, sends, suppressions
from bursar.tenancy.tables import customers

ALWAYS = (SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.ERASURE)


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """The new suppression; no row if the same one is in force."""
    live = suppressions.c.lifted_at.is_(None)
    return (
        insert(suppressions)
        .values(tenant_id=work.tenant_id, created_at=work.now, **values)
        .on_conflict_do_nothing(
            index_elements=["tenant_id", "address_key", "channel", "scope", "reason"], index_where=live
        )
        .returning(suppressions.c.id)
    )


def same(work: Work, values: Mapping[str, Any]) -> sa.Select:
    """The suppression in force that `add` met."""
    s = suppressions
    names = ("address_key", "channel", "scope", "reason")
    return sa.select(s.c.id).where(
        s.c.tenant_id == work.tenant_id,
        s.c.lifted_at.is_(None),
        *(s.c[name] == values[name] for name in names),
    )


def extend(work: Work, suppression_id: UUID, expires_at: datetime | None) -> sa.Update:
    """Until later than it was, or for good; never shortened."""
    s = suppressions
    until = None if expires_at is None else sa.func.greatest(s.c.expires_at, expires_at)
    return (
        sa.update(s)
        .where(s.c.tenant_id == work.tenant_id, s.c.id == suppression_id, s.c.expires_at.is_not(None))
        .values(expires_at=until)
    )


def one(work: Work, suppression_id: UUID) -> sa.Select:
    return (
        sa.select(suppressions)
        .where(suppressions.c.tenant_id == work.tenant_id, suppressions.c.id == suppression_id)
        .with_for_update(key_share=True)
    )


def lift(work: Work, suppression_id: UUID, lifted_by: UUID | None, because: str | None) -> sa.Update:
    return (
        sa.update(suppressions)
        .where(
            suppressions.c.tenant_id == work.tenant_id,
            suppressions.c.id == suppression_id,
            suppressions.c.lifted_at.is_(None),
        )
        .values(lifted_at=work.now, lifted_by=lifted_by, lifted_because=because)
    )


def lock_queued_to(work: Work, address_key: str, channel: str, streams: Sequence[str] | None) -> sa.Select:
    """Queued sends to an address, of these streams or of any, locked in id order; waits for a claim in progress."""
    chosen = [] if streams is None else [sends.c.stream.in_(streams)]
    return (
        sa.select(sends.c.id)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.queue_at.is_not(None),
            sends.c.address_key == address_key,
            sends.c.channel == channel,
            *chosen,
        )
        .order_by(sends.c.id)
        .with_for_update(key_share=True)
    )


def stop(work: Work, ids: Sequence[UUID], reason: str) -> sa.Update:
    """Locked, queued sends that may no longer go."""
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == sa.any_(uuids(ids)),
            sends.c.state == SendState.QUEUED,
        )
        .values(state=SendState.SUPPRESSED, reason=reason, queue_at=None, version=sends.c.version + 1)
        .returning(sends.c.id)
    )


def recipient(work: Work, send_id: UUID) -> sa.Select:
    """To whom a send went, and in which stream."""
    s = sends
    return sa.select(
        s.c.id, s.c.customer_id, s.c.run_id, s.c.to_address, s.c.address_key, s.c.channel, s.c.stream
    ).where(s.c.tenant_id == work.tenant_id, s.c.id == send_id)


def add_unsubscribe(work: Work, send_id: UUID, run_id: UUID | None, user_agent: str | None) -> sa.Insert:
    return sa.insert(engagements).values(
        tenant_id=work.tenant_id,
        send_id=send_id,
        run_id=run_id,
        kind=EngagementKind.UNSUBSCRIBE,
        at=work.now,
        source="link",
        **{"class": "unknown"},
        user_agent=user_agent,
    )


def in_force_at(work: Work, address_key: str, channel: str) -> sa.Select:
    """What stands against an address at present."""
    s = suppressions.c
    return sa.select(s.id, s.reason, s.scope).where(
        s.tenant_id == work.tenant_id,
        s.address_key == address_key,
        s.channel == channel,
        s.lifted_at.is_(None),
        sa.or_(s.expires_at.is_(None), s.expires_at > work.now),
    )


def page(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Suppressions that meet `wanted`, the newest first, with the customer whose address it is, if one has it."""
    s = suppressions
    chosen = [s.c.tenant_id == work.tenant_id]
    if not wanted.get("lifted"):
        chosen.append(s.c.lifted_at.is_(None))
    if text := wanted.get("text"):
        chosen.append(s.c.address_key.contains(text.strip().lower(), autoescape=True))
    asked = ("channel", "scope", "reason", "address_key")
    chosen += [s.c[column] == wanted[column] for column in asked if wanted.get(column) is not None]
    if before is not None:
        chosen.append(s.c.id < before)
    return sa.select(s, customer_name()).where(*chosen).order_by(s.c.id.desc()).limit(limit)


def customer_name() -> sa.Label[str]:
    """Of one customer who has the address now."""
    name = (
        sa.select(sa.func.coalesce(customers.c.company_name, customers.c.full_name))
        .where(same_tenant(customers, suppressions), customers.c.email_key == suppressions.c.address_key)
        .order_by(customers.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return name.label("customer_name")
