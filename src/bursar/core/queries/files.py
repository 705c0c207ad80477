"""Rows of files; their bytes are elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.kinds import FileState
from bursar.core.tables import files


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


def file_of(tenant_id: UUID, file_id: UUID) -> sa.Select:
    return sa.select(files).where(files.c.tenant_id == tenant_id, files.c.id == file_id)
