"""Who is signed in: sessions kept by us, each in one tenant, ended the moment they must be (R133)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.core.errors import NotFound, NotSignedIn
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tokens import BadToken, hash_of, new_token, tenant_of
from bursar.core.work import Actor, Office, Origin, Record, Role, Work
from bursar.tenancy.queries import agents as queries
from bursar.tenancy.rules import SESSION_IDLE, SESSION_LONGEST, STAMP_EVERY


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a request needs to know of the person behind it."""

    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    agent_id: UUID
    agent_name: str
    role: AgentRole
    locale: str
    session_id: UUID
    account_id: UUID
    email: str
    time_zone: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorType.AGENT, self.agent_id, self.role)


@dataclass(frozen=True, slots=True)
class NewSession:
    """`token` goes into the cookie and nowhere else."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "<NewSession>"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a person's own sessions, as their settings list it."""

    id: UUID
    began_at: datetime
    idle_expires_at: datetime
    ip: str | None
    user_agent: str | None


async def open_session(work: Work, *, account_id: UUID, agent_id: UUID) -> NewSession:
    """A session of this tenant from `work.origin`. Always a fresh token: none is carried over a sign-in."""
    token = new_token(work.tenant_id)
    expires_at = work.now + SESSION_LONGEST
    row = {
        "token_hash": token.hash,
        "account_id": account_id,
        "agent_id": agent_id,
        "created_at": work.now,
        "expires_at": expires_at,
        "idle_expires_at": work.now + SESSION_IDLE,
        "ip": work.origin.ip,
        "user_agent": work.origin.user_agent,
    }
    await work.db.execute(queries.add_session(work, row))
    await work.record("agent.sign_in", Record(agent_id))
    return NewSession(token.text, expires_at)


async def session_actor(office: Office, token: str) -> SignedIn:
    """Who holds this token. One query; the idle limit is pushed on at most once a minute.

    Raises `NotSignedIn`, the same for unknown, ended, expired, idle and switched off.
    """
    tenant_id, token_hash = _read(token)
    async with office.work(tenant_id, must_exist=False) as work:
        row = (await work.db.execute(queries.live_session(work, token_hash))).one_or_none()
        if row is None:
            raise NotSignedIn
        idle = min(work.now + SESSION_IDLE, row.expires_at)
        if idle - row.idle_expires_at >= STAMP_EVERY:
            await work.db.execute(queries.stamp_session(work, row.id, idle))
    return SignedIn(
        tenant_id=tenant_id,
        tenant_slug=row.slug,
        tenant_name=row.tenant_name,
        agent_id=row.agent_id,
        agent_name=row.name,
        role=AgentRole(row.role),
        locale=row.locale,
        session_id=row.id,
        account_id=row.account_id,
        email=row.email,
        time_zone=row.time_zone,
    )


async def switch_tenant(
    office: Office, signed: SignedIn, tenant_id: UUID, *, origin: Origin = Origin()
) -> NewSession:
    """A session of the same person in another tenant; the present one ends. Raises `NotFound`."""
    async with office.work(tenant_id, role=Role.SYSTEM, origin=origin, must_exist=False) as work:
        row = (await work.db.execute(queries.membership(work, signed.account_id))).one_or_none()
        if row is None:
            raise NotFound("tenant")
        opened = await open_session(work, account_id=signed.account_id, agent_id=row.id)
    async with office.work(signed.tenant_id, actor=signed.actor) as work:
        await work.db.execute(queries.end_session_by_id(work, signed.session_id, signed.agent_id))
    return opened


async def sign_out(office: Office, token: str, *, origin: Origin = Origin()) -> None:
    """End this session. Doing it twice, or with a token of none, is no error."""
    try:
        tenant_id, token_hash = _read(token)
    except NotSignedIn:
        return
    async with office.work(tenant_id, origin=origin, must_exist=False) as work:
        ended = (await work.db.execute(queries.end_session_of_token(work, token_hash))).all()
        await work.record("agent.sign_out", *(Record(row.agent_id) for row in ended if row.agent_id))


async def list_sessions(office: Office, signed: SignedIn) -> list[OpenSession]:
    """The person's own sessions in this tenant, the one used last first."""
    async with office.work(signed.tenant_id, actor=signed.actor, role=Role.SYSTEM, read_only=True) as work:
        rows = (await work.db.execute(queries.sessions_of(work, signed.agent_id))).all()
    return [
        OpenSession(
            row.id, row.created_at, row.idle_expires_at, str(row.ip) if row.ip else None, row.user_agent
        )
        for row in rows
    ]


async def end_session(work: Work, session_id: UUID) -> None:
    """End one session of the actor. Raises `NotFound` for anybody else's."""
    ended = (await work.db.execute(queries.end_session_by_id(work, session_id, _agent_id(work)))).all()
    if not ended:
        raise NotFound("session")
    await work.record("agent.sign_out", Record(_agent_id(work)))


async def end_sessions(work: Work, agent_id: UUID) -> int:
    """End every session of an agent in this tenant; how many there were."""
    return len((await work.db.execute(queries.end_sessions_of_agent(work, agent_id))).all())


def _read(token: str) -> tuple[UUID, bytes]:
    try:
        tenant_id, token_hash = tenant_of(token), hash_of(token)
    except BadToken:
        raise NotSignedIn from None
    if tenant_id is None:
        raise NotSignedIn
    return tenant_id, token_hash


def _agent_id(work: Work) -> UUID:
    if work.actor.type is not ActorType.AGENT or work.actor.id is None:
        raise NotSignedIn
    return work.actor.id
