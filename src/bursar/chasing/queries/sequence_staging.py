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

from bursar.billing.tables import invoices
from bursar.chasing.queries.selecting import selected
from bursar.chasing.queries.sequence_reasons import left_out_alone, left_out_with_customer
from bursar.chasing.states import CampaignKind, GroupBy, LeftOut
from bursar.chasing.tables import sequence_exclusions
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import (
    MailStream,
)
from bursar.outbox.tables import send_subjects
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
ANALYZE_LISTED = sa.text("analyze listed (customer_id, reached, is_due, reason)")
"""Only of what is joined and filtered by: counting the words of addresses takes longer than using them."""


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
    """All that is covered of customers with something due, and the first reason that keeps an invoice out, or none.

    What is true of a customer is asked once for each, not for each of their invoices.
    """
    c, t, i = customers, tenants, invoices
    some = sa.select(covered.c.customer_id).where(covered.c.is_due).distinct().subquery("some")
    people = (
        sa.select(
            c.c.id,
            left_out_with_customer(work, day.on_date, day.gap_days).label("reason"),
            recipient("email").label("to_address"),
            recipient("email_key").label("address_key"),
            recipient("name").label("to_name"),
            sa.func.split_part(sa.func.coalesce(c.c.locale, t.c.locale), "-", 1).label("language"),
        )
        .select_from(some)
        .join(c, (c.c.tenant_id == work.tenant_id) & (c.c.id == some.c.customer_id))
        .join(t, same_tenant(t, c))
        .cte("people")
        .prefix_with("materialized")
    )
    rows = (
        sa.select(
            *(covered.c[column.name] for column in covered.columns),
            sa.func.coalesce(left_out_alone(day.on_date, day.begins), people.c.reason),
            people.c.to_address,
            people.c.address_key,
            people.c.to_name,
            people.c.language,
        )
        .select_from(covered)
        .join(people, people.c.id == covered.c.customer_id)
        .join(i, (i.c.tenant_id == work.tenant_id) & (i.c.id == covered.c.invoice_id))
    )
    return sa.insert(listed).from_select([column.name for column in listed.columns], rows)


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
