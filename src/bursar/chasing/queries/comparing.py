"""A campaign's customers by the group that they were drawn into, and the money that came from each group."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoice_payments, invoices, payments, taken_by
from bursar.chasing.states import ExcludedReason
from bursar.chasing.tables import campaign_invoices, holdouts, variants
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import SendState
from bursar.outbox.tables import sends, template_versions, templates


def _drawn(work: Work, campaign_id: UUID, run_id: UUID) -> sa.CTE:
    """Each customer of a run once, with their group: a text's label, `sent` where there is one text, `holdout`.

    Who was taken out by hand was not drawn. Who paid before the message left was, in either group.
    """
    s, t, v, h = sends, template_versions, variants, holdouts
    written = (
        sa.select(
            s.c.customer_id,
            sa.func.coalesce(sa.func.min(v.c.label), "sent").label("label"),
            sa.func.min(templates.c.code).label("template"),
        )
        .join(t, sa.and_(same_tenant(t, s), t.c.id == s.c.template_version_id))
        .join(templates, sa.and_(same_tenant(templates, t), templates.c.id == t.c.template_id))
        .outerjoin(
            v,
            sa.and_(same_tenant(v, t), v.c.template_id == t.c.template_id, v.c.campaign_id == campaign_id),
        )
        .where(s.c.tenant_id == work.tenant_id, s.c.run_id == run_id, s.c.state != SendState.CANCELLED)
        .group_by(s.c.customer_id)
    )
    kept_out = sa.select(h.c.customer_id, sa.literal("holdout"), sa.null().cast(sa.Text)).where(
        h.c.tenant_id == work.tenant_id, h.c.campaign_id == campaign_id, h.c.run_id == run_id
    )
    return sa.union_all(written, kept_out).cte("drawn")


def _came_in(work: Work, run_id: UUID, since: datetime, until: datetime) -> sa.CTE:
    """What customers paid on the invoices of a run in these days, by currency; reversals count against it."""
    r, i, a, p = campaign_invoices, invoices, invoice_payments, payments
    amount = sa.cast(sa.func.sum(taken_by(a)), sa.BigInteger)
    return (
        sa.select(i.c.customer_id, p.c.currency, amount.label("minor"))
        .join(r, sa.and_(same_tenant(r, i), r.c.invoice_id == i.c.id))
        .join(a, sa.and_(same_tenant(a, i), a.c.invoice_id == i.c.id))
        .join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id))
        .where(
            i.c.tenant_id == work.tenant_id,
            r.c.run_id == run_id,
            sa.or_(r.c.included, r.c.excluded_reason == ExcludedReason.HOLDOUT),
            a.c.created_at >= since,
            a.c.created_at < until,
        )
        .group_by(i.c.customer_id, p.c.currency)
        .cte("came_in")
    )


def people(work: Work, campaign_id: UUID, run_id: UUID, since: datetime, until: datetime) -> sa.Select:
    """How many customers each group has, and how many of them paid anything in these days; names tenant_id inside."""
    drawn = _drawn(work, campaign_id, run_id)
    came_in = _came_in(work, run_id, since, until)
    paid = sa.select(came_in.c.customer_id).where(came_in.c.minor > 0)
    did = sa.case((drawn.c.customer_id.in_(paid), 1))
    return (
        sa.select(
            drawn.c.label,
            sa.func.min(drawn.c.template).label("template"),
            sa.func.count().label("customers"),
            sa.func.count(did).label("paid"),
        )
        .group_by(drawn.c.label)
        .order_by(drawn.c.label)
    )


def money(work: Work, campaign_id: UUID, run_id: UUID, since: datetime, until: datetime) -> sa.Select:
    """What came from each group in these days, a row a currency; names tenant_id inside."""
    drawn = _drawn(work, campaign_id, run_id)
    came_in = _came_in(work, run_id, since, until)
    total = sa.cast(sa.func.sum(came_in.c.minor), sa.BigInteger)
    return (
        sa.select(drawn.c.label, came_in.c.currency, total.label("minor"))
        .join(came_in, came_in.c.customer_id == drawn.c.customer_id)
        .group_by(drawn.c.label, came_in.c.currency)
        .order_by(drawn.c.label, came_in.c.currency)
    )
