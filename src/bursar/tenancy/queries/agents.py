"""A tenant's agents, their sessions and the keys that act for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.kinds import AgentRole
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import accounts, agents, api_keys, sessions, tenants


def add_agent(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(agents).values(tenant_id=work.tenant_id, **values).returning(agents.c.id)


def one_agent(work: Work, agent_id: UUID) -> sa.Select:
    """The agent, locked: roles are read and changed one at a time."""
    return (
        sa.select(agents)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.id == agent_id)
        .with_for_update(key_share=True)
    )


def agent_of_account(work: Work, account_id: UUID) -> sa.Select:
    return (
        sa.select(agents)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.account_id == account_id)
        .with_for_update(key_share=True)
    )


def active_owners(work: Work) -> sa.Select:
    """All active owners, locked in one order, so that two owners cannot lower each other at once."""
    return (
        sa.select(agents.c.id)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.role == AgentRole.OWNER, agents.c.active)
        .order_by(agents.c.id)
        .with_for_update(key_share=True)
    )


def edit_agent(work: Work, agent_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(agents)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.id == agent_id)
        .values(**values)
        .returning(agents.c.id)
    )


def agents_with_accounts(work: Work) -> sa.Select:
    """All agents of the tenant with what their account tells: address, invited still, second factor."""
    return (
        sa.select(
            agents.c.id,
            agents.c.name,
            agents.c.role,
            agents.c.active,
            agents.c.locale,
            accounts.c.email,
            accounts.c.password_hash.is_(None).label("invited"),
            accounts.c.totp_last_step.is_not(None).label("second_factor"),
        )
        .join(accounts, accounts.c.id == agents.c.account_id)
        .where(agents.c.tenant_id == work.tenant_id)
        .order_by(agents.c.active.desc(), sa.func.lower(agents.c.name), agents.c.id)
    )


def agent_with_account(work: Work, agent_id: UUID) -> sa.Select:
    return (
        sa.select(agents.c.id, agents.c.role, agents.c.active, agents.c.account_id, accounts.c.password_hash)
        .join(accounts, accounts.c.id == agents.c.account_id)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.id == agent_id)
    )


def names_of_agents(work: Work, ids: Sequence[UUID] | None) -> sa.Select:
    """These agents, or all of the tenant, active or not."""
    chosen = sa.true() if ids is None else agents.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.UUID)))
    named = sa.select(agents.c.id, agents.c.name).where(agents.c.tenant_id == work.tenant_id, chosen)
    return named.order_by(agents.c.name, agents.c.id)


def membership(work: Work, account_id: UUID) -> sa.Select:
    """The account as an active agent of this tenant, and the firm's name."""
    return (
        sa.select(
            agents.c.id, agents.c.name, agents.c.role, tenants.c.slug, tenants.c.name.label("tenant_name")
        )
        .join(tenants, same_tenant(tenants, agents))
        .where(agents.c.tenant_id == work.tenant_id, agents.c.account_id == account_id, agents.c.active)
    )


