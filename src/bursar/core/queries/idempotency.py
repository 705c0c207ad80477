"""Keys by which a request is answered once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.tables import idempotency_keys


def take_idempotency_key(tenant_id: UUID, row: Mapping[str, Any]) -> sa.Insert:
    """The row of a new key; none if it was used before (a twin in flight makes this wait)."""
    return (
        insert(idempotency_keys)
        .values(tenant_id=tenant_id, **row)
        .on_conflict_do_nothing(index_elements=["tenant_id", "actor_type", "actor_id", "key"])
        .returning(idempotency_keys.c.id)
    )


def idempotent_answer(tenant_id: UUID, actor_type: str, actor_id: UUID, key: str) -> sa.Select:
    return sa.select(
        idempotency_keys.c.id,
        idempotency_keys.c.fingerprint,
        idempotency_keys.c.status,
        idempotency_keys.c.response,
        idempotency_keys.c.expires_at,
    ).where(
        idempotency_keys.c.tenant_id == tenant_id,
        idempotency_keys.c.actor_type == actor_type,
        idempotency_keys.c.actor_id == actor_id,
        idempotency_keys.c.key == key,
    )


def keep_answer(tenant_id: UUID, row_id: UUID, status: int, response: Any) -> sa.Update:
    return (
        sa.update(idempotency_keys)
        .where(idempotency_keys.c.tenant_id == tenant_id, idempotency_keys.c.id == row_id)
        .values(status=status, response=response)
    )


def drop_idempotency_key(tenant_id: UUID, row_id: UUID) -> sa.Delete:
    return sa.delete(idempotency_keys).where(
        idempotency_keys.c.tenant_id == tenant_id, idempotency_keys.c.id == row_id
    )


def drop_expired_keys(tenant_id: UUID, now: datetime) -> sa.Delete:
    return sa.delete(idempotency_keys).where(
        idempotency_keys.c.tenant_id == tenant_id, idempotency_keys.c.expires_at < now
    )
