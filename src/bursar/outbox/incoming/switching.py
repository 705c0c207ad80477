"""Whether a mailbox's answers and reports are read: switched on after a look that worked, and off at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Actor, Office, Origin, Record, Work
from bursar.outbox.account_fields import TLS, SmtpServer, Tls, clean_server
from bursar.outbox.accounts import MAY_SEND
from bursar.outbox.incoming.ports import ReaderFactory
from bursar.outbox.ports import AccountRef
from bursar.outbox.queries import accounts
from bursar.outbox.queries import mailbox_cursors as queries
from bursar.outbox.states import AccountKind

INBOX = "INBOX"
LONGEST_FOLDER = 200  # characters
BY_IMAP = frozenset({AccountKind.SMTP})
NOT_LET_IN = N_("The mailbox did not let us read. Check host, port and encryption.")


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where an SMTP account's mail arrives. User name and password are those of sending."""

    host: str
    port: int
    tls: Tls = "implicit"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of one account goes. `failures` in a row; `trouble` in words for people."""

    folder: str
    host: str | None
    port: int | None
    tls: str | None
    last_read_at: datetime | None
    next_read_at: datetime
    failures: int
    trouble: str | None


async def reading_of(work: Work, account_id: UUID) -> Reading | None:
    """None for an account whose mailbox is not read. Raises `NotFound`."""
    account = await _account(work, account_id)
    row = (await work.db.execute(queries.of_account(work, account_id))).first()
    if row is None:
        return None
    imap = account.settings.get("imap") or {}
    return Reading(
        folder=row.folder,
        host=imap.get("host"),
        port=imap.get("port"),
        tls=imap.get("tls"),
        last_read_at=row.last_read_at,
        next_read_at=row.next_read_at,
        failures=row.failures,
        trouble=row.last_error,
    )


async def any_read(work: Work) -> bool:
    """Whether answers come here by themselves at all."""
    return bool(await work.db.scalar(queries.read_at_all(work)))


async def start_reading(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    readers: ReaderFactory,
    account_id: UUID,
    *,
    server: ImapServer | None = None,
    folder: str = INBOX,
    origin: Origin = Origin(),
) -> None:
    """Read this mailbox from now on, and what came within the last two days. Three beats: asked, tried, kept.

    For owners: the mailbox's password goes to the server that is named here. Raises `NotFound`, `NotAllowed`,
    `Conflict` for an account that is not connected, `Invalid` by field, also when the server does not let us read.
    """
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.OWNER)
        account = await _account(work, account_id)
        settings = _settings(account, server)
        name = _folder(folder)
        secret = await work.vault.get(account.secret_id) if account.secret_id else None
    reader = readers(account.kind, settings, secret, AccountRef(tenant_id, account_id))
    if reader is None:
        raise Conflict(
            N_("This mailbox was connected for sending alone. Connect it again and allow reading."),
            code="reading_not_allowed",
        )
    try:
        health = await reader.check(name)
    finally:
        await reader.close()
    if not health.ok:
        raise Invalid(health.text or NOT_LET_IN, code="server_refused", field="host")
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        account = await _account(work, account_id, lock=True)
        if "imap" in settings:
            kept = {**account.settings, "imap": settings["imap"]}
            await work.db.execute(accounts.edit(work, account_id, {"settings": kept}))
        await work.db.execute(queries.stop(work, account_id, but=name))
        await work.db.execute(queries.begin(work, account_id, name, work.now))
        await work.record("sending_account.read", Record(account_id, payload={"folder": name}))


async def stop_reading(work: Work, account_id: UUID) -> None:
    """Look into this mailbox no more; its place is kept. Raises `NotFound`, `NotAllowed`. Twice is once."""
    work.allow(AgentRole.ADMIN)
    await _account(work, account_id, lock=True)
    if (await work.db.execute(queries.stop(work, account_id))).all():
        await work.record("sending_account.stop_reading", Record(account_id))


def _settings(account: Row[Any], server: ImapServer | None) -> dict[str, Any]:
    if account.state not in MAY_SEND:
        raise Conflict(N_("This account does not send at present. Connect it first."), code="account_idle")
    if account.kind not in BY_IMAP:
        return dict(account.settings)
    if server is None:
        raise Invalid(N_("Say where this mailbox is read."), code="host_missing", field="host")
    if server.tls not in TLS:
        raise Invalid(
            N_("Choose how the connection is encrypted: starttls, implicit or none."),
            code="tls_unknown",
            field="tls",
        )
    clean, _ = clean_server(SmtpServer(server.host, server.port, tls=server.tls))
    return {**account.settings, "imap": {name: clean[name] for name in ("host", "port", "tls")}}


def _folder(folder: str) -> str:
    name = folder.strip() or INBOX
    if len(name) > LONGEST_FOLDER or not name.isprintable():
        raise Invalid(N_("This is not the name of a folder."), code="folder_not_usable", field="folder")
    return name


async def _account(work: Work, account_id: UUID, *, lock: bool = False) -> Row[Any]:
    row = (await work.db.execute(accounts.one(work, account_id, lock=lock))).one_or_none()
    if row is None:
        raise NotFound("sending account")
    return row
