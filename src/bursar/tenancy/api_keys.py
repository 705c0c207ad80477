"""Keys with which programs act for an agent: shown once, limited by scopes, dead with their agent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.core.errors import N_, Invalid, NotFound, NotSignedIn, Refusal
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tokens import BadToken, hash_of, new_token, tenant_of
from bursar.core.work import Actor, Office, Record, Work
from bursar.tenancy import cells, rules
from bursar.tenancy.queries import agents as queries

MARK = "bursar_"
"""Begins every key, so that scanners for leaked secrets know one when they see it."""


class ScopeMissing(Refusal):
    """The key is good and not meant for this: 403."""

    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(N_("This API key lacks the scope %(scope)s."), code="scope_missing", scope=scope)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """`text` is shown now and never again."""

    id: UUID
    text: str

    def __repr__(self) -> str:
        return f"<NewApiKey {self.id}>"


@dataclass(frozen=True, slots=True)
class SignedByKey:
    """A request that came with a key: acts as its agent, within its scopes."""

    tenant_id: UUID
    agent_id: UUID
    role: AgentRole
    scopes: tuple[str, ...]
    key_id: UUID
    key_name: str
    locale: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorType.AGENT, self.agent_id, self.role)

    def require(self, scope: str) -> None:
        """Raises `ScopeMissing`."""
        if not rules.covers(self.scopes, scope):
            raise ScopeMissing(scope)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What the list of keys shows; `prefix` lets a person tell which one a program holds."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    agent_id: UUID
    agent_name: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create_api_key(work: Work, *, name: str, scopes: Iterable[str]) -> NewApiKey:
    """A key that acts as the agent who makes it. Raises `Invalid` by field."""
    work.allow(AgentRole.ADMIN)
    if work.actor.id is None:
        raise NotSignedIn
    if cells.says_nothing(name):
        raise Invalid(N_("Give the key a name that says what uses it."), code="name_missing", field="name")
    token = new_token(work.tenant_id)
    row = {
        "name": cells.parse_name(name, field="name"),
        # A token begins with its tenant, so that its last characters tell keys apart.
        "prefix": f"{MARK}…{token.text[-6:]}",
        "hash": token.hash,
        "scopes": rules.check_scopes(scopes),
        "agent_id": work.actor.id,
    }
    key_id = (await work.db.scalars(queries.add_api_key(work, row))).one()
    await work.record("api_key.create", Record(key_id, changes={"after": {"scopes": row["scopes"]}}))
    return NewApiKey(key_id, MARK + token.text)


async def api_key_actor(office: Office, text: str) -> SignedByKey:
    """Who acts with this key. One query; its use is stamped at most once a minute. Raises `NotSignedIn`."""
    try:
        token = text.removeprefix(MARK)
        tenant_id, key_hash = tenant_of(token), hash_of(token)
    except BadToken:
        raise NotSignedIn from None
    if tenant_id is None or not text.startswith(MARK):
        raise NotSignedIn
    async with office.work(tenant_id, must_exist=False) as work:
        row = (await work.db.execute(queries.live_api_key(work, key_hash))).one_or_none()
        if row is None:
            raise NotSignedIn
        if row.last_used_at is None or work.now - row.last_used_at >= rules.STAMP_EVERY:
            await work.db.execute(queries.stamp_api_key(work, row.id))
    return SignedByKey(
        tenant_id=tenant_id,
        agent_id=row.agent_id,
        role=AgentRole(row.role),
        scopes=tuple(row.scopes),
        key_id=row.id,
        key_name=row.name,
        locale=row.locale,
    )


async def list_api_keys(work: Work) -> list[ApiKey]:
    """The newest first, revoked ones too."""
    work.allow(AgentRole.ADMIN)
    return [ApiKey(**row) for row in (await work.db.execute(queries.list_api_keys(work))).mappings()]


async def revoke_api_key(work: Work, key_id: UUID) -> None:
    """Dead from the next request on. Raises `NotFound`, also for one that was revoked before."""
    work.allow(AgentRole.ADMIN)
    if await work.db.scalar(queries.revoke_api_key(work, key_id)) is None:
        raise NotFound("API key")
    await work.record("api_key.revoke", Record(key_id))
