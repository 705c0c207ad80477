"""The live facts of a batch of sends: what each is about, to whom, and what is true of it now."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_being_paid, is_disputed, is_promised
from bursar.chasing.queries.sequence_reasons import is_chased_in_state, was_campaigned
from bursar.chasing.states import ChaseState, Covers, LeftOut
from bursar.chasing.tables import campaigns, is_excluded, sequence_runs, sequences
from bursar.core.schema import same_tenant, uuids_named
from bursar.outbox.tables import has_replied, runs, send_subjects, sending_accounts
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
            is_being_paid(invoices).label("being_paid"),
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
    """For each run the firm and the account it writes from, as a letter names them; `unseen` where a list of a
    sequence went at its time as all of that sequence do.

    Built once. Named: tenant_id, ids (of the runs, as text).
    """
    t, a, k, r, d, q = tenants, sending_accounts, campaigns, runs, sequence_runs, sequences
    chosen = sa.func.coalesce(k.c.sending_account_id, d.c.sending_account_id)
    columns: list[Any] = [
        r.c.id.label("run_id"),
        sa.func.coalesce(k.c.sender_name, q.c.sender_name).label("sender_name"),
        sa.func.coalesce(k.c.reply_to, q.c.reply_to).label("reply_to"),
        sa.func.coalesce(q.c.auto_release & (r.c.released_at >= r.c.release_at), sa.false()).label("unseen"),
        t.c.name,
        t.c.address_lines,
        t.c.city,
        a.c.address.label("account_address"),
        a.c.display_name.label("account_name"),
        a.c.reply_to.label("account_reply_to"),
    ]
    return (
        sa.select(*columns)
        .select_from(r)
        .outerjoin(k, same_tenant(k, r) & (k.c.run_id == r.c.id))
        .outerjoin(d, same_tenant(d, r) & (d.c.run_id == r.c.id))
        .outerjoin(q, same_tenant(q, d) & (q.c.id == d.c.sequence_id))
        .join(a, same_tenant(a, r) & (a.c.id == chosen))
        .join(t, same_tenant(t, r))
        .where(r.c.tenant_id == sa.bindparam("tenant_id"), r.c.id == sa.any_(uuids_named("ids")))
    )


@cache
def standing() -> sa.Select:
    """What some messages of sequences were listed for: each rung, dropped or not; and what stands against each invoice
    on their lists by now: its chase, or a campaign's mail of the last day.

    Built once. Named: tenant_id, since, ids (of the sends, as text).
    """
    about, i = send_subjects, invoices
    stopped = sa.case(
        (is_chased_in_state(ChaseState.STOPPED), str(LeftOut.STOPPED)),
        (is_chased_in_state(ChaseState.PAUSED), str(LeftOut.PAUSED)),
        (is_excluded(i, sa.bindparam("today", type_=sa.Date()), Covers.EVERYTHING), str(LeftOut.EXCLUDED)),
        (was_campaigned(sa.bindparam("since", type_=sa.DateTime(timezone=True))), str(LeftOut.CAMPAIGN)),
    )
    return (
        sa.select(about.c.send_id, about.c.subject_id, about.c.touch, stopped.label("stopped"))
        .join(i, same_tenant(i, about) & (i.c.id == about.c.subject_id))
        .where(
            about.c.tenant_id == sa.bindparam("tenant_id"),
            about.c.send_id == sa.any_(uuids_named("ids")),
            about.c.subject_type == "invoice",
        )
    )
