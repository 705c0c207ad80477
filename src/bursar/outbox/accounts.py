"""Sending accounts as people look after them: pace, which is primary, how they are, and their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.work import Record, Work
from bursar.outbox import states
from bursar.outbox.account_fields import AccountInput, clean_account, clean_address
from bursar.outbox.forecasts import Pace, finishes_at
from bursar.outbox.queries import accounts as queries
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountKind, AccountState, Channel

MAY_SEND = frozenset({AccountState.ACTIVE, AccountState.THROTTLED})
TOLD_IN_EVENTS = frozenset({"batch_size", "batch_interval", "daily_quota", "connections"})


@dataclass(frozen=True, slots=True)
class Account:
    """One account as its people see it. `server` is host:port, `last_error` a message for the catalogue.

    `sent_today` counts the last 24 hours, `left_today` what the rolling quota still allows. `queued` are the
    sends that go as soon as they may, and `finishes_at` when the pace will have carried the last of them;
    None when there are none, or when the account does not send. `reads`: its owner let us look into it, where
    that is theirs to say at a provider; `topic_arn`: where Amazon tells what became of messages.
    """

    id: UUID
    version: int
    channel: Channel
    kind: AccountKind
    address: str
    display_name: str | None
    reply_to: str | None
    server: str
    username: str | None
    tls: str | None
    connections: int
    state: AccountState
    is_primary: bool
    batch_size: int
    batch_interval: timedelta
    daily_quota: int
    throttled_until: datetime | None
    last_validated_at: datetime | None
    last_error: str | None
    reads: bool
    topic_arn: str | None
    sent_today: int
    left_today: int
    queued: int
    finishes_at: datetime | None

    @property
    def by_consent(self) -> bool:
        """Its owner signs in at the provider; there is no password to type here."""
        return self.kind in SIGNS_IN_BY_CONSENT


async def list_accounts(work: Work) -> list[Account]:
    """The primary of each channel first. Disabled ones stay: history names them."""
    return [_account(work, row) for row in await work.db.execute(queries.all_of_tenant(work))]


async def get_account(work: Work, account_id: UUID) -> Account:
    """Raises `NotFound`, for another tenant's too."""
    for account in await list_accounts(work):
        if account.id == account_id:
            return account
    raise NotFound("sending account")


async def account_called(work: Work, address: str) -> Account:
    """By its address; of several that have it, one that sends. Raises `NotFound`."""
    meant = clean_address(address)
    found = [account for account in await list_accounts(work) if account.address == meant]
    if not found:
        raise NotFound("sending account")
    return min(found, key=lambda account: account.state == AccountState.DISABLED)


async def edit_account(
    work: Work, account_id: UUID, given: AccountInput, *, version: int | None = None
) -> int:
    """Change names and pace; what stays the same leaves no trace. Read by the next claim.

    Returns the version. Raises `NotFound`, `StaleVersion`, `Invalid` by field.
    """
    work.allow(AgentRole.ADMIN)
    wanted = clean_account(given)
    row = await _locked(work, account_id)
    if version is not None and version != row.version:
        raise StaleVersion("sending account")
    before = {**row._asdict(), "connections": row.settings.get("connections")}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return row.version
    columns = {name: value for name, value in changed.items() if name != "connections"}
    if "connections" in changed:
        columns["settings"] = {**row.settings, "connections": changed["connections"]}
    after = await work.db.scalar(queries.edit(work, account_id, columns))
    told = [name for name in changed if name in TOLD_IN_EVENTS]
    changes = {
        "fields": sorted(changed),
        "before": {name: _plain(before[name]) for name in told},
        "after": {name: _plain(changed[name]) for name in told},
    }
    await work.record("sending_account.edit", Record(account_id, changes=changes))
    return after or row.version


async def make_primary(work: Work, account_id: UUID) -> None:
    """New sends of its channel go through this account. Raises `NotFound`, `Conflict` if it cannot send."""
    work.allow(AgentRole.ADMIN)
    row = await _locked_with_peers(work, account_id)
    if row.state not in MAY_SEND:
        raise Conflict(
            N_("Only an account that sends can be the primary one. Connect it first."), code="account_idle"
        )
    if row.is_primary:
        return
    await work.db.execute(queries.step_down(work, row.channel))
    await work.db.execute(queries.edit(work, account_id, {"is_primary": True}))
    await work.record("sending_account.make_primary", Record(account_id))


