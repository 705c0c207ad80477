"""The list of a day in sets: which invoices have reached a touch, what stands against each, one message a customer.

What a sequence covers is written once into a temporary table, and what has something due once more with its reasons:
rows of this transaction have no statistics until they are counted, and all that follows would be planned for one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices, is_disputed, is_promised
from bursar.chasing.queries.selecting import selected
from bursar.chasing.states import CampaignKind, ChaseState, Covers, GroupBy, LeftOut
from bursar.chasing.tables import chases, is_excluded, sequence_exclusions, sequence_runs
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import (
    Channel,
    MailStream,
    Purpose,
    RunState,
    SendState,
    SuppressionReason,
)
from bursar.outbox.tables import has_replied, runs, send_subjects, sends, suppression_of
from bursar.tenancy.states import CustomerState
from bursar.tenancy.tables import customers, recipient, tenants

_REMINDER = sa.literal(MailStream.REMINDER, sa.Text)
_INVOICE = sa.literal("invoice", sa.Text)


@dataclass(frozen=True, slots=True)
class Day:
    """What a slice of a list is made from. `offsets` are the ladder's, ascending; `words` the versions of its
    templates by offset and language, with the language for all others under None; `before` the segments of the
    sequences that come first.
    """

    sequence_id: UUID
    run_id: UUID
    on_date: date
    begins: datetime
    gap_days: int
    group_by: str
    segment: Mapping[str, Any]
    before: Sequence[Mapping[str, Any]]
    offsets: Sequence[int]
    words: Mapping[int, Mapping[str | None, tuple[str, UUID]]]
    key: str


covered = sa.table(
    "covered",
    sa.column("invoice_id", sa.UUID),
    sa.column("customer_id", sa.UUID),
    sa.column("currency", sa.Text),
    sa.column("balance_minor", sa.BigInteger),
    sa.column("due_date", sa.Date),
    sa.column("reached", sa.Integer),
    sa.column("is_due", sa.Boolean),
)
listed = sa.table(
    "listed",
    *(sa.column(column.name, column.type) for column in covered.columns),
    sa.column("reason", sa.Text),
    sa.column("to_address", sa.Text),
    sa.column("address_key", sa.Text),
    sa.column("to_name", sa.Text),
    sa.column("language", sa.Text),
)

CREATE_TABLES = (
    sa.text(
        """
        create temporary table if not exists covered (
            invoice_id uuid, customer_id uuid, currency text, balance_minor bigint, due_date date, reached integer,
            is_due boolean
        ) on commit drop
        """
    ),
    sa.text(
        """
        create temporary table if not exists listed (
            invoice_id uuid, customer_id uuid, currency text, balance_minor bigint, due_date date, reached integer,
            is_due boolean, reason text, to_address text, address_key text, to_name text, language text
        ) on commit drop
        """
    ),
)
ANALYZE_COVERED = sa.text("analyze covered")
ANALYZE_LISTED = sa.text("analyze listed")


def forget() -> tuple[sa.Delete, sa.Delete]:
    """All rows of this transaction's own temporary tables, which have no tenant_id."""
    return sa.delete(covered), sa.delete(listed)


def end_of_slice(work: Work, after: UUID | None, size: int) -> sa.Select:
    """The last of the next so many customers, by id; null if there is none."""
    some = sa.select(customers.c.id).where(customers.c.tenant_id == work.tenant_id)
    if after is not None:
        some = some.where(customers.c.id > after)
    several = some.order_by(customers.c.id).limit(size).subquery()
    return sa.select(several.c.id).order_by(several.c.id.desc()).limit(1)


