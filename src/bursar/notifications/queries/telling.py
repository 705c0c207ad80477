"""What people are told: notifications made from events, their list, and who has read them."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from bursar.core.kinds import AgentRole
from bursar.core.schema import same_tenant, uuids
from bursar.core.tables import events
from bursar.core.work import Work
from bursar.notifications.tables import notifications
from bursar.outbox.tables import sending_accounts
from bursar.tenancy.tables import agents

WORKING = (AgentRole.OWNER, AgentRole.ADMIN, AgentRole.AGENT)


def tell_agents(work: Work, event: str, ids: Sequence[UUID], roles: Sequence[str]) -> sa.Insert:
    """A notification about the last `event` of each of `ids` for every active agent of `roles` but the actor."""
    last = (
        sa.select(events.c.id, events.c.type, events.c.entity_type, events.c.entity_id, events.c.payload)
        .ext(distinct_on(events.c.entity_id))
        .where(
            events.c.tenant_id == work.tenant_id,
            events.c.entity_type == event.partition(".")[0],
            events.c.entity_id == sa.any_(uuids(ids)),
            events.c.type == event,
        )
        .order_by(events.c.entity_id, events.c.id.desc())
        .subquery("last")
    )
    payload = sa.func.jsonb_build_object(
        "about_type", last.c.entity_type, "about_id", last.c.entity_id, "because", last.c.payload["because"]
    )
    theirs = [
        agents.c.tenant_id == work.tenant_id,
        agents.c.active,
        agents.c.role.in_(list(roles)),
        agents.c.id.is_distinct_from(work.actor.id),
    ]
    told = sa.select(sa.literal(work.tenant_id, sa.UUID()), agents.c.id, last.c.id, last.c.type, payload)
    columns = ["tenant_id", "agent_id", "event_id", "kind", "payload"]
    return (
        insert(notifications)
        .from_select(columns, told.select_from(last.join(agents, sa.true())).where(*theirs))
        .on_conflict_do_nothing()
    )


def notifications_of(work: Work, agent_id: UUID, limit: int) -> sa.Select:
    """An agent's notifications, the newest first, with the address of the account that each is about."""
    n, a = notifications, sending_accounts
    about = n.c.payload["about_id"].astext
    return (
        sa.select(n, a.c.address)
        .outerjoin(a, same_tenant(a, n) & (sa.cast(a.c.id, sa.Text) == about))
        .where(n.c.tenant_id == work.tenant_id, n.c.agent_id == agent_id)
        .order_by(n.c.id.desc())
        .limit(limit)
    )


def count_unread(work: Work, agent_id: UUID) -> sa.Select:
    return sa.select(sa.func.count()).where(
        notifications.c.tenant_id == work.tenant_id,
        notifications.c.agent_id == agent_id,
        notifications.c.read_at.is_(None),
    )


def mark_all_read(work: Work, agent_id: UUID) -> sa.Update:
    """The agent's notifications that are unread."""
    n = notifications
    unread = (n.c.tenant_id == work.tenant_id, n.c.agent_id == agent_id, n.c.read_at.is_(None))
    return sa.update(n).where(*unread).values(read_at=work.now)


def mark_read(work: Work, agent_id: UUID, notification_id: UUID) -> sa.Update:
    """One of the agent's notifications; one that was read keeps the time at which it was."""
    n = notifications
    mine = (n.c.tenant_id == work.tenant_id, n.c.agent_id == agent_id, n.c.id == notification_id)
    return sa.update(n).where(*mine).values(read_at=sa.func.coalesce(n.c.read_at, work.now))
