"""The facts behind "why": what a thing is, what was said about it, and what stands in the way."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_being_paid, is_disputed, is_promised, promises
from bursar.chasing.queries.selecting import excluded_because
from bursar.chasing.queries.sequence_reasons import is_chased_in_state
from bursar.chasing.states import CampaignKind, ChaseState
from bursar.chasing.tables import campaigns, chases, sequence_runs, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import Channel, MailStream
from bursar.outbox.tables import (
    attempts,
    claims,
    contact_days,
    has_replied,
    runs,
    send_subjects,
    sending_accounts,
    sends,
    suppression_of,
)
from bursar.tenancy.tables import customers, recipient


def invoice(work: Work, key: str | UUID) -> sa.Select:
    """The invoice with this id, or all that have this number, with what would keep it out of a notice."""
    i = invoices
    chosen = i.c.id == key if isinstance(key, UUID) else i.c.number == key
    promised_for = (
        sa.select(sa.func.max(promises.c.promised_for))
        .where(same_tenant(promises, i), promises.c.invoice_id == i.c.id, promises.c.state == "active")
        .scalar_subquery()
    )
    return (
        sa.select(
            i.c.id,
            i.c.number,
            i.c.series,
            i.c.state,
            i.c.currency,
            i.c.balance_minor,
            i.c.due_date,
            i.c.customer_id,
            recipient("email_key").label("address_key"),
            is_disputed(i).label("disputed"),
            is_promised(i, work.today).label("promised"),
            is_being_paid(i).label("being_paid"),
            promised_for.label("promised_for"),
            is_chased_in_state(ChaseState.PAUSED).label("chase_paused"),
            is_chased_in_state(ChaseState.STOPPED).label("chase_stopped"),
            excluded_because(work, CampaignKind.PAYMENT_FOLLOW_UP).label("stopped_by"),
        )
        .join(customers, sa.and_(same_tenant(customers, i), customers.c.id == i.c.customer_id))
        .where(i.c.tenant_id == work.tenant_id, chosen)
        .order_by(i.c.series)
    )


def customer(work: Work, key: str | UUID) -> sa.Select:
    """The customer with this id, code or address, with what would keep every reminder from them."""
    c = customers
    text = str(key).lower()
    chosen = (
        c.c.id == key
        if isinstance(key, UUID)
        else sa.or_(c.c.external_code == str(key), c.c.email_key == text)
    )
    reminder = sa.literal(MailStream.REMINDER, sa.Text)
    return (
        sa.select(
            c.c.id,
            c.c.state,
            sa.func.coalesce(c.c.full_name, c.c.company_name).label("name"),
            recipient("email_key").label("address_key"),
            has_replied(c).label("replied"),
            _chase_stands(ChaseState.PAUSED).label("chase_paused"),
            _chase_stands(ChaseState.STOPPED).label("chase_stopped"),
            suppression_of(recipient("email_key"), c.c.tenant_id, Channel.EMAIL, reminder).label(
                "suppressed_by"
            ),
        )
        .where(c.c.tenant_id == work.tenant_id, chosen)
        .order_by(c.c.id)
    )


def _chase_stands(state: ChaseState) -> sa.ColumnElement[bool]:
    """Customers all of whose invoices an agent or an answer has put aside like this."""
    return sa.exists().where(
        same_tenant(chases, customers),
        chases.c.customer_id == customers.c.id,
        chases.c.invoice_id.is_(None),
        chases.c.state == state,
    )


def sends_about(work: Work, invoice_ids: Sequence[UUID], limit: int) -> sa.Select:
    """Sends that speak, spoke or were to speak of these invoices, newest first, tests left out."""
    about = send_subjects
    return (
        _sends(work, limit)
        .join(
            about,
            sa.and_(
                same_tenant(about, sends),
                about.c.send_id == sends.c.id,
                about.c.subject_type == "invoice",
                about.c.subject_id == sa.any_(uuids(invoice_ids)),
            ),
        )
        .add_columns(about.c.dropped_at, about.c.reason.label("subject_reason"))
    )


def sends_to(work: Work, customer_id: UUID, limit: int) -> sa.Select:
    """Sends to a customer, newest first."""
    return (
        _sends(work, limit)
        .where(sends.c.customer_id == customer_id)
        .add_columns(sa.null().label("dropped_at"), sa.null().label("subject_reason"))
    )


def one_send(work: Work, send_id: UUID) -> sa.Select:
    crossed = (
        sa.select(send_subjects.c.reason)
        .where(
            same_tenant(send_subjects, sends),
            send_subjects.c.send_id == sends.c.id,
            send_subjects.c.reason == "crossed",
        )
        .limit(1)
        .scalar_subquery()
    )
    return (
        _sends(work, 1)
        .where(sends.c.id == send_id)
        .add_columns(sa.null().label("dropped_at"), crossed.label("subject_reason"))
    )


def _sends(work: Work, limit: int) -> sa.Select:
    s, r, a, k, l = sends, runs, sending_accounts, campaigns, claims  # noqa: E741  one letter a table
    d, q = sequence_runs, sequences
    return (
        sa.select(
            s.c.id,
            s.c.purpose,
            s.c.stream,
            s.c.touch_key,
            s.c.state,
            s.c.reason,
            s.c.queue_at,
            s.c.sent_at,
            s.c.created_at,
            s.c.delays,
            s.c.attempts,
            s.c.provider_response,
            s.c.to_address,
            s.c.address_key,
            s.c.customer_id,
            s.c.sending_account_id,
            r.c.id.label("run_id"),
            r.c.state.label("run_state"),
            r.c.reason.label("run_reason"),
            r.c.release_at,
            r.c.any_hour,
            customers.c.time_zone.label("zone"),
            a.c.state.label("account_state"),
            a.c.address.label("account_address"),
            a.c.next_batch_at,
            a.c.throttled_until,
            k.c.id.label("campaign_id"),
            k.c.name.label("campaign_name"),
            q.c.id.label("sequence_id"),
            q.c.name.label("sequence_name"),
            d.c.on_date.label("list_date"),
            l.c.created_at.label("claimed_at"),
        )
        .select_from(s)
        .outerjoin(r, sa.and_(same_tenant(r, s), r.c.id == s.c.run_id))
        .outerjoin(a, sa.and_(same_tenant(a, s), a.c.id == s.c.sending_account_id))
        .outerjoin(k, sa.and_(same_tenant(k, s), k.c.run_id == s.c.run_id))
        .outerjoin(d, sa.and_(same_tenant(d, s), d.c.run_id == s.c.run_id))
        .outerjoin(q, sa.and_(same_tenant(q, d), q.c.id == d.c.sequence_id))
        .outerjoin(customers, sa.and_(same_tenant(customers, s), customers.c.id == s.c.customer_id))
        .outerjoin(l, sa.and_(same_tenant(l, s), l.c.id == s.c.claim_id))
        .where(s.c.tenant_id == work.tenant_id, s.c.purpose != "test")
        .order_by(s.c.id.desc())
        .limit(limit)
    )


def invoices_of(work: Work, send_id: UUID) -> sa.Select:
    """What a send is or was about."""
    return sa.select(send_subjects.c.subject_id).where(
        send_subjects.c.tenant_id == work.tenant_id,
        send_subjects.c.send_id == send_id,
        send_subjects.c.subject_type == "invoice",
    )


def attempts_of(work: Work, send_id: UUID) -> sa.Select:
    return (
        sa.select(attempts)
        .where(attempts.c.tenant_id == work.tenant_id, attempts.c.send_id == send_id)
        .order_by(attempts.c.id)
    )


def contact_today(work: Work, keys: Sequence[str]) -> sa.Select:
    """Whether somebody has the day's contact of one of these keys."""
    return sa.select(contact_days.c.send_id).where(
        contact_days.c.tenant_id == work.tenant_id,
        contact_days.c.key == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))),
        contact_days.c.on_date == work.today,
    )
