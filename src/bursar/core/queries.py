"""Core's statements. They take the tenant itself: `Work` stands above them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, insert

from bursar.core.kinds import FileState, Stream
from bursar.core.schema import metadata, uuids
from bursar.core.tables import events, files, idempotency_keys, seals, secrets, subject_keys, tenant_keys

SET_CONTEXT = sa.text(
    "select set_context(:role, :tenant, :customer, :actor_type, :actor_id, :cause, :ip, :user_agent, :request_id)"
)
ANNOUNCE = sa.text("select announce(:event, :because)")
DATABASE_CLOCK = sa.text("select clock_timestamp()")
"""For the journal alone, whose ids this clock draws."""


ADD_EVENTS = sa.text(
    """
    insert into events (tenant_id, id, entity_type, entity_id, type, customer_id, actor_type, actor_id, changes,
                        payload, private, cause, ip, user_agent, request_id)
    select :tenant_id, coalesce(r.id, uuidv7()), :entity_type, r.entity_id, :type, r.customer_id, :actor_type,
           :actor_id, r.changes, r.payload, decode(r.private, 'hex'), :cause, cast(:ip as inet), :user_agent,
           :request_id
      from json_to_recordset(cast(:rows as json))
           as r(id uuid, entity_id uuid, customer_id uuid, changes jsonb, payload jsonb, private text)
    """
)
"""New rows of the journal, all of one type and actor; the database's clock orders them. One text for any number
of rows: a VALUES list would be compiled anew for each."""


def events_before(
    tenant_id: UUID, before: UUID | None, limit: int, types: Collection[str], about: Mapping[str, object]
) -> sa.Select:
    """Events older than `before`, newest first, whose columns equal `about` and whose type is one of `types`."""
    chosen = [events.c.tenant_id == tenant_id, *(events.c[name] == value for name, value in about.items())]
    if before is not None:
        chosen.append(events.c.id < before)
    if types:
        chosen.append(events.c.type.in_(types))
    shown = (
        events.c.id, events.c.created_at.label("at"), events.c.type, events.c.entity_type, events.c.entity_id,
        events.c.customer_id, events.c.actor_type, events.c.actor_id, events.c.cause, events.c.changes,
        events.c.payload, events.c.private,
    )  # fmt: skip
    return sa.select(*shown).where(*chosen).order_by(events.c.id.desc()).limit(limit)


def new_ids(count: int) -> sa.Select:
    """Fresh ids from the database's clock, in order; no rows of a table."""
    return sa.select(sa.func.uuidv7()).select_from(sa.func.generate_series(1, count))


ANALYZE = {
    "customers": sa.text("analyze customers"),
    "invoices": sa.text("analyze invoices"),
    "invoice_lines": sa.text("analyze invoice_lines"),
    "recurring_invoices": sa.text("analyze recurring_invoices"),
    "campaign_invoices": sa.text("analyze campaign_invoices"),
    "sends": sa.text("analyze sends"),
    "send_subjects": sa.text("analyze send_subjects"),
}
"""Statistics of the tables that grow by leaps; bursar_system may take them (grants.sql)."""


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
        table.c.id == ids[0] if len(ids) == 1 else table.c.id == sa.any_(uuids(ids)),
        table.c.state.in_(sources),
    ]
    if version is not None:
        chosen.append(table.c.version == version)
    return sa.update(table).where(*chosen).values(**values, version=table.c.version + 1).returning(table.c.id)


def state_of(table: sa.Table, tenant_id: UUID, row_id: UUID) -> sa.Select:
    return sa.select(table.c.state, table.c.version).where(
        table.c.tenant_id == tenant_id, table.c.id == row_id
    )


