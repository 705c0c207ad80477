"""Sign-in identities: an address, a password, and the single-use links by which a password is set."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Invalid, NotSignedIn
from bursar.core.kinds import ActorType
from bursar.core.tokens import BadToken, hash_of, new_token
from bursar.core.work import Actor, Office, Origin, Record, Role, Work
from bursar.tenancy import throttle
from bursar.tenancy.cells import parse_email
from bursar.tenancy.passwords import check_password, hash_password, refuse_weak
from bursar.tenancy.queries import accounts as queries
from bursar.tenancy.queries import tenants as tenant_queries
from bursar.tenancy.rules import INVITATION_LASTS, RESET_LASTS
from bursar.tenancy.sessions import NewSession, SignedIn, end_sessions, open_session

INVITATION, RESET = "invitation", "reset"


@dataclass(frozen=True, slots=True)
class Membership:
    """One firm in which an account is an active agent."""

    tenant_id: UUID
    slug: str
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Firm:
    """One of a person's firms, as they know it."""

    tenant_id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Reset:
    """What the mail about a forgotten password needs. `token` goes into its link and nowhere else."""

    token: str
    email: str
    expires_at: datetime
    memberships: tuple[Membership, ...]

    def __repr__(self) -> str:
        return "<Reset>"


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whose password a link would set: for the page before the button."""

    purpose: str
    email: str


async def find_or_make(work: Work, email: str, *, locale: str | None = None, field: str = "email") -> Any:
    """The account row of an address, new or old. Needs a Work as bursar_system."""
    address, key = parse_email(email, field=field)
    await work.db.execute(queries.add_account(address, key, locale))
    return (await work.db.execute(queries.account_by_email(key))).one()


async def invite(work: Work, account_id: UUID) -> str:
    """A link's token with which the account gets its first password. Needs a Work as bursar_system."""
    token = new_token(None)
    row = {"purpose": INVITATION, "expires_at": work.now + INVITATION_LASTS}
    await work.db.execute(
        queries.add_sign_in_token({"account_id": account_id, "token_hash": token.hash, **row})
    )
    return token.text


async def request_reset(office: Office, email: str, *, origin: Origin = Origin()) -> Reset | None:
    """A link for a forgotten password, or None where there is nobody to write to.

    The door answers both alike, and sends the mail after it answered. Raises `TooMany`.
    """
    key = key_of(email)
    await throttle.count(office, *throttle.counters("reset", key, origin.ip))
    async with office.directory(origin=origin) as work:
        account = (await work.db.execute(queries.account_by_email(key))).one_or_none()
    found = await memberships_of(office, account.id) if account else ()
    if account is None or not found:
        return None
    token = new_token(None)
    async with office.directory(origin=origin) as work:
        expires_at = work.now + RESET_LASTS
        row = {"account_id": account.id, "token_hash": token.hash, "purpose": RESET, "expires_at": expires_at}
        await work.db.execute(queries.add_sign_in_token(row))
    return Reset(token.text, account.email, expires_at, found)


async def holder_of(office: Office, token: str) -> TokenHolder:
    """Look at a link without using it up: scanners do that too (T46). Raises `BadToken`."""
    async with office.directory() as work:
        row = (await work.db.execute(queries.live_sign_in_token(hash_of(token), work.now))).one_or_none()
    if row is None:
        raise BadToken
    return TokenHolder(row.purpose, row.email)


async def set_password(office: Office, token: str, password: str, *, origin: Origin = Origin()) -> None:
    """Set the password by an invitation's or reset's link; then neither it nor any other works.

    Every session of the account ends, in every tenant. Raises `BadToken` for a link that is unknown, used
    or expired, `Invalid` for a weak password; the link then still works.
    """
    holder = await holder_of(office, token)
    refuse_weak(password, about=(holder.email,))
    hashed = await hash_password(password)
    async with office.directory(origin=origin) as work:
        account_id = await work.db.scalar(queries.spend_sign_in_token(hash_of(token), work.now))
        if account_id is None:
            raise BadToken
        await work.db.execute(queries.set_password(account_id, hashed, work.now))
        await work.db.execute(queries.spend_tokens_of(account_id, work.now))
    await _tell(office, account_id, origin)


async def change_password(
    office: Office, signed: SignedIn, *, current: str, new: str, origin: Origin = Origin()
) -> NewSession:
    """A new password by who knows the present one. All sessions end; the one returned replaces theirs.

    Raises `Invalid` about `current` or `password`, `TooMany`, `NotSignedIn` if somebody was quicker.
    """
    counted = throttle.counters("change", str(signed.account_id), origin.ip)
    await throttle.count(office, *counted)
    async with office.directory() as work:
        account = (await work.db.execute(queries.account_by_id(signed.account_id))).one()
    if not (await check_password(current, account.password_hash)).right:
        raise Invalid(N_("This is not your present password."), code="password_wrong", field="current")
    await throttle.forgive(office, *counted)
    refuse_weak(new, about=(account.email, signed.agent_name, signed.tenant_name))
    hashed = await hash_password(new)
    async with office.work(signed.tenant_id, actor=signed.actor, role=Role.SYSTEM, origin=origin) as work:
        if not await unchanged(work, signed.account_id, account.password_hash):
            raise NotSignedIn
        await work.db.execute(queries.set_password(signed.account_id, hashed, work.now))
        await work.db.execute(queries.spend_tokens_of(signed.account_id, work.now))
        await end_sessions(work, signed.agent_id)
        opened = await open_session(work, account_id=signed.account_id, agent_id=signed.agent_id)
    await _tell(office, signed.account_id, origin)
    return opened


async def unchanged(work: Work, account_id: UUID, password_hash: str) -> bool:
    """Whether the hash is still this one; if so it stays until this Work ends. Needs bursar_system."""
    return await work.db.scalar(queries.account_with_password(account_id, password_hash)) is not None


async def memberships_of(office: Office, account_id: UUID) -> tuple[Membership, ...]:
    """In which firms this account is an active agent, by slug."""
    async with office.scan() as work:
        rows = (await work.db.execute(queries.memberships(account_id))).all()
    return tuple(Membership(row.tenant_id, row.slug, row.agent_id) for row in rows)


async def firms_of(office: Office, account_id: UUID) -> list[Firm]:
    """The person's firms by name, for choosing one."""
    found = []
    for one in await memberships_of(office, account_id):
        async with office.work(one.tenant_id, read_only=True) as work:
            name = (await work.db.execute(tenant_queries.this_tenant(work))).one().name
        found.append(Firm(one.tenant_id, one.slug, name))
    return sorted(found, key=lambda firm: firm.name.casefold())


def key_of(email: str) -> str:
    """By what an account is found; what is no address is kept as typed, and finds none."""
    try:
        return parse_email(email)[1]
    except Invalid:
        return email.strip().lower()[:320]


async def _tell(office: Office, account_id: UUID, origin: Origin) -> None:
    """Each firm's journal gets to know; what notifies the person hangs on the event (R135)."""
    for membership in await memberships_of(office, account_id):
        actor = Actor(ActorType.AGENT, membership.agent_id)
        async with office.work(membership.tenant_id, actor=actor, origin=origin) as work:
            await work.record("agent.set_password", Record(membership.agent_id))
