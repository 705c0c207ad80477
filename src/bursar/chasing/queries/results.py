"""What a campaign has come to: its sends, and what came in since."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoice_payments, invoices, payments, taken_by
from bursar.chasing.tables import campaign_invoices
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import SendState
from bursar.outbox.tables import engagements, runs, send_subjects, sends


def any_hour(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """Those of these runs that an agent let go at any hour."""
    return sa.select(runs.c.id).where(
        runs.c.tenant_id == work.tenant_id, runs.c.id == sa.any_(uuids(run_ids)), runs.c.any_hour
    )


def suppressed(work: Work, run_id: UUID) -> sa.Select:
    """How many sends of a run were not sent for which reason."""
    return (
        sa.select(sends.c.state, sends.c.reason, sa.func.count().label("many"))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.run_id == run_id,
            sends.c.state.in_(
                (SendState.SUPPRESSED, SendState.CANCELLED, SendState.FAILED, SendState.BOUNCED)
            ),
        )
        .group_by(sends.c.state, sends.c.reason)
        .order_by(sends.c.state, sends.c.reason)
    )


def dropped(work: Work, run_id: UUID) -> sa.Select:
    """How many invoices were dropped from a run's sends since it was frozen, for which reason."""
    return (
        sa.select(send_subjects.c.reason, sa.func.count().label("many"))
        .join(sends, sa.and_(same_tenant(sends, send_subjects), sends.c.id == send_subjects.c.send_id))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.run_id == run_id,
            send_subjects.c.dropped_at.is_not(None),
        )
        .group_by(send_subjects.c.reason)
        .order_by(send_subjects.c.reason)
    )


def engaged(work: Work, run_id: UUID) -> sa.Select:
    """How many sends of a run were opened and clicked, by people as far as one can tell."""
    e = engagements
    return (
        sa.select(e.c.kind, e.c["class"].label("class"), sa.func.count(e.c.send_id.distinct()).label("sends"))
        .where(e.c.tenant_id == work.tenant_id, e.c.run_id == run_id)
        .group_by(e.c.kind, e.c["class"])
    )


def collected(work: Work, run_id: UUID, since: datetime) -> sa.Select:
    """Money that came in for the invoices of a run since it was let go, a row a currency; reversals count against."""
    p, a = payments, invoice_payments
    return (
        sa.select(p.c.currency, sa.cast(sa.func.sum(taken_by(a)), sa.BigInteger).label("amount_minor"))
        .select_from(campaign_invoices)
        .join(a, sa.and_(same_tenant(a, campaign_invoices), a.c.invoice_id == campaign_invoices.c.invoice_id))
        .join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id))
        .where(
            campaign_invoices.c.tenant_id == work.tenant_id,
            campaign_invoices.c.run_id == run_id,
            campaign_invoices.c.included,
            a.c.created_at >= since,
        )
        .group_by(p.c.currency)
        .order_by(p.c.currency)
    )


def sends_of_run(
    work: Work, run_id: UUID, *, ids: Sequence[UUID] | None, after: UUID | None, limit: int
) -> sa.Select:
    """A run's sends in the order of their ids."""
    conditions = [sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id]
    if ids is not None:
        conditions.append(sends.c.id == sa.any_(uuids(ids)))
    if after is not None:
        conditions.append(sends.c.id > after)
    return sa.select(sends).where(*conditions).order_by(sends.c.id).limit(limit)


def waiting(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """Those of these sends that are still to be claimed and have a template to say it with."""
    return sa.select(sends).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.id == sa.any_(uuids(send_ids)),
        sends.c.state == SendState.QUEUED,
        sends.c.template_version_id.is_not(None),
    )


def invoices_about(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """What each of these sends is about, dropped subjects too."""
    s, i = send_subjects, invoices
    return (
        sa.select(
            s.c.send_id,
            i.c.id,
            i.c.number,
            i.c.currency,
            i.c.balance_minor,
            i.c.due_date,
            s.c.dropped_at,
            s.c.reason,
        )
        .join(i, sa.and_(same_tenant(i, s), i.c.id == s.c.subject_id))
        .where(
            s.c.tenant_id == work.tenant_id,
            s.c.send_id == sa.any_(uuids(send_ids)),
            s.c.subject_type == "invoice",
        )
        .order_by(s.c.send_id, i.c.due_date, i.c.number)
    )