def add_made_files(tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    """Rows of files; none for what has a row already."""
    given = insert(files).values([{"tenant_id": tenant_id, **row} for row in rows])
    return given.on_conflict_do_nothing(index_elements=["tenant_id", "id"])


def add_file(tenant_id: UUID, row: Mapping[str, Any]) -> sa.Insert:
    """The row of an upload."""
    return sa.insert(files).values(tenant_id=tenant_id, **row).returning(files.c.id)


def quarantined(tenant_id: UUID) -> sa.Select:
    """Files that no scanner has judged yet, the oldest first."""
    chosen = (files.c.tenant_id == tenant_id, files.c.state == FileState.QUARANTINED)
    return sa.select(files.c.id, files.c.key, files.c.created_at).where(*chosen).order_by(files.c.id)


def tenants_with_quarantine() -> sa.Select:
    """Whose files wait for a scanner, over all tenants."""
    return sa.select(files.c.tenant_id).where(files.c.state == sa.literal_column("'quarantined'")).distinct()


def file_keys(tenant_id: UUID) -> sa.Select:
    """Where the bytes of all files are that somebody knows of."""
    return sa.select(files.c.key).where(files.c.tenant_id == tenant_id, files.c.state != FileState.INFECTED)


def was_told(tenant_id: UUID, type_: str, entity_id: UUID) -> sa.Select:
    """Whether the journal has such an event about this row."""
    return sa.select(events.c.id).where(
        events.c.tenant_id == tenant_id,
        events.c.entity_type == type_.partition(".")[0],
        events.c.entity_id == entity_id,
        events.c.type == type_,
    )


def file_of(tenant_id: UUID, file_id: UUID) -> sa.Select:
    return sa.select(files).where(files.c.tenant_id == tenant_id, files.c.id == file_id)


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


def make_partitions(ahead: int) -> sa.Select:
    """Calls the owner's function; partitions hold no tenant_id of their own to name."""
    return sa.select(sa.func.create_partitions(ahead))


def lock_chain(tenant_id: UUID, stream: Stream) -> sa.Select:
    """One sealer a tenant and stream, until its transaction ends."""
    name = sa.func.hashtextextended(f"bursar seal {stream} {tenant_id}", 0)
    return sa.select(sa.func.pg_advisory_xact_lock(name))


def last_seal(tenant_id: UUID, stream: Stream) -> sa.Select:
    return (
        sa.select(seals.c.stream, seals.c.number, seals.c.up_to_id, seals.c.hash)
        .where(seals.c.tenant_id == tenant_id, seals.c.stream == stream)
        .order_by(seals.c.number.desc())
        .limit(1)
    )


def seals_after(tenant_id: UUID, stream: Stream, number: int, limit: int) -> sa.Select:
    """The chain from the seal after `number` on."""
    return (
        sa.select(seals.c.number, seals.c.up_to_id, seals.c.row_count, seals.c.hash, seals.c.previous_hash)
        .where(seals.c.tenant_id == tenant_id, seals.c.stream == stream, seals.c.number > number)
        .order_by(seals.c.number)
        .limit(limit)
    )


def add_seal(tenant_id: UUID, **values: Any) -> sa.Insert:
    return sa.insert(seals).values(tenant_id=tenant_id, **values)


def rows_between(tenant_id: UUID, stream: Stream, after: UUID, up_to: UUID, limit: int | None) -> sa.Select:
    """The rows of a stream above `after` and not above `up_to`, in id order, as `canonical` JSON."""
    table = metadata.tables[stream]
    return (
        sa.select(table.c.id, canonical(table))
        .where(table.c.tenant_id == tenant_id, table.c.id > after, table.c.id <= up_to)
        .order_by(table.c.id)
        .limit(limit)
    )


def canonical(table: sa.Table) -> sa.Label[str]:
    """A row as JSON text that no setting of a session changes, and no column added later: nulls are left out."""
    parts = [f"'{column.name}' value {_as_json(column)}" for column in sorted(table.c, key=lambda c: c.name)]
    text = f"json_object({', '.join(parts)} absent on null returning text)"
    return sa.literal_column(text, sa.Text).label("json")


def _as_json(column: sa.Column[Any]) -> str:
    name = f'{column.table.name}."{column.name}"'
    match column.type:
        case sa.DateTime():
            return f"{name} at time zone 'UTC'"
        case BYTEA():
            return f"encode({name}, 'hex')"
    return name


def tenants_to_seal(stream: Stream, settled: UUID, day_ago: UUID) -> sa.Select:
    """Tenants with rows of `stream` that no seal covers, and those whose last seal is a day old; over all tenants."""
    rows, tenants = metadata.tables[stream], metadata.tables["tenants"]
    newest = (
        sa.select(seals.c.up_to_id)
        .where(seals.c.tenant_id == tenants.c.tenant_id, seals.c.stream == stream)
        .order_by(seals.c.number.desc())
        .limit(1)
        .correlate(tenants)
        .scalar_subquery()
    )
    sealed = sa.func.coalesce(newest, sa.literal(UUID(int=0), sa.UUID))
    # One column by name: bursar_scan may not read `*`.
    unsealed = (
        sa.select(rows.c.id)
        .where(rows.c.tenant_id == tenants.c.tenant_id, rows.c.id > sealed, rows.c.id < settled)
        .correlate(tenants)
        .exists()
    )
    return sa.select(tenants.c.tenant_id).where(sa.or_(unsealed, sealed < day_ago))


def all_tenants() -> sa.Select:
    """Every tenant's id, for jobs that go round; over all tenants."""
    tenants = metadata.tables["tenants"]
    return sa.select(tenants.c.tenant_id).order_by(tenants.c.tenant_id)
