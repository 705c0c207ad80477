"""What providers told us: kept as it came, worked off later, looked at by people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import uuids
from bursar.core.tables import inbounds

STORE = sa.text(
    """
    insert into inbounds (tenant_id, provider, external_id, kind, payload, received_at)
    select :tenant_id, r.provider, r.external_id, r.kind, r.payload, r.received_at
      from json_to_recordset(cast(:rows as json))
           as r(provider text, external_id text, kind text, payload jsonb, received_at timestamptz)
     order by r.provider, r.external_id
    on conflict (tenant_id, provider, external_id) do nothing
    returning external_id
    """
)
"""What came for one tenant; no row for what is here already, or twice in the same set: providers repeat themselves."""


def add(tenant_id: UUID, row: dict[str, Any]) -> sa.Insert:
    """One; no row for what is here already."""
    return (
        insert(inbounds)
        .values(tenant_id=tenant_id, **row)
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider", "external_id"])
        .returning(inbounds.c.id)
    )


def lock_waiting(
    tenant_id: UUID,
    provider: str,
    *,
    now: datetime,
    most_attempts: int,
    limit: int,
    ids: Sequence[UUID] | None = None,
) -> sa.Select:
    """What nobody has worked off, locked, the longest waiting first; none that somebody else has in hand.

    Those of `ids`, else those whose time it is and that were not tried too often.
    """
    chosen = [
        inbounds.c.tenant_id == tenant_id,
        inbounds.c.provider == provider,
        inbounds.c.handled_at.is_(None),
    ]
    if ids is not None:
        chosen.append(inbounds.c.id == sa.any_(uuids(ids)))
    else:
        chosen += [
            sa.or_(inbounds.c.try_at.is_(None), inbounds.c.try_at <= now),
            inbounds.c.attempts < most_attempts,
        ]
    return (
        sa.select(inbounds)
        .where(*chosen)
        .order_by(inbounds.c.received_at, inbounds.c.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )


def waiting(provider: str, before: datetime, limit: int) -> sa.Select:
    """Those of all tenants that came before then and still wait; read as bursar_scan, so no tenant_id is named."""
    return (
        sa.select(inbounds.c.tenant_id, inbounds.c.id)
        .where(
            inbounds.c.provider == provider,
            inbounds.c.handled_at.is_(None),
            inbounds.c.received_at < before,
        )
        .order_by(inbounds.c.received_at)
        .limit(limit)
    )


def tenants_waiting(provider: str, before: datetime, now: datetime, most_attempts: int) -> sa.Select:
    """Whose are due and came before then; read as bursar_scan, so no tenant_id is named."""
    return (
        sa.select(inbounds.c.tenant_id)
        .distinct()
        .where(
            inbounds.c.provider == provider,
            inbounds.c.handled_at.is_(None),
            inbounds.c.received_at < before,
            sa.or_(inbounds.c.try_at.is_(None), inbounds.c.try_at <= now),
            inbounds.c.attempts < most_attempts,
        )
    )


def change(tenant_id: UUID, ids: Sequence[UUID], values: dict[str, Any], *, spend: bool) -> sa.Update:
    """These; `spend` counts an attempt."""
    more = {"attempts": inbounds.c.attempts + 1} if spend else {}
    return (
        sa.update(inbounds)
        .where(inbounds.c.tenant_id == tenant_id, inbounds.c.id == sa.any_(uuids(ids)))
        .values(**values, **more)
        .returning(inbounds.c.id)
    )


def one(tenant_id: UUID, inbound_id: UUID) -> sa.Select:
    return sa.select(inbounds).where(inbounds.c.tenant_id == tenant_id, inbounds.c.id == inbound_id)


def listed(
    tenant_id: UUID, *, waits: bool | None, provider: str | None, before: UUID | None, limit: int
) -> sa.Select:
    """The newest first, older than `before`, without what was said: those that wait, or those that do not."""
    named = (
        "id",
        "provider",
        "external_id",
        "kind",
        "received_at",
        "handled_at",
        "error",
        "attempts",
        "try_at",
    )
    chosen = [inbounds.c.tenant_id == tenant_id]
    if waits is not None:
        open_ = inbounds.c.handled_at.is_(None)
        chosen.append(open_ if waits else ~open_)
    if provider is not None:
        chosen.append(inbounds.c.provider == provider)
    if before is not None:
        chosen.append(inbounds.c.id < before)
    columns = [inbounds.c[name] for name in named]
    return sa.select(*columns).where(*chosen).order_by(inbounds.c.id.desc()).limit(limit)


def count_stuck(tenant_id: UUID, least_attempts: int) -> sa.Select:
    """How many were tried so often that nobody tries them by itself any more."""
    return sa.select(sa.func.count()).where(
        inbounds.c.tenant_id == tenant_id,
        inbounds.c.handled_at.is_(None),
        inbounds.c.attempts >= least_attempts,
    )