async def disable(work: Work, account_id: UUID) -> None:
    """Nothing goes through this account any more; what waits for it goes through the primary that is left.

    Raises `NotFound`, `IllegalMove`, and `Conflict` while an open run sends through it: pause or cancel that
    first. The longest-serving other account becomes primary; without one, sends wait for the next to come.
    """
    work.allow(AgentRole.ADMIN)
    row = await _locked_with_peers(work, account_id)
    if row.state != AccountState.DISABLED and await work.db.scalar(queries.has_open_run(work, account_id)):
        raise Conflict(
            N_("A campaign is being sent through this account. Pause or cancel it first."),
            code="account_in_use",
        )
    await move(work, states.DISABLE, account_id, is_primary=False, throttled_until=None, connect_by=None)
    peers = (await work.db.execute(queries.lock_channel(work, row.channel))).all()
    primary = next((peer.id for peer in peers if peer.is_primary), None)
    if primary is None:
        primary = next((peer.id for peer in peers if peer.state in MAY_SEND), None)
        if primary is not None:
            await work.db.execute(queries.edit(work, primary, {"is_primary": True}))
    await work.db.execute(queries.hand_over(work, account_id, primary, row.channel))


async def forget_secret(work: Work, account_id: UUID) -> None:
    """Delete a disabled account as far as it can be: its secret is destroyed, its row stays for history.

    Raises `NotFound`, `Conflict` if it is not disabled. It can be connected again with its password.
    """
    work.allow(AgentRole.OWNER)
    row = await _locked(work, account_id)
    if row.state != AccountState.DISABLED:
        raise Conflict(N_("Disable this account first."), code="account_not_disabled")
    if row.secret_id is None:
        return
    await work.db.execute(queries.edit(work, account_id, {"secret_id": None}))
    await work.vault.forget(row.secret_id)
    await work.record("sending_account.delete", Record(account_id))


async def _locked(work: Work, account_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, account_id, lock=True))).one_or_none()
    if row is None:
        raise NotFound("sending account")
    return row


async def _locked_with_peers(work: Work, account_id: UUID) -> Row[Any]:
    """The account, after all of its channel were locked: the primary is decided by one person at a time."""
    found = (await work.db.execute(queries.one(work, account_id))).one_or_none()
    if found is None:
        raise NotFound("sending account")
    peers = (await work.db.execute(queries.lock_channel(work, found.channel))).all()
    return next(peer for peer in peers if peer.id == account_id)


def _account(work: Work, row: Row[Any]) -> Account:
    settings = row.settings
    left = max(row.daily_quota - row.used - row.in_hand, 0)
    sends = row.state in MAY_SEND
    pace = Pace(row.batch_size, row.batch_interval, row.daily_quota, left)
    start = max(work.now, row.next_batch_at, row.throttled_until or work.now)
    return Account(
        id=row.id,
        version=row.version,
        channel=Channel(row.channel),
        kind=AccountKind(row.kind),
        address=row.address,
        display_name=row.display_name,
        reply_to=row.reply_to,
        server=f"{settings.get('host', '')}:{settings.get('port', '')}".strip(":"),
        username=settings.get("username"),
        tls=settings.get("tls"),
        connections=settings.get("connections", 1),
        state=AccountState(row.state),
        is_primary=row.is_primary,
        batch_size=row.batch_size,
        batch_interval=row.batch_interval,
        daily_quota=row.daily_quota,
        throttled_until=row.throttled_until,
        last_validated_at=row.last_validated_at,
        last_error=row.last_error,
        reads=bool(settings.get("reads")),
        topic_arn=settings.get("topic_arn"),
        sent_today=row.day,
        left_today=left,
        queued=row.queued,
        finishes_at=finishes_at(start, row.queued, pace) if sends else None,
    )


def _plain(value: Any) -> Any:
    """As the journal's JSON holds it; intervals in seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else value