def applies(work: Work, segment: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """Open invoices (joined with their customers) that a segment holds."""
    return sa.and_(*selected(work, segment, CampaignKind.BULK_REMINDER))


def is_covered(
    work: Work, segment: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> sa.ColumnElement[bool]:
    """Those that a sequence chases: it applies to them, and none of the sequences `before` it does."""
    earlier = [sa.not_(sa.func.coalesce(applies(work, one), sa.false())) for one in before]
    return sa.and_(applies(work, segment), *earlier)


def last_told() -> sa.ScalarSelect[int]:
    """The latest touch that an invoice was ever told, in days from its due date; null if none."""
    touch = send_subjects.c.touch
    return (
        sa.select(sa.func.max(sa.case((touch.regexp_match("^[+-][0-9]{1,4}$"), sa.cast(touch, sa.Integer)))))
        .where(
            same_tenant(send_subjects, invoices),
            send_subjects.c.subject_type == _INVOICE,
            send_subjects.c.subject_id == invoices.c.id,
            touch.is_not(None),
            send_subjects.c.dropped_at.is_(None),
        )
        .scalar_subquery()
    )


def cover(work: Work, day: Day, after: UUID | None, up_to: UUID) -> sa.Insert:
    """Every invoice of a slice of customers that the sequence chases, the touch it has reached, and whether it is due.

    Due is the latest touch reached, unless it or a later one was ever told: what was missed becomes one.
    """
    due = invoices.c.due_date
    reached = sa.case(
        *(
            (due <= day.on_date - timedelta(days=offset), offset)
            for offset in sorted(day.offsets, reverse=True)
        )
    )
    told = last_told()
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    conditions = [
        invoices.c.tenant_id == work.tenant_id,
        invoices.c.customer_id <= up_to,
        is_covered(work, day.segment, day.before),
    ]
    if after is not None:
        conditions.append(invoices.c.customer_id > after)
    rows = (
        sa.select(
            invoices.c.id,
            invoices.c.customer_id,
            invoices.c.currency,
            invoices.c.balance_minor,
            invoices.c.due_date,
            reached,
            reached.is_not(None) & sa.func.coalesce(told < reached, sa.true()),
        )
        .select_from(invoices.join(customers, theirs))
        .where(*conditions)
    )
    return sa.insert(covered).from_select([column.name for column in covered.columns], rows)


def weigh(work: Work, day: Day) -> sa.Insert:
    """All that is covered of customers with something due, and the first reason that keeps an invoice out, or none."""
    everything = sa.select(
        covered, sa.func.bool_or(covered.c.is_due).over(partition_by=covered.c.customer_id).label("any_due")
    ).subquery("everything")
    c, i, t = customers, invoices, tenants
    rows = (
        sa.select(
            *(everything.c[column.name] for column in covered.columns),
            left_out_because(work, day),
            recipient("email"),
            recipient("email_key"),
            recipient("name"),
            sa.func.split_part(sa.func.coalesce(c.c.locale, t.c.locale), "-", 1),
        )
        .select_from(everything)
        .join(i, (i.c.tenant_id == work.tenant_id) & (i.c.id == everything.c.invoice_id))
        .join(c, (c.c.tenant_id == work.tenant_id) & (c.c.id == everything.c.customer_id))
        .join(t, same_tenant(t, c))
        .where(everything.c.any_due)
    )
    return sa.insert(listed).from_select([column.name for column in listed.columns], rows)


def left_out_because(work: Work, day: Day) -> sa.ColumnElement[str | None]:
    """Why an invoice (joined with its customer) is not spoken of on this day (R79, R80); null if it is."""
    L, S = LeftOut, SuppressionReason  # noqa: N806  short names keep the list readable
    address = recipient("email_key")
    opted_out = suppression_of(address, customers.c.tenant_id, Channel.EMAIL, _REMINDER)
    whens: Sequence[tuple[sa.ColumnElement[bool], Any]] = [
        (is_excluded(invoices, day.on_date, Covers.EVERYTHING), L.EXCLUDED),
        (is_chased_in_state(ChaseState.STOPPED), L.STOPPED),
        (is_chased_in_state(ChaseState.PAUSED), L.PAUSED),
        (is_disputed(invoices), L.DISPUTE),
        (is_promised(invoices, day.on_date), L.PROMISE),
        (customers.c.state == CustomerState.SUSPENDED, L.CUSTOMER_SUSPENDED),
        (has_replied(customers), L.REPLIED),
        (address.is_(None), L.NO_ADDRESS),
        (was_campaigned(day.begins - timedelta(days=1)), L.CAMPAIGN),
        (was_written_to(work, day), L.TOO_SOON),
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


def was_written_to(work: Work, day: Day) -> sa.ColumnElement[bool]:
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
        sa.func.coalesce(planned, local) > day.on_date - timedelta(days=day.gap_days),
    )


def forget_left_out(work: Work, run_id: UUID, after: UUID | None, up_to: UUID) -> sa.Delete:
    """What an earlier look at these customers said of a run."""
    e = sequence_exclusions
    conditions = [e.c.tenant_id == work.tenant_id, e.c.run_id == run_id, e.c.customer_id <= up_to]
    if after is not None:
        conditions.append(e.c.customer_id > after)
    return sa.delete(e).where(*conditions)


def note_left_out(work: Work, day: Day) -> sa.Insert:
    """Who had reached a touch and is not in the list, with the reason."""
    if day.group_by == GroupBy.INVOICE:
        of = first_of_each()
        chosen = sa.or_(of.c.reason.is_not(None), of.c.place > 1)
        reason = sa.func.coalesce(of.c.reason, str(LeftOut.TOO_SOON))
    else:
        of, reason, chosen = listed, listed.c.reason, listed.c.reason.is_not(None)
    rows = sa.select(
        sa.literal(work.tenant_id, sa.UUID),
        sa.literal(day.run_id, sa.UUID),
        of.c.invoice_id,
        of.c.customer_id,
        of.c.reached,
        reason,
    ).where(of.c.is_due, chosen)
    columns = ["tenant_id", "run_id", "invoice_id", "customer_id", "offset_days", "reason"]
    return sa.insert(sequence_exclusions).from_select(columns, rows)


def first_of_each() -> sa.Subquery:
    """Each invoice with its place among those of its customer that are in: where every invoice has a letter of its
    own, a customer has one a day, the gravest first.
    """
    place = sa.func.row_number().over(
        partition_by=(listed.c.customer_id, listed.c.reason.is_(None) & listed.c.is_due),
        order_by=(listed.c.reached.desc(), listed.c.due_date, listed.c.invoice_id),
    )
    return sa.select(listed, place.label("place")).subquery("placed")


def due(day: Day) -> sa.Select:
    """What a list says, one row an invoice, in the columns of an order (`ordering.DUE`); the gravest has the word.

    By customer: all that is covered and may be spoken of, its own touch with what is due. By invoice: the first.
    The rows are of this transaction's own temporary table, which has no tenant_id.
    """
    if day.group_by == GroupBy.INVOICE:
        placed = first_of_each()
        chosen = [placed.c.is_due, placed.c.reason.is_(None), placed.c.place == 1]
        rows = sa.select(placed, placed.c.reached.label("level")).where(*chosen).subquery("chosen")
        about = rows.c.invoice_id
    else:
        level = (
            sa.func.max(listed.c.reached)
            .filter(listed.c.is_due)
            .over(partition_by=listed.c.customer_id)
            .label("level")
        )
        rows = sa.select(listed, level).where(listed.c.reason.is_(None)).subquery("chosen")
        about = rows.c.customer_id
    name = {offset: f"{offset:+d}" for offset in day.offsets}
    return sa.select(
        sa.func.concat(f"chase/{day.sequence_id}/", about, f"/{day.key}").label("touch_key"),
        rows.c.invoice_id.label("subject_id"),
        sa.case((rows.c.is_due, sa.case(name, value=rows.c.reached))).label("touch"),
        rows.c.balance_minor.label("fact"),
        rows.c.customer_id,
        rows.c.to_address,
        rows.c.address_key,
        rows.c.to_name,
        _worded(day, rows, 0, sa.Text).label("locale"),
        _worded(day, rows, 1, sa.UUID).label("template_version_id"),
    ).where(rows.c.level.is_not(None))


def _worded(day: Day, rows: sa.FromClause, which: int, type_: Any) -> sa.ColumnElement[Any]:
    """The language, or the version, in which the touch of a row's level speaks to its reader."""
    whens = []
    for offset in day.offsets:
        by_language = day.words[offset]
        otherwise = sa.literal(by_language[None][which], type_)
        spoken = [
            (rows.c.language == language, sa.literal(found[which], type_))
            for language, found in by_language.items()
            if language is not None
        ]
        whens.append((rows.c.level == offset, sa.case(*spoken, else_=otherwise)))
    return sa.case(*whens)
