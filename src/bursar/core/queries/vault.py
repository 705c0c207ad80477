"""Keys and secrets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import uuids
from bursar.core.tables import secrets, subject_keys, tenant_keys


def tenant_key(tenant_id: UUID) -> sa.Select:
    return sa.select(tenant_keys.c.id, tenant_keys.c.wrapped_key).where(tenant_keys.c.tenant_id == tenant_id)


def add_tenant_key(tenant_id: UUID, row_id: UUID, wrapped: bytes, key_id: str) -> sa.Insert:
    """The tenant's data key, unless another transaction was quicker."""
    row = {"tenant_id": tenant_id, "id": row_id, "wrapped_key": wrapped, "key_id": key_id}
    return insert(tenant_keys).values(row).on_conflict_do_nothing(index_elements=["tenant_id"])


def subject_key(tenant_id: UUID, customer_ids: Sequence[UUID]) -> sa.Select:
    """The keys of these customers that were not destroyed by an erasure."""
    return sa.select(subject_keys.c.id, subject_keys.c.customer_id, subject_keys.c.wrapped_key).where(
        subject_keys.c.tenant_id == tenant_id,
        subject_keys.c.customer_id == sa.any_(uuids(customer_ids)),
        subject_keys.c.destroyed_at.is_(None),
    )


def add_subject_keys(tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """A key for each customer that has none yet; a destroyed one is not replaced."""
    return (
        insert(subject_keys)
        .values([{"tenant_id": tenant_id, **row} for row in rows])
        .on_conflict_do_nothing(index_elements=["tenant_id", "customer_id"])
    )


def secret(tenant_id: UUID, secret_id: UUID) -> sa.Select:
    return sa.select(secrets.c.purpose, secrets.c.ciphertext).where(
        secrets.c.tenant_id == tenant_id, secrets.c.id == secret_id
    )


def add_secret(tenant_id: UUID, secret_id: UUID, purpose: str, ciphertext: bytes) -> sa.Insert:
    return sa.insert(secrets).values(
        tenant_id=tenant_id, id=secret_id, purpose=purpose, ciphertext=ciphertext
    )


def drop_secret(tenant_id: UUID, secret_id: UUID) -> sa.Delete:
    return sa.delete(secrets).where(secrets.c.tenant_id == tenant_id, secrets.c.id == secret_id)


def replace_secret(tenant_id: UUID, secret_id: UUID, ciphertext: bytes, now: datetime) -> sa.Update:
    return (
        sa.update(secrets)
        .where(secrets.c.tenant_id == tenant_id, secrets.c.id == secret_id)
        .values(ciphertext=ciphertext, rotated_at=now)
    )


def rewrap_tenant_key(tenant_id: UUID, row_id: UUID, wrapped: bytes, key_id: str) -> sa.Update:
    return (
        sa.update(tenant_keys)
        .where(tenant_keys.c.tenant_id == tenant_id, tenant_keys.c.id == row_id)
        .values(wrapped_key=wrapped, key_id=key_id)
    )
