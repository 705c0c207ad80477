"""Why something that has reached a touch is not spoken of: one invoice, or all of its customer's (R79, R80)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_being_paid, is_disputed, is_promised
from bursar.chasing.states import ChaseState, Covers, LeftOut
from bursar.chasing.tables import chases, is_excluded, sequence_runs
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import Channel, MailStream, Purpose, RunState, SendState, SuppressionReason
from bursar.outbox.tables import has_replied, runs, send_subjects, sends, suppression_of
from bursar.tenancy.states import CustomerState
from bursar.tenancy.tables import customers, recipient

_REMINDER = sa.literal(MailStream.REMINDER, sa.Text)
_INVOICE = sa.literal("invoice", sa.Text)


def left_out_alone(day: date, begins: datetime) -> sa.ColumnElement[str | None]:
    """Why an invoice is not spoken of on this day, whatever its customer's others are (R79, R80); null if it is."""
    L = LeftOut  # noqa: N806  short names keep the list readable
    whens: Sequence[tuple[sa.ColumnElement[bool], Any]] = [
        (is_excluded(invoices, day, Covers.EVERYTHING), L.EXCLUDED),
        (is_chased_in_state(ChaseState.STOPPED), L.STOPPED),
        (is_chased_in_state(ChaseState.PAUSED), L.PAUSED),
        (is_being_paid(invoices), L.PROCESSING),
        (is_disputed(invoices), L.DISPUTE),
        (is_promised(invoices, day), L.PROMISE),
        (was_campaigned(begins - timedelta(days=1)), L.CAMPAIGN),
    ]
    return sa.case(*((condition, sa.literal(str(value))) for condition, value in whens))


def left_out_with_customer(work: Work, day: date, gap_days: int) -> sa.ColumnElement[str | None]:
    """Why nothing of a customer's is spoken of on this day; null if it is."""
    L, S = LeftOut, SuppressionReason  # noqa: N806  likewise
    address = recipient("email_key")
    opted_out = suppression_of(address, customers.c.tenant_id, Channel.EMAIL, _REMINDER)
    whens: Sequence[tuple[sa.ColumnElement[bool], Any]] = [
        (customers.c.state == CustomerState.SUSPENDED, L.CUSTOMER_SUSPENDED),
        (has_replied(customers), L.REPLIED),
        (address.is_(None), L.NO_ADDRESS),
        (was_written_to(work, day, gap_days), L.TOO_SOON),
    ]
    told = {
        S.HARD_BOUNCE: L.HARD_BOUNCE,
        S.COMPLAINT: L.COMPLAINT,
        S.ERASURE: L.SUPPRESSED,
        S.UNSUBSCRIBE: L.UNSUBSCRIBED,
        S.MANUAL: L.SUPPRESSED,
    }
    stopped = sa.case({key: str(value) for key, value in told.items()}, value=opted_out)
    return sa.case(*((condition, sa.literal(str(value))) for condition, value in whens), else_=stopped)


def is_chased_in_state(state: ChaseState) -> sa.ColumnElement[bool]:
    """Invoices whose own chase, or that of all of their customer's, stands so: on whatever sequence.

    An invoice changes its sequence when it grows older; who was left in peace stays so.
    """
    theirs = (same_tenant(chases, invoices), chases.c.state == state)
    return sa.or_(
        sa.exists().where(
            *theirs, chases.c.customer_id == invoices.c.customer_id, chases.c.invoice_id.is_(None)
        ),
        sa.exists().where(*theirs, chases.c.invoice_id == invoices.c.id),
    )


def was_campaigned(since: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Invoices that a campaign's mail spoke of after `since`, or is about to."""
    about, s = send_subjects.alias("campaigned"), sends.alias("mailing")
    on_its_way = sa.exists().where(
        same_tenant(runs, s), runs.c.id == s.c.run_id, runs.c.state == RunState.OPEN
    )
    return sa.exists().where(
        same_tenant(about, invoices),
        about.c.subject_type == _INVOICE,
        about.c.subject_id == invoices.c.id,
        about.c.dropped_at.is_(None),
        same_tenant(s, about),
        s.c.id == about.c.send_id,
        s.c.purpose == Purpose.CAMPAIGN,
        sa.or_(
            s.c.sent_at > since,
            s.c.state.in_((SendState.SENDING, SendState.UNCERTAIN)),
            (s.c.state == SendState.QUEUED) & on_its_way,
        ),
    )


def was_written_to(work: Work, day: date, gap_days: int) -> sa.ColumnElement[bool]:
    """Customers with a chase or a reminder of ours within the gap, sent or planned: whichever sequence ordered it."""
    s, q = sends, sequence_runs
    zone = sa.literal(str(work.zone))
    local = sa.cast(sa.func.timezone(zone, sa.func.coalesce(s.c.sent_at, s.c.queue_at)), sa.Date)
    planned = (
        sa.select(q.c.on_date)
        .where(same_tenant(q, s), q.c.run_id == s.c.run_id, s.c.sent_at.is_(None))
        .correlate(s)
        .scalar_subquery()
    )
    return sa.exists().where(
        same_tenant(s, customers),
        s.c.customer_id == customers.c.id,
        s.c.stream == MailStream.REMINDER,
        s.c.purpose.in_((Purpose.CHASE, Purpose.NOTICE)),
        s.c.state.in_(
            (
                SendState.QUEUED,
                SendState.SENDING,
                SendState.SENT,
                SendState.DELIVERED,
                SendState.UNCERTAIN,
            )
        ),
        sa.func.coalesce(planned, local) > day - timedelta(days=gap_days),
    )