def add_session(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(sessions).values(tenant_id=work.tenant_id, **values).returning(sessions.c.id)


def live_session(work: Work, token_hash: bytes) -> sa.Select:
    """The agent's session of this token while it is good, with all that a request asks of it."""
    return (
        sa.select(
            sessions.c.id,
            sessions.c.account_id,
            sessions.c.agent_id,
            sessions.c.expires_at,
            sessions.c.idle_expires_at,
            agents.c.name,
            agents.c.role,
            sa.func.coalesce(agents.c.locale, accounts.c.locale, tenants.c.locale).label("locale"),
            tenants.c.slug,
            tenants.c.name.label("tenant_name"),
            tenants.c.time_zone,
            accounts.c.email,
        )
        .join(agents, same_tenant(agents, sessions) & (agents.c.id == sessions.c.agent_id))
        .join(accounts, accounts.c.id == agents.c.account_id)
        .join(tenants, same_tenant(tenants, sessions))
        .where(
            sessions.c.tenant_id == work.tenant_id,
            sessions.c.token_hash == token_hash,
            *_is_good(work),
            agents.c.active,
        )
    )


def stamp_session(work: Work, session_id: UUID, idle_expires_at: datetime) -> sa.Update:
    return (
        sa.update(sessions)
        .where(sessions.c.tenant_id == work.tenant_id, sessions.c.id == session_id)
        .values(idle_expires_at=idle_expires_at)
    )


def sessions_of(work: Work, agent_id: UUID) -> sa.Select:
    """The agent's good sessions, the one used last first."""
    return (
        sa.select(sessions)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(sessions.c.tenant_id == work.tenant_id, sessions.c.agent_id == agent_id, *_is_good(work))
        .order_by(sessions.c.idle_expires_at.desc(), sessions.c.id)
    )


def end_session(work: Work, *chosen: sa.ColumnElement[bool]) -> sa.Update:
    """Those of the tenant's sessions that are `chosen` and not over yet."""
    return (
        sa.update(sessions)
        .where(sessions.c.tenant_id == work.tenant_id, sessions.c.revoked_at.is_(None), *chosen)
        .values(revoked_at=work.now)
        .returning(sessions.c.id, sessions.c.agent_id)
    )


def end_session_of_token(work: Work, token_hash: bytes) -> sa.Update:
    return end_session(work, sessions.c.token_hash == token_hash)


def end_session_by_id(work: Work, session_id: UUID, agent_id: UUID) -> sa.Update:
    return end_session(work, sessions.c.id == session_id, sessions.c.agent_id == agent_id)


def end_sessions_of_agent(work: Work, agent_id: UUID) -> sa.Update:
    return end_session(work, sessions.c.agent_id == agent_id)


def add_api_key(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(api_keys).values(tenant_id=work.tenant_id, **values).returning(api_keys.c.id)


def live_api_key(work: Work, key_hash: bytes) -> sa.Select:
    """The key of this text while it is good, with the role its agent has today."""
    return (
        sa.select(
            api_keys.c.id,
            api_keys.c.name,
            api_keys.c.scopes,
            api_keys.c.last_used_at,
            agents.c.id.label("agent_id"),
            agents.c.role,
            sa.func.coalesce(agents.c.locale, tenants.c.locale).label("locale"),
        )
        .join(agents, same_tenant(agents, api_keys) & (agents.c.id == api_keys.c.agent_id))
        .join(tenants, same_tenant(tenants, api_keys))
        .where(
            api_keys.c.tenant_id == work.tenant_id,
            api_keys.c.hash == key_hash,
            api_keys.c.revoked_at.is_(None),
            agents.c.active,
        )
    )


def stamp_api_key(work: Work, key_id: UUID) -> sa.Update:
    return (
        sa.update(api_keys)
        .where(api_keys.c.tenant_id == work.tenant_id, api_keys.c.id == key_id)
        .values(last_used_at=work.now)
    )


def list_api_keys(work: Work) -> sa.Select:
    """All keys of the tenant with their agent's name, the newest first; never the hash."""
    return (
        sa.select(
            *(api_keys.c[name] for name in ("id", "name", "prefix", "scopes", "agent_id", "created_at")),
            api_keys.c.last_used_at,
            api_keys.c.revoked_at,
            agents.c.name.label("agent_name"),
        )
        .join(agents, same_tenant(agents, api_keys) & (agents.c.id == api_keys.c.agent_id))
        .where(api_keys.c.tenant_id == work.tenant_id)
        .order_by(api_keys.c.id.desc())
    )


def revoke_api_key(work: Work, key_id: UUID) -> sa.Update:
    """The key, if it was good until now."""
    return (
        sa.update(api_keys)
        .where(
            api_keys.c.tenant_id == work.tenant_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)
        )
        .values(revoked_at=work.now)
        .returning(api_keys.c.id)
    )


def _is_good(work: Work) -> tuple[sa.ColumnElement[bool], ...]:
    """Neither ended nor run out, nor older than the account's last change of password."""
    return (
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > work.now,
        sessions.c.idle_expires_at > work.now,
        sa.func.coalesce(sessions.c.created_at >= accounts.c.sessions_since, sa.true()),
    )
