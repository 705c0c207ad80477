"""Where each folder of each mailbox was read to, and whose turn it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.core.work import Work
from bursar.outbox.tables import mailbox_cursors


def due(now: datetime, limit: int) -> sa.Select:
    """Folders of all tenants to be read now, those that waited longest first; as bursar_scan, so no tenant_id."""
    c = mailbox_cursors
    return (
        sa.select(c.c.tenant_id, c.c.id)
        .where(c.c.stopped_at.is_(None), c.c.next_read_at <= now, _unleased(now))
        .order_by(c.c.next_read_at)
        .limit(limit)
    )


def take(work: Work, cursor_id: UUID, until: datetime) -> sa.Update:
    """The folder, leased until then, if it is due and nobody reads it."""
    c = mailbox_cursors
    return (
        sa.update(c)
        .where(
            c.c.tenant_id == work.tenant_id,
            c.c.id == cursor_id,
            c.c.stopped_at.is_(None),
            c.c.next_read_at <= work.now,
            _unleased(work.now),
        )
        .values(lease_until=until)
        .returning(c.c.id, c.c.sending_account_id, c.c.folder, c.c.position, c.c.read_until, c.c.failures)
    )


def settle(work: Work, cursor_id: UUID, lease: datetime, values: Mapping[str, Any]) -> sa.Update:
    """What a reading came to, by whoever still holds the lease; a later reader's word stands."""
    c = mailbox_cursors
    return (
        sa.update(c)
        .where(c.c.tenant_id == work.tenant_id, c.c.id == cursor_id, c.c.lease_until == lease)
        .values(lease_until=None, **values)
        .returning(c.c.id)
    )


def begin(work: Work, account_id: UUID, folder: str, since: datetime) -> sa.Insert:
    """The folder is read from now on; one that was read before goes on where it stopped."""
    c = mailbox_cursors
    row = insert(c).values(
        tenant_id=work.tenant_id,
        sending_account_id=account_id,
        folder=folder,
        read_until=since,
        next_read_at=work.now,
    )
    return row.on_conflict_do_update(
        index_elements=["tenant_id", "sending_account_id", "folder"],
        set_={
            "stopped_at": None,
            "failures": 0,
            "last_error": None,
            "next_read_at": work.now,
            "lease_until": None,
        },
    )


def stop(work: Work, account_id: UUID, *, but: str | None = None) -> sa.Update:
    """The account's folders that are read, all or all but one."""
    c = mailbox_cursors
    chosen = [c.c.tenant_id == work.tenant_id, c.c.sending_account_id == account_id, c.c.stopped_at.is_(None)]
    if but is not None:
        chosen.append(c.c.folder != but)
    return sa.update(c).where(*chosen).values(stopped_at=work.now, lease_until=None).returning(c.c.id)


def of_account(work: Work, account_id: UUID) -> sa.Select:
    """The folders of an account that are read."""
    c = mailbox_cursors
    return (
        sa.select(c.c.folder, c.c.last_read_at, c.c.next_read_at, c.c.failures, c.c.last_error)
        .where(
            c.c.tenant_id == work.tenant_id, c.c.sending_account_id == account_id, c.c.stopped_at.is_(None)
        )
        .order_by(c.c.folder)
    )


def read_at_all(work: Work) -> sa.Select:
    """Whether any mailbox of the firm is read."""
    c = mailbox_cursors
    return sa.select(sa.exists().where(c.c.tenant_id == work.tenant_id, c.c.stopped_at.is_(None)))


def _unleased(now: datetime) -> sa.ColumnElement[bool]:
    c = mailbox_cursors
    return sa.or_(c.c.lease_until.is_(None), c.c.lease_until < now)
