"""What waits for people: tasks made from rows of other rooms, the list of them, and their end."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.states import DisputeReason
from bursar.billing.tables import disputes, invoices, payments, promises, recurring_invoices, refunds, tills
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.notifications.tables import tasks
from bursar.onboarding.tables import orders
from bursar.outbox.states import SendState
from bursar.outbox.tables import incoming_messages, sending_accounts, sends
from bursar.tenancy.tables import customers


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


def tasks_of_orders(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these orders, with why it is held."""
    o = orders
    found = sa.select(
        o.c.id.label("about_id"),
        o.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object("reason", o.c.hold_reason).label("payload"),
    ).where(o.c.tenant_id == work.tenant_id, o.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "order", found)


def orders_of_invoices(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The orders that these invoices bill."""
    return sa.select(orders.c.id).where(
        orders.c.tenant_id == work.tenant_id, orders.c.invoice_id == sa.any_(uuids(ids))
    )


def tasks_of_payments(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these payments, with how much it is."""
    p = payments
    found = sa.select(
        p.c.id.label("about_id"),
        p.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object("amount_minor", p.c.amount_minor, "currency", p.c.currency).label(
            "payload"
        ),
    ).where(p.c.tenant_id == work.tenant_id, p.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "payment", found)


def tasks_of_refunds(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for those of these refunds that went by a till: nobody was there when they failed."""
    r = refunds
    found = sa.select(
        r.c.id.label("about_id"),
        r.c.customer_id,
        _due_today(work),
        sa.func.jsonb_build_object("amount_minor", r.c.amount_minor, "currency", r.c.currency).label(
            "payload"
        ),
    ).where(r.c.tenant_id == work.tenant_id, r.c.id == sa.any_(uuids(ids)), r.c.till_id.is_not(None))
    return _make(work, kind, "refund", found)


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


def tasks_of_tills(work: Work, kind: str, ids: Sequence[UUID]) -> sa.Insert:
    """A task for each of these tills."""
    found = sa.select(
        tills.c.id.label("about_id"),
        sa.null().cast(sa.UUID).label("customer_id"),
        _due_today(work),
        sa.func.jsonb_build_object().label("payload"),
    ).where(tills.c.tenant_id == work.tenant_id, tills.c.id == sa.any_(uuids(ids)))
    return _make(work, kind, "till", found)


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
            orders.c.metadata["line"]["description"].astext.label("ordered"),
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
        .outerjoin(orders, same_tenant(orders, tasks) & (orders.c.id == tasks.c.about_id))
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
