"""Where a template is used, and what came of the messages that were written with it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoice_payments, payments, taken_by
from bursar.chasing.tables import campaigns, sequence_touches, sequences, variants
from bursar.core.schema import same_tenant
from bursar.core.seals import first_id_at
from bursar.core.work import Work
from bursar.outbox.tables import engagements, send_subjects, sends, template_versions


def campaigns_with(work: Work, template_id: UUID, limit: int) -> sa.Select:
    """Campaigns that say it, or try it against another text; the newest first."""
    c, v = campaigns, variants
    tried = sa.exists().where(same_tenant(v, c), v.c.campaign_id == c.c.id, v.c.template_id == template_id)
    return (
        sa.select(c.c.id, c.c.name, c.c.state)
        .where(c.c.tenant_id == work.tenant_id, sa.or_(c.c.template_id == template_id, tried))
        .order_by(c.c.id.desc())
        .limit(limit)
    )


def sequences_with(work: Work, template_id: UUID) -> sa.Select:
    """Touches of sequences that say it, those of archived sequences left out."""
    s, t = sequences, sequence_touches
    return (
        sa.select(s.c.id, s.c.name, s.c.active, t.c.offset_days)
        .join(t, sa.and_(same_tenant(t, s), t.c.sequence_id == s.c.id))
        .where(s.c.tenant_id == work.tenant_id, t.c.template_id == template_id, s.c.archived_at.is_(None))
        .order_by(s.c.position, s.c.id, t.c.offset_days)
    )


def outcomes(work: Work, template_id: UUID, since: datetime, most: int, human: frozenset[str]) -> sa.Select:
    """One row: how many messages left, came back, were answered, and were clicked by people as far as one can tell."""
    chosen = _chosen(work, template_id, since, most)
    e = engagements
    clicked = sa.exists().where(
        e.c.tenant_id == work.tenant_id,
        e.c.send_id == chosen.c.id,
        e.c.kind == "click",
        e.c["class"].in_(sorted(human)),
    )
    return sa.select(
        sa.func.count(chosen.c.sent_at).label("sent"),
        sa.func.count(chosen.c.bounced_at).label("bounced"),
        sa.func.count(chosen.c.replied_at).label("replied"),
        sa.func.count().filter(chosen.c.sent_at.is_not(None), clicked).label("clicked"),
    ).select_from(chosen)


def collected(work: Work, template_id: UUID, since: datetime, most: int) -> sa.Select:
    """Money that came in for the invoices of those messages after the first of them left, a row a currency.

    An invoice that two messages spoke of counts once; reversals count against.
    """
    chosen, s = _chosen(work, template_id, since, most), send_subjects
    told = (
        sa.select(s.c.subject_id.label("invoice_id"), sa.func.min(chosen.c.sent_at).label("first_at"))
        .join(chosen, sa.and_(s.c.tenant_id == work.tenant_id, s.c.send_id == chosen.c.id))
        .where(s.c.subject_type == "invoice", s.c.dropped_at.is_(None), chosen.c.sent_at.is_not(None))
        .group_by(s.c.subject_id)
        .cte("told")
    )
    p, a = payments, invoice_payments
    return (
        sa.select(p.c.currency, sa.cast(sa.func.sum(taken_by(a)), sa.BigInteger).label("amount_minor"))
        .select_from(told)
        .join(a, sa.and_(a.c.tenant_id == work.tenant_id, a.c.invoice_id == told.c.invoice_id))
        .join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id))
        .where(a.c.created_at >= told.c.first_at)
        .group_by(p.c.currency)
        .order_by(p.c.currency)
    )


def _chosen(work: Work, template_id: UUID, since: datetime, most: int) -> sa.CTE:
    """Messages of the template among the firm's newest: no index names the version of a send (that would cost every
    send for the sake of one page), so the look back has an end.
    """
    s, v = sends, template_versions
    newest = (
        sa.select(s.c.tenant_id, s.c.id, s.c.template_version_id, s.c.sent_at, s.c.bounced_at, s.c.replied_at)
        .where(s.c.tenant_id == work.tenant_id, s.c.id >= first_id_at(since), s.c.purpose != "test")
        .order_by(s.c.id.desc())
        .limit(most)
        .subquery("newest")
    )
    versions = sa.select(v.c.id).where(v.c.tenant_id == work.tenant_id, v.c.template_id == template_id)
    return sa.select(newest).where(newest.c.template_version_id.in_(versions)).cte("chosen")
