"""The chains of seals, and the rows below them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from bursar.core.kinds import Stream
from bursar.core.schema import metadata
from bursar.core.tables import journal_checks, seals

DATABASE_CLOCK = sa.text("select clock_timestamp()")
"""For the journal alone, whose ids this clock draws."""


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


def sealed_rows(tenant_id: UUID) -> sa.Select:
    """How many rows stand under seals, of both chains."""
    counted = sa.func.coalesce(sa.func.sum(seals.c.row_count), 0)
    return sa.select(counted).where(seals.c.tenant_id == tenant_id)


def add_check(tenant_id: UUID, **values: Any) -> sa.Insert:
    return sa.insert(journal_checks).values(tenant_id=tenant_id, **values).returning(journal_checks.c.id)


def checks_before(tenant_id: UUID, before: UUID | None, limit: int) -> sa.Select:
    """Walks along the chains, the newest first."""
    older = sa.true() if before is None else journal_checks.c.id < before
    return (
        sa.select(journal_checks)
        .where(journal_checks.c.tenant_id == tenant_id, older)
        .order_by(journal_checks.c.id.desc())
        .limit(limit)
    )


def check(tenant_id: UUID, check_id: UUID, *, hold: bool = False) -> sa.Select:
    """One walk; `hold` keeps a second worker from the same slice."""
    found = sa.select(journal_checks).where(
        journal_checks.c.tenant_id == tenant_id, journal_checks.c.id == check_id
    )
    return found.with_for_update(key_share=True) if hold else found


def go_on_with_check(tenant_id: UUID, check_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(journal_checks)
        .where(journal_checks.c.tenant_id == tenant_id, journal_checks.c.id == check_id)
        .values(**values)
    )
