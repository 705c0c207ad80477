"""Core's statements. They take the tenant itself: `Work` stands above them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.schema import uuids
from bursar.core.tables import events, idempotency_keys, secrets, subject_keys, tenant_keys

SET_CONTEXT = sa.text(
    "select set_context(:role, :tenant, :customer, :actor_type, :actor_id, :cause, :ip, :user_agent, :request_id)"
)
ANNOUNCE = sa.text("select announce(:event, :because)")


def add_events(tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """New rows of the journal, whatever is given in each; the database's clock orders them."""
    return sa.insert(events).values([{"tenant_id": tenant_id, **row} for row in rows])


def new_ids(count: int) -> sa.Select:
    """Fresh ids from the database's clock, in order; no rows of a table."""
    return sa.select(sa.func.uuidv7()).select_from(sa.func.generate_series(1, count))


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


def replace_secret(tenant_id: UUID, secret_id: UUID, ciphertext: bytes) -> sa.Update:
    return (
        sa.update(secrets)
        .where(secrets.c.tenant_id == tenant_id, secrets.c.id == secret_id)
        .values(ciphertext=ciphertext, rotated_at=sa.func.now())
    )


def move(
    table: sa.Table,
    tenant_id: UUID,
    ids: Sequence[UUID],
    sources: Sequence[str],
    values: Mapping[str, Any],
    version: int | None = None,
) -> sa.Update:
    """Those of `ids` that stand in one of `sources` (and at `version`), moved; nothing else."""
    chosen = [
        table.c.tenant_id == tenant_id,
        table.c.id == ids[0]
        if len(ids) == 1
        else table.c.id == sa.any_(uuids(ids)),
        table.c.state.in_(sources),
    ]
    if version is not None:
        chosen.append(table.c.version == version)
    return sa.update(table).where(*chosen).values(**values, version=table.c.version + 1).returning(table.c.id)


def state_of(table: sa.Table, tenant_id: UUID, row_id: UUID) -> sa.Select:
    return sa.select(table.c.state, table.c.version).where(
        table.c.tenant_id == tenant_id, table.c.id == row_id
    )


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
        idempotency_keys.c.fingerprint, idempotency_keys.c.status, idempotency_keys.c.response
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


def drop_expired_keys(tenant_id: UUID) -> sa.Delete:
    return sa.delete(idempotency_keys).where(
        idempotency_keys.c.tenant_id == tenant_id, idempotency_keys.c.expires_at < sa.func.now()
    )


def make_partitions(ahead: int) -> sa.Select:
    """Calls the owner's function; partitions hold no tenant_id of their own to name."""
    return sa.select(sa.func.create_partitions(ahead))
