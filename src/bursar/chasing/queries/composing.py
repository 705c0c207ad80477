"""The live facts of a batch of sends: what each is about, to whom, and what is true of it now."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_disputed, is_promised
from bursar.chasing.queries.freezing import has_replied, recipient, recipient_key
from bursar.chasing.tables import campaigns
from bursar.core.schema import same_tenant, uuids, uuids_named
from bursar.core.work import Work
from bursar.outbox.tables import send_subjects, sending_accounts
from bursar.tenancy.tables import customers, tenants


@cache
def subjects() -> sa.Select:
    """The live invoices of some sends, oldest due first, with what would silence each.

    Built once, since it is asked for every batch. Named: tenant_id, today, ids (of the sends, as text).
    """
    i, about = invoices, send_subjects
    today = sa.bindparam("today", type_=sa.Date())
    return (
        sa.select(
            about.c.send_id,
            i.c.id,
            i.c.number,
            i.c.currency,
            i.c.total_minor,
            i.c.balance_minor,
            i.c.issue_date,
            i.c.due_date,
            i.c.state,
            is_disputed(i).label("disputed"),
            is_promised(i, today).label("promised"),
        )
        .join(i, sa.and_(same_tenant(i, about), i.c.id == about.c.subject_id))
        .where(
            about.c.tenant_id == sa.bindparam("tenant_id"),
            about.c.send_id == sa.any_(uuids_named("ids")),
            about.c.subject_type == "invoice",
            about.c.dropped_at.is_(None),
        )
        .order_by(about.c.send_id, i.c.due_date, i.c.number)
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
        recipient("email").label("to_address"),
        recipient_key().label("address_key"),
        has_replied().label("replied"),
    ).where(c.c.tenant_id == sa.bindparam("tenant_id"), c.c.id == sa.any_(uuids_named("ids")))


def firms(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """For each run the firm and the account it writes from, as a letter names them."""
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
        .where(k.c.tenant_id == work.tenant_id, k.c.run_id == sa.any_(uuids(run_ids)))
    )
