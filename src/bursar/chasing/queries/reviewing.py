"""A campaign's messages as a list to walk through: where one stands in it, and which fit a filter."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoice_payments, payments, taken_by
from bursar.chasing.tables import campaign_invoices, campaigns
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import send_subjects, sends


def place(work: Work, run_id: UUID, send_id: UUID) -> sa.Select:
    """The ids before and after a send in its run, and how many stand before it and in all."""
    in_run = (sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id)
    before = sa.select(sends.c.id).where(*in_run, sends.c.id < send_id)
    after = sa.select(sends.c.id).where(*in_run, sends.c.id > send_id)
    count = sa.func.count()
    return sa.select(
        before.order_by(sends.c.id.desc()).limit(1).scalar_subquery().label("previous"),
        after.order_by(sends.c.id).limit(1).scalar_subquery().label("next"),
        sa.select(count).select_from(before.subquery()).scalar_subquery().label("earlier"),
        sa.select(count).select_from(after.subquery()).scalar_subquery().label("later"),
    )


def recipients(
    work: Work,
    run_id: UUID,
    *,
    state: str | None,
    reason: str | None,
    text: str | None,
    after: UUID | None,
    limit: int,
) -> sa.Select:
    """Sends of a run in the order of their ids; `changed` are the queued ones that wait for an agent."""
    s, about = sends, send_subjects
    conditions = [s.c.tenant_id == work.tenant_id, s.c.run_id == run_id]
    if state == "changed":
        conditions.append((s.c.state == "queued") & (s.c.reason == "changed"))
    elif state:
        conditions.append(s.c.state == state)
    if reason:
        conditions.append(s.c.reason == reason)
    if text:
        wanted = [column.icontains(text, autoescape=True) for column in (s.c.to_name, s.c.to_address)]
        conditions.append(sa.or_(*wanted))
    if after is not None:
        conditions.append(s.c.id > after)
    count = (
        sa.select(sa.func.count())
        .where(same_tenant(about, s), about.c.send_id == s.c.id, about.c.dropped_at.is_(None))
        .scalar_subquery()
    )
    return sa.select(s, count.label("subjects")).where(*conditions).order_by(s.c.id).limit(limit)


def collected(work: Work, campaign_ids: Sequence[UUID]) -> sa.Select:
    """Money that came in for the invoices of each of these campaigns since it was let go, by currency."""
    c, listed, a, p = campaigns, campaign_invoices, invoice_payments, payments
    return (
        sa.select(c.c.id, p.c.currency, sa.cast(sa.func.sum(taken_by(a)), sa.BigInteger).label("minor"))
        .join(listed, sa.and_(same_tenant(listed, c), listed.c.run_id == c.c.run_id))
        .join(a, sa.and_(same_tenant(a, listed), a.c.invoice_id == listed.c.invoice_id))
        .join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id))
        .where(
            c.c.tenant_id == work.tenant_id,
            c.c.id == sa.any_(uuids(campaign_ids)),
            listed.c.included,
            a.c.created_at >= c.c.started_at,
        )
        .group_by(c.c.id, p.c.currency)
        .order_by(c.c.id, p.c.currency)
    )


def campaign_of(work: Work, run_id: UUID) -> sa.Select:
    return sa.select(campaigns.c.id, campaigns.c.name).where(
        campaigns.c.tenant_id == work.tenant_id, campaigns.c.run_id == run_id
    )
