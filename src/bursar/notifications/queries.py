"""What people are told and what waits for them: rows made from events, lists, and their end."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from bursar.billing.states import DisputeReason
from bursar.billing.tables import disputes, invoices, promises, recurring_invoices
from bursar.catalog.tables import products
from bursar.core.kinds import AgentRole
from bursar.core.schema import same_tenant, uuids
from bursar.core.tables import events
from bursar.core.work import Work
from bursar.notifications.tables import notifications, tasks
from bursar.outbox.states import SendState
from bursar.outbox.tables import incoming_messages, sending_accounts, sends
from bursar.tenancy.tables import agents, customers

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


def _make(work: Work, kind: str, about_type: str, found: sa.Select) -> sa.Insert:
    """Tasks from rows of (about_id, customer_id, due_on, payload); a task that is open already is not doubled."""
    row = found.subquery("found")
    columns = ["tenant_id", "kind", "about_type", "about_id", "customer_id", "due_on", "payload"]
    told = sa.select(
        sa.literal(work.tenant_id, sa.UUID()),
        sa.literal(kind),
        sa.literal(about_type),
        row.c.about_id,
        row.c.customer_id,
        row.c.due_on,
        row.c.payload,
    )
    return insert(tasks).from_select(columns, told).on_conflict_do_nothing()


def _due_today(work: Work) -> sa.ColumnElement[Any]:
    return sa.literal(work.today, sa.Date()).label("due_on")


def tasks_of_promises(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for the invoice of each of these promises that is still open to be paid."""
    open_ = (invoices.c.state == "issued") & (invoices.c.id == promises.c.invoice_id)
    payload = sa.func.jsonb_build_object("promised_for", promises.c.promised_for)
    found = (
        sa.select(
            promises.c.invoice_id.label("about_id"),
            promises.c.customer_id,
            _due_today(work),
            payload.label("payload"),
        )
        .join(invoices, same_tenant(invoices, promises) & open_)
        .where(promises.c.tenant_id == work.tenant_id, promises.c.id == sa.any_(uuids(ids)))
    )
    return _make(work, kind, "invoice", found)


def tasks_of_disputes(work: Work, kind: str, ids: Sequence[UUID], *, said_paid: bool) -> sa.Insert:
    """A task for the invoice of each of these disputes: of those that say it is paid, or of the others."""
    paid = disputes.c.reason == DisputeReason.ALREADY_PAID
    found = sa.select(
        disputes.c.invoice_id.label("about_id"),
        disputes.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object("reason", disputes.c.reason).label("payload"),
    ).where(
        disputes.c.tenant_id == work.tenant_id,
        disputes.c.id == sa.any_(uuids(ids)),
        paid if said_paid else ~paid,
    )
    return _make(work, kind, "invoice", found)


def tasks_of_invoices(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these invoices."""
    found = sa.select(
        invoices.c.id.label("about_id"),
        invoices.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object().label("payload"),
    ).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "invoice", found)


def tasks_of_recurring(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these recurring invoices, with why it was not billed."""
    r = recurring_invoices
    found = sa.select(
        r.c.id.label("about_id"),
        r.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object("reason", r.c.refusal).label("payload"),
    ).where(r.c.tenant_id == work.tenant_id, r.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "recurring_invoice", found)


def tasks_of_accounts(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these sending accounts."""
    a = sending_accounts
    found = sa.select(
        a.c.id.label("about_id"),
        sa.null().cast(sa.UUID).label("customer_id"),
        _due_today(work),
        sa.func.jsonb_build_object().label("payload"),
    ).where(a.c.tenant_id == work.tenant_id, a.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "sending_account", found)


def tasks_of_sends(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """One task for each account that these sends went through: it is that mailbox which must be looked into."""
    found = (
        sa.select(
            sends.c.sending_account_id.label("about_id"),
            sa.null().cast(sa.UUID).label("customer_id"),
            _due_today(work),
            sa.func.jsonb_build_object().label("payload"),
        )
        .distinct()
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == sa.any_(uuids(ids)),
            sends.c.sending_account_id.is_not(None),
        )
    )
    return _make(work, kind, "sending_account", found)


def tasks_of_incoming(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these messages that came in."""
    m = incoming_messages
    found = sa.select(
        m.c.id.label("about_id"),
        m.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object().label("payload"),
    ).where(m.c.tenant_id == work.tenant_id, m.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "incoming_message", found)


def accounts_without_doubt(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """The accounts of these sends of which no send is uncertain any more."""
    doubtful = sends.alias("doubtful")
    left = (
        sa.select(doubtful.c.id)
        .where(
            same_tenant(doubtful, sends),
            doubtful.c.sending_account_id == sends.c.sending_account_id,
            doubtful.c.reason.in_(("lease_expired", "no_answer")),
            doubtful.c.state == SendState.UNCERTAIN,
        )
        .exists()
    )
    return (
        sa.select(sends.c.sending_account_id)
        .distinct()
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == sa.any_(uuids(send_ids)),
            sends.c.sending_account_id.is_not(None),
            ~left,
        )
    )


def done_about(work: Work, kinds: Sequence[str], about: Sequence[UUID]) -> sa.Update:
    """The open tasks of these kinds about these things: what they asked for has come about."""
    return (
        sa.update(tasks)
        .where(
            tasks.c.tenant_id == work.tenant_id,
            tasks.c.kind.in_(list(kinds)),
            tasks.c.about_id == sa.any_(uuids(about)),
            tasks.c.done_at.is_(None),
        )
        .values(done_at=work.now)
    )


def invoices_of_disputes(work: Work, ids: Sequence[UUID]) -> sa.Select:
    return sa.select(disputes.c.invoice_id).where(
        disputes.c.tenant_id == work.tenant_id, disputes.c.id == sa.any_(uuids(ids))
    )


def open_tasks(work: Work, limit: int) -> sa.Select:
    """What waits for a person, the longest waiting first, with the names of what each is about."""
    return (
        sa.select(
            tasks,
            sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
            invoices.c.number,
            sending_accounts.c.address,
            sa.func.coalesce(recurring_invoices.c.description, products.c.name).label("sold"),
        )
        .outerjoin(customers, same_tenant(customers, tasks) & (customers.c.id == tasks.c.customer_id))
        .outerjoin(invoices, same_tenant(invoices, tasks) & (invoices.c.id == tasks.c.about_id))
        .outerjoin(
            sending_accounts,
            same_tenant(sending_accounts, tasks) & (sending_accounts.c.id == tasks.c.about_id),
        )
        .outerjoin(
            recurring_invoices,
            same_tenant(recurring_invoices, tasks) & (recurring_invoices.c.id == tasks.c.about_id),
        )
        .outerjoin(
            products,
            same_tenant(products, recurring_invoices) & (products.c.id == recurring_invoices.c.product_id),
        )
        .where(tasks.c.tenant_id == work.tenant_id, tasks.c.done_at.is_(None))
        .order_by(tasks.c.due_on.nulls_last(), tasks.c.id)
        .limit(limit)
    )


def count_tasks(work: Work) -> sa.Select:
    """How many tasks are open."""
    return sa.select(sa.func.count()).where(tasks.c.tenant_id == work.tenant_id, tasks.c.done_at.is_(None))


def finish_task(work: Work, task_id: UUID) -> sa.Update:
    """The task, if it was open."""
    return (
        sa.update(tasks)
        .where(tasks.c.tenant_id == work.tenant_id, tasks.c.id == task_id, tasks.c.done_at.is_(None))
        .values(done_at=work.now)
        .returning(tasks.c.id, tasks.c.customer_id, tasks.c.kind)
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
