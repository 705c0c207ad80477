"""A mailbox becomes a sending account, in three beats: written down, tried out, settled (lifecycle 11).

While we sign in to the server no Work is open. Whoever dies between the beats leaves an account that is
*connecting*; it can be tried again, and is given up after ten minutes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.moves import move, move_all
from bursar.core.work import Actor, Office, Origin, Work
from bursar.outbox import states
from bursar.outbox.account_fields import (
    AccountInput,
    SmtpServer,
    clean_account,
    clean_address,
    clean_password,
    clean_server,
)
from bursar.outbox.ports import Health, SenderFactory
from bursar.outbox.queries import accounts as queries
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountKind, AccountState, Channel

CONNECT_WITHIN = timedelta(minutes=10)
DEFAULT_CONNECTIONS = 8
SENDS_ALREADY = frozenset({AccountState.ACTIVE, AccountState.THROTTLED})
NOT_LET_IN = N_("The mail server did not let us in. Check host, port, encryption, user name and password.")


async def connect_smtp(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    senders: SenderFactory,
    *,
    address: str,
    server: SmtpServer,
    given: AccountInput | None = None,
    kind: AccountKind = AccountKind.SMTP,
    more: Mapping[str, Any] | None = None,
    origin: Origin = Origin(),
) -> UUID:
    """Make the mailbox a sending account, or make a disabled or locked-out one work again, and return its id.

    `kind` is one that is spoken to by SMTP, `more` what stands in its settings besides. Raises `Invalid` by field,
    also when the server does not let us in: the account is then *connecting* with the reason, and the same call
    with better settings tries again. `Conflict` for one that sends already.
    """
    settings, secret = clean_server(server)
    settings |= more or {}
    wanted = {**clean_account(given or {}), "address": clean_address(address)}
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        account_id, settings = await begin(work, kind, wanted, settings, secret)
    health = await try_out(senders, kind, settings, secret)
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        await settle(work, account_id, health)
    if not health.ok:
        raise _not_let_in(health)
    return account_id


async def reconnect_smtp(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    senders: SenderFactory,
    account_id: UUID,
    *,
    password: str,
    origin: Origin = Origin(),
) -> None:
    """A new password for a mailbox that no longer let us in; the old one stays until the new one was tried.

    Raises `NotFound`, `IllegalMove` unless it needs this, `Invalid` if the server refuses this one too. Runs
    that were paused for it wait for a person to open them.
    """
    secret = clean_password(password)
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        work.allow(AgentRole.AGENT)
        row = await locked(work, account_id)
        if row.kind in SIGNS_IN_BY_CONSENT:
            raise Conflict(
                N_("This mailbox has no password with us: its owner signs in at the provider."),
                code="signs_in_elsewhere",
            )
        if row.state != AccountState.NEEDS_REAUTH:
            await move(work, states.RECONNECT, account_id)  # refuses, naming the state
        if not (secret and row.settings.get("username")):
            raise Invalid(N_("Give the mailbox's password."), code="password_missing", field="password")
    health = await try_out(senders, AccountKind(row.kind), row.settings, secret)
    if not health.ok:
        raise _not_let_in(health)
    async with office.work(tenant_id, actor=actor, origin=origin) as work:
        await settle(work, account_id, health)
        kept = await _keep(work, await locked(work, account_id), secret)
        await work.db.execute(queries.edit(work, account_id, {"secret_id": kept}))


async def try_out(
    senders: SenderFactory, kind: AccountKind, settings: Mapping[str, Any], secret: bytes | None
) -> Health:
    """Sign in to the server and say goodbye. No Work may be open."""
    sender = senders(kind, settings, secret)
    try:
        return await sender.check()
    finally:
        await sender.close()


async def abandon_overdue(work: Work, ids: list[UUID]) -> list[UUID]:
    """Give up those of `ids` that were not connected in time; returns them."""
    overdue = list(await work.db.scalars(queries.still_overdue(work, ids)))
    return await move_all(work, states.ABANDON, overdue, because="timeout", connect_by=None)


async def find_overdue(scan: Work, now: datetime) -> dict[UUID, list[UUID]]:
    """Accounts of all tenants that were to be connected by `now`, by tenant. `scan` is an `office.scan()`."""
    found: dict[UUID, list[UUID]] = {}
    for row in await scan.db.execute(queries.overdue_connecting(now)):
        found.setdefault(row.tenant_id, []).append(row.id)
    return found


async def begin(
    work: Work, kind: AccountKind, wanted: dict[str, Any], settings: dict[str, Any], secret: bytes | None
) -> tuple[UUID, dict[str, Any]]:
    """The account, connecting; its id and settings. A mailbox that is entered by consent keeps the tokens it has."""
    work.allow(AgentRole.OWNER)
    connections = wanted.pop("connections", None)
    connect_by = work.now + CONNECT_WITHIN
    row = (await work.db.execute(queries.lock_address(work, kind, wanted["address"]))).one_or_none()
    if row is not None:
        kept = {"connections": connections or row.settings.get("connections", DEFAULT_CONNECTIONS)}
        values = {**wanted, "settings": {**settings, **kept}, "last_error": None}
        if kind not in SIGNS_IN_BY_CONSENT:
            values["secret_id"] = await _keep(work, row, secret)
        await _begin_again(work, row, values, connect_by)
        if row.secret_id and values.get("secret_id", row.secret_id) is None:
            await work.vault.forget(row.secret_id)
        return row.id, values["settings"]
    settings["connections"] = connections or DEFAULT_CONNECTIONS
    values = {
        **wanted,
        "channel": Channel.EMAIL,
        "kind": kind,
        "state": AccountState.CONNECTING,
        "settings": settings,
        "secret_id": await work.vault.put("smtp_password", secret) if secret else None,
        "connect_by": connect_by,
        "next_batch_at": work.now,
        "created_by": work.actor.id,
    }
    account_id = await work.db.scalar(queries.add(work, values))
    if account_id is None:
        raise Conflict(
            N_("Somebody is connecting this address right now. Try again in a moment."), code="busy"
        )
    return account_id, settings


async def _begin_again(work: Work, row: Row[Any], values: dict[str, Any], connect_by: datetime) -> None:
    match row.state:
        case AccountState.DISABLED:
            await move(work, states.CONNECT_AGAIN, row.id, connect_by=connect_by, **values)
        case AccountState.CONNECTING:
            await work.db.execute(queries.edit(work, row.id, {**values, "connect_by": connect_by}))
        case AccountState.NEEDS_REAUTH:
            await work.db.execute(queries.edit(work, row.id, values))
        case _:
            raise Conflict(
                N_("This address is connected already. Disable it first to change its server."),
                code="account_connected",
                field="address",
            )


async def settle(work: Work, account_id: UUID, health: Health, **values: Any) -> None:
    """What the server said, written down; the first account of a channel becomes its primary."""
    if not health.ok:
        await work.db.execute(queries.edit(work, account_id, {"last_error": health.text or NOT_LET_IN}))
        return
    # All of the channel in one order: two that settle at once would each hold what the other needs.
    peers = (await work.db.execute(queries.lock_channel(work, Channel.EMAIL))).all()
    row = next(peer for peer in peers if peer.id == account_id)
    values |= {"last_validated_at": work.now, "last_error": None, "connect_by": None}
    if not any(peer.is_primary for peer in peers):
        values["is_primary"] = True
    again = row.state == AccountState.NEEDS_REAUTH
    await move(work, states.RECONNECT if again else states.CONNECT, account_id, **values)
    if values.get("is_primary"):
        await work.db.execute(queries.hand_over(work, None, account_id, row.channel))


async def _keep(work: Work, row: Row[Any], secret: bytes | None) -> UUID | None:
    """The account's secret in the vault, replaced; None for a server that asks for none."""
    if secret is None:
        return None
    if row.secret_id is None:
        return await work.vault.put("smtp_password", secret)
    await work.vault.replace(row.secret_id, secret)
    return row.secret_id


async def locked(work: Work, account_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, account_id, lock=True))).one_or_none()
    if row is None:
        raise NotFound("sending account")
    return row


def _not_let_in(health: Health) -> Invalid:
    """The adapter's words for people: a message of the catalogue that says what to do."""
    return Invalid(health.text or NOT_LET_IN, code="server_refused", field="server")
