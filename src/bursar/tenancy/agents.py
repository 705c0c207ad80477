"""The firm's people: invited, given roles, switched off. Never is a firm without an owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Actor, Office, Origin, Record, Role, Work
from bursar.tenancy import accounts, cells
from bursar.tenancy.phones import parse_phone
from bursar.tenancy.queries import agents as queries
from bursar.tenancy.rules import role_to_appoint
from bursar.tenancy.sessions import end_sessions
from bursar.tenancy.tenants import region_of


@dataclass(frozen=True, slots=True)
class Agent:
    """One of the firm's people. `invited` is who never set a password yet."""

    id: UUID
    name: str
    role: AgentRole
    active: bool
    locale: str | None
    email: str
    invited: bool
    second_factor: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """`token` is for the link in the invitation; None for who has a password already."""

    agent_id: UUID
    email: str
    token: str | None

    def __repr__(self) -> str:
        return f"<Invited {self.agent_id}>"


async def invite_agent(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    *,
    email: str,
    name: str,
    role: AgentRole,
    locale: str | None = None,
    origin: Origin = Origin(),
) -> Invited:
    """Make somebody an agent, or again one who was switched off.

    Takes the office because accounts are beyond an agent's own rights in the database. Raises `Invalid`
    by field, `NotAllowed` (an owner appoints owners and admins), `Conflict` for who is an agent already.
    """
    values = {
        "name": _name(name),
        "role": role,
        "locale": cells.parse_locale(locale) if locale else None,
    }
    async with office.work(tenant_id, actor=actor, role=Role.SYSTEM, origin=origin) as work:
        work.allow(role_to_appoint(role))
        account = await accounts.find_or_make(work, email, locale=values["locale"])
        there = (await work.db.execute(queries.agent_of_account(work, account.id))).one_or_none()
        if there is None:
            agent_id = (
                await work.db.scalars(queries.add_agent(work, {"account_id": account.id, **values}))
            ).one()
        elif there.active:
            raise Conflict(N_("This person is an agent here already."), code="agent_there", field="email")
        else:
            work.allow(role_to_appoint(AgentRole(there.role)))
            await work.db.execute(queries.edit_agent(work, there.id, {**values, "active": True}))
            agent_id = there.id
        await work.record("agent.invite", Record(agent_id, changes={"after": {"role": role}}))
        token = None if account.password_hash else await accounts.invite(work, account.id)
    return Invited(agent_id, account.email, token)


async def invite_again(
    office: Office, tenant_id: UUID, actor: Actor, agent_id: UUID, *, origin: Origin = Origin()
) -> str:
    """Another link for who lost the first. Raises `Conflict` for who has a password: they can reset it."""
    async with office.work(tenant_id, actor=actor, role=Role.SYSTEM, origin=origin) as work:
        work.allow(AgentRole.ADMIN)
        row = (await work.db.execute(queries.agent_with_account(work, agent_id))).one_or_none()
        if row is None or not row.active:
            raise NotFound("agent")
        work.allow(role_to_appoint(AgentRole(row.role)))
        if row.password_hash is not None:
            raise Conflict(N_("This person has set a password already."), code="password_set")
        await work.record("agent.invite", Record(agent_id, changes={"after": {"role": row.role}}))
        return await accounts.invite(work, row.account_id)


async def list_agents(office: Office, tenant_id: UUID, actor: Actor) -> list[Agent]:
    """All agents, the active ones first, by name."""
    async with office.work(tenant_id, actor=actor, role=Role.SYSTEM, read_only=True) as work:
        work.allow(AgentRole.VIEWER)
        rows = (await work.db.execute(queries.agents_with_accounts(work))).all()
    return [
        Agent(
            id=row.id,
            name=row.name,
            role=AgentRole(row.role),
            active=row.active,
            locale=row.locale,
            email=row.email,
            invited=row.invited,
            second_factor=row.second_factor,
        )
        for row in rows
    ]


async def names_of_agents(work: Work, ids: Sequence[UUID] | None = None) -> dict[UUID, str]:
    """For lists that say who did what; without `ids` everybody who ever worked here, by name."""
    return {row.id: row.name for row in await work.db.execute(queries.names_of_agents(work, ids))}


async def change_role(work: Work, agent_id: UUID, role: AgentRole) -> None:
    """Their sessions end: rights change at a sign-in (R133).

    Raises `NotFound`, `NotAllowed` (an owner moves owners and admins), `Conflict` for the last owner.
    """
    work.allow(AgentRole.ADMIN)
    await _keep_an_owner(work, agent_id, losing=role is not AgentRole.OWNER)
    row = await _locked(work, agent_id)
    work.allow(role_to_appoint(AgentRole(row.role), role))
    if row.role == role:
        return
    await work.db.execute(queries.edit_agent(work, agent_id, {"role": role}))
    await end_sessions(work, agent_id)
    changes = {"before": {"role": row.role}, "after": {"role": role}}
    await work.record("agent.change_role", Record(agent_id, changes=changes))


async def deactivate_agent(work: Work, agent_id: UUID) -> None:
    """Out at once: sessions end, API keys of theirs stop. Raises as `change_role` does."""
    work.allow(AgentRole.ADMIN)
    await _keep_an_owner(work, agent_id, losing=True)
    row = await _locked(work, agent_id)
    work.allow(role_to_appoint(AgentRole(row.role)))
    if not row.active:
        raise Conflict(N_("This person is switched off already."), code="agent_inactive")
    await work.db.execute(queries.edit_agent(work, agent_id, {"active": False}))
    await end_sessions(work, agent_id)
    changes = {"before": {"active": True}, "after": {"active": False}}
    await work.record("agent.deactivate", Record(agent_id, changes=changes))


async def edit_agent(
    work: Work, agent_id: UUID, *, name: str, locale: str | None = None, phone: str | None = None
) -> None:
    """Name, language and phone of oneself, or of another by an admin. Raises `Invalid`, `NotFound`."""
    if work.actor.id != agent_id:
        work.allow(AgentRole.ADMIN)
    values = {
        "name": _name(name),
        "locale": cells.parse_locale(locale) if locale else None,
        "phone": parse_phone(phone, await region_of(work)) if phone else None,
    }
    before = await _locked(work, agent_id)
    changed = sorted(each for each, value in values.items() if getattr(before, each) != value)
    if not changed:
        return
    await work.db.execute(queries.edit_agent(work, agent_id, values))
    await work.record("agent.edit", Record(agent_id, changes={"fields": changed}))


async def _keep_an_owner(work: Work, agent_id: UUID, *, losing: bool) -> None:
    """Locks all owners first, so that the answer still holds at the commit."""
    owners = list(await work.db.scalars(queries.active_owners(work)))
    if losing and owners == [agent_id]:
        if work.actor.role is not None and not work.actor.role.reaches(AgentRole.OWNER):
            raise NotAllowed(AgentRole.OWNER)
        raise Conflict(
            N_("A firm needs an owner. Make somebody else an owner first."), code="last_owner", field="role"
        )


async def _locked(work: Work, agent_id: UUID) -> Any:
    row = (await work.db.execute(queries.one_agent(work, agent_id))).one_or_none()
    if row is None:
        raise NotFound("agent")
    return row


def _name(text: str) -> str:
    if cells.says_nothing(text):
        raise Invalid(N_("Give the person's name."), code="name_missing", field="name")
    return cells.parse_name(text, field="name")
