"""The live facts of a batch of sends: what each is about, to whom, and what is true of it now."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_disputed, is_promised
from bursar.chasing.tables import campaigns
from bursar.core.schema import same_tenant, uuids_named
from bursar.outbox.tables import has_replied, send_subjects, sending_accounts
from bursar.tenancy.tables import customers, recipient, tenants


@cache
def subjects() -> sa.Select:
    """The live invoices of some sends, oldest due first, with what would silence each.

    Each invoice is looked up by its key, whatever the statistics say: before a new firm's invoices are counted
    the planner read all of them for every batch. Built once. Named: tenant_id, today, ids (of the sends, as text).
    """
    about, today = send_subjects, sa.bindparam("today", type_=sa.Date())
    one = (
        sa.select(
            invoices.c.id,
            invoices.c.number,
            invoices.c.currency,
            invoices.c.total_minor,
            invoices.c.balance_minor,
            invoices.c.issue_date,
            invoices.c.due_date,
            invoices.c.state,
            is_disputed(invoices).label("disputed"),
            is_promised(invoices, today).label("promised"),
        )
        .where(same_tenant(invoices, about), invoices.c.id == about.c.subject_id)
        .limit(1)
        .lateral("one")
    )
    return (
        sa.select(about.c.send_id, *one.c)
        .join(one, sa.true())
        .where(
            about.c.tenant_id == sa.bindparam("tenant_id"),
            about.c.send_id == sa.any_(uuids_named("ids")),
            about.c.subject_type == "invoice",
            about.c.dropped_at.is_(None),
        )
        .order_by(about.c.send_id, one.c.due_date, one.c.number)
    )


@cache
def people() -> sa.Select:
    """Customers as a letter names them, where their letters go today, and whether they answered.

    Built once. Named: tenant_id, ids (of the customers, as text).
    """
    c = customers
    return sa.select(
        c.c.id,
        c.c.full_name,
        c.c.company_name,
        c.c.external_code,
        c.c.link_version,
        recipient("email").label("to_address"),
        recipient("email_key").label("address_key"),
        has_replied(c).label("replied"),
    ).where(c.c.tenant_id == sa.bindparam("tenant_id"), c.c.id == sa.any_(uuids_named("ids")))


@cache
def firms() -> sa.Select:
    """For each run the firm and the account it writes from, as a letter names them.

    Built once. Named: tenant_id, ids (of the runs, as text).
    """
    t, a, k = tenants, sending_accounts, campaigns
    columns: list[Any] = [
        k.c.run_id,
        k.c.sender_name,
        k.c.reply_to,
        t.c.name,
        t.c.address_lines,
        t.c.city,
        a.c.address.label("account_address"),
        a.c.display_name.label("account_name"),
        a.c.reply_to.label("account_reply_to"),
    ]
    return (
        sa.select(*columns)
        .join(a, sa.and_(same_tenant(a, k), a.c.id == k.c.sending_account_id))
        .join(t, same_tenant(t, k))
        .where(k.c.tenant_id == sa.bindparam("tenant_id"), k.c.run_id == sa.any_(uuids_named("ids")))
    )
