"""What providers told us of messages: kept as it came, worked off later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.tables import inbounds
from bursar.core.work import Work
from bursar.outbox.tables import engagement_guards, sends


def add(work: Work, provider: str, external_id: str, kind: str, payload: Mapping[str, Any]) -> sa.Insert:
    """No row for what is here already: providers tell things more than once."""
    values = {
        "tenant_id": work.tenant_id,
        "provider": provider,
        "external_id": external_id,
        "kind": kind,
        "payload": dict(payload),
        "received_at": work.now,
    }
    return (
        insert(inbounds)
        .values(values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider", "external_id"])
        .returning(inbounds.c.id)
    )


def lock_waiting(work: Work, provider: str, inbound_id: UUID) -> sa.Select:
    """One that nobody has worked off, locked; no row while somebody else does."""
    return (
        sa.select(inbounds)
        .where(
            inbounds.c.tenant_id == work.tenant_id,
            inbounds.c.id == inbound_id,
            inbounds.c.provider == provider,
            inbounds.c.handled_at.is_(None),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )


def waiting(before: datetime, limit: int) -> sa.Select:
    """Those of all tenants that came before then and still wait; read as bursar_scan, so no tenant_id is named."""
    return (
        sa.select(inbounds.c.tenant_id, inbounds.c.id)
        .where(inbounds.c.handled_at.is_(None), inbounds.c.received_at < before)
        .order_by(inbounds.c.received_at)
        .limit(limit)
    )


def note(work: Work, inbound_id: UUID, **values: Any) -> sa.Update:
    return (
        sa.update(inbounds)
        .where(inbounds.c.tenant_id == work.tenant_id, inbounds.c.id == inbound_id)
        .values(**values, attempts=inbounds.c.attempts + 1)
    )


def first_told(work: Work, event_id: str) -> sa.Insert:
    """A row if nobody told this before, whatever it came in."""
    return (
        insert(engagement_guards)
        .values(tenant_id=work.tenant_id, provider_event_id=event_id)
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider_event_id"])
        .returning(engagement_guards.c.id)
    )


def send_called(work: Work, account_id: UUID, provider_id: str, ours: UUID | None) -> sa.Select:
    """The send of an account that a provider knows by this name, or that our own Message-ID names."""
    s = sends
    named = s.c.provider_message_id == provider_id
    return sa.select(s).where(
        s.c.tenant_id == work.tenant_id,
        s.c.sending_account_id == account_id,
        named if ours is None else sa.or_(named, s.c.id == ours),
    )
