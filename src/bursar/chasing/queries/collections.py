"""Money that came after messages, and promises that answered them: as their rows say, and as it was counted."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import invoice_payments, payments, promises, taken_by
from bursar.chasing.queries.collection_marks import LOWEST, Mark, version
from bursar.chasing.tables import collection_rollups, promise_sends
from bursar.core.ready import Ready, ready
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.counted import Chosen
from bursar.outbox.narrowing import TENANT, ZONE, conditions, values_of
from bursar.outbox.states import MailStream
from bursar.outbox.tables import send_subjects, sends, template_versions

KEYS = (
    "day",
    "purpose",
    "run_id",
    "template_id",
    "sending_account_id",
    "currency",
    "days_after",
    "days_after_first",
)
MEASURES = ("payments", "amount_minor")
LONGEST = 90
"""Days after which money no longer counts as come because of a message."""
COUNTED_TO = sa.bindparam("counted_to", type_=sa.UUID)
PROMISES_TO = sa.bindparam("promises_to", type_=sa.UUID)


def _last_message(
    invoice_id: sa.ColumnElement[UUID], by: sa.ColumnElement[date], *before: sa.ColumnElement[bool]
) -> sa.FromClause:
    """The last reminder about an invoice that had gone when day `by` ended, and the day of the first one."""
    s, a = sends, send_subjects
    day = sa.cast(sa.func.timezone(ZONE, s.c.sent_at), sa.Date)
    return (
        sa.select(
            s.c.id,
            day.label("day"),
            s.c.purpose,
            s.c.run_id,
            s.c.template_version_id,
            s.c.sending_account_id,
            sa.func.min(day).over().label("first_day"),
        )
        .select_from(a)
        .join(s, sa.and_(same_tenant(s, a), s.c.id == a.c.send_id))
        .where(
            a.c.tenant_id == TENANT,
            a.c.subject_type == sa.literal_column("'invoice'"),
            a.c.subject_id == invoice_id,
            a.c.dropped_at.is_(None),
            s.c.stream == MailStream.REMINDER,
            s.c.sent_at.is_not(None),
            day <= by,
            *before,
        )
        .order_by(s.c.sent_at.desc(), s.c.id.desc())
        .limit(1)
        .lateral("message")
    )


def _with_template(joined: sa.FromClause, message: sa.FromClause) -> sa.FromClause:
    v = template_versions
    return joined.outerjoin(v, sa.and_(v.c.tenant_id == TENANT, v.c.id == message.c.template_version_id))


def collected(*among: sa.ColumnElement[bool]) -> sa.Select:
    """Each payment on an invoice, and each reversal below zero, beside the last message before it (KEYS, MEASURES).

    Before it: gone when it was recorded. A reversal is of the same payment, so it counts where that counted. Left
    out: money without a message before it, or with one more than `LONGEST` days before.
    """
    a, p = invoice_payments, payments
    message = _last_message(a.c.invoice_id, p.c.received_on, sends.c.sent_at <= p.c.recorded_at)
    joined = a.join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id)).join(message, sa.true())
    return (
        sa.select(
            message.c.day,
            message.c.purpose,
            message.c.run_id,
            template_versions.c.template_id,
            message.c.sending_account_id,
            p.c.currency,
            (p.c.received_on - message.c.day).label("days_after"),
            (p.c.received_on - message.c.first_day).label("days_after_first"),
            sa.case((a.c.reverses_id.is_(None), 1), else_=-1).label("payments"),
            taken_by(a).label("amount_minor"),
        )
        .select_from(_with_template(joined, message))
        .where(a.c.tenant_id == TENANT, p.c.received_on - message.c.day <= LONGEST, *among)
    )


def uncounted(*, up_to: bool = False) -> sa.Select:
    """What `collected` says beyond a mark, up to another (`to`) or to the end. Named: what `given` gives."""
    a = invoice_payments
    return collected(a.c.id >= COUNTED_TO, *([a.c.id < sa.bindparam("to", type_=sa.UUID)] if up_to else ()))


def given(work: Work, since: Mark, chosen: Chosen | None = None) -> dict[str, Any]:
    """The values that statements of this file name."""
    mark = {"counted_to": since.counted_to, "promises_to": since.promises_to}
    return {**values_of(work, chosen or Chosen()), **mark}


def drop_rollups(work: Work) -> sa.Delete:
    return sa.delete(collection_rollups).where(collection_rollups.c.tenant_id == work.tenant_id)


def drop_promises(work: Work) -> sa.Delete:
    return sa.delete(promise_sends).where(promise_sends.c.tenant_id == work.tenant_id)


def nth_payment(work: Work, from_id: UUID, skip: int) -> sa.Select:
    """The id of a payment on an invoice so many after another."""
    a = invoice_payments
    return (
        sa.select(a.c.id)
        .where(a.c.tenant_id == work.tenant_id, a.c.id >= from_id)
        .order_by(a.c.id)
        .offset(skip)
        .limit(1)
    )


@cache
def count() -> sa.Insert:
    """What came in beyond the mark and up to `to`, added to the rollups. Named: as `given`."""
    each = uncounted(up_to=True).subquery("each")
    keys = [each.c[key] for key in KEYS]
    sums = [sa.cast(sa.func.sum(each.c[one]), collection_rollups.c[one].type).label(one) for one in MEASURES]
    summed = sa.select(TENANT.label("tenant_id"), *keys, *sums).group_by(*keys)
    return sa.insert(collection_rollups).from_select(["tenant_id", *KEYS, *MEASURES], summed)


def first_of_today(work: Work, from_id: UUID) -> sa.Select:
    """The first promise that was made today or, by a clock that went back, later: a message may still go today."""
    p = promises
    made = sa.cast(sa.func.timezone(str(work.zone), p.c.created_at), sa.Date)
    return (
        sa.select(p.c.id)
        .where(p.c.tenant_id == work.tenant_id, p.c.id >= from_id, made >= work.today)
        .order_by(p.c.id)
        .limit(1)
    )


def answering(*among: sa.ColumnElement[bool]) -> sa.Select:
    """Promises beside the message that they answered; those that answered none are left out."""
    p = promises
    made = sa.cast(sa.func.timezone(ZONE, p.c.created_at), sa.Date)
    message = _last_message(p.c.invoice_id, made)
    return (
        sa.select(
            p.c.id.label("promise_id"),
            message.c.id.label("send_id"),
            message.c.day,
            message.c.purpose,
            message.c.run_id,
            template_versions.c.template_id,
            message.c.sending_account_id,
        )
        .select_from(_with_template(p.join(message, sa.true()), message))
        .where(p.c.tenant_id == TENANT, made - message.c.day <= LONGEST, *among)
    )


@cache
def keep_answers() -> sa.Insert:
    """Promises beyond the mark and up to `to`, each with its message. Named: as `given`."""
    to = sa.bindparam("to", type_=sa.UUID)
    rows = answering(promises.c.id >= PROMISES_TO, promises.c.id < to).subquery("rows")
    return (
        insert(promise_sends)
        .from_select(
            ["tenant_id", *(column.key for column in rows.c)],
            sa.select(TENANT.label("tenant_id"), *rows.c),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "promise_id"])
    )


@cache
def money(narrowed: tuple[str, ...], windows: tuple[int, ...], by: tuple[str, ...]) -> Ready:
    """What came after the chosen messages, a row a currency with a sum for each window of days: over all, by each
    key of `by`; and how many payments came after how many days (over all currencies: they are counted, not added).
    """
    r = collection_rollups
    kept = sa.select(*(r.c[name] for name in (*KEYS, *MEASURES))).where(
        r.c.tenant_id == TENANT, COUNTED_TO > LOWEST, *conditions(r.c, narrowed)
    )
    later = uncounted().subquery("later")
    tail = sa.select(*(later.c[name] for name in (*KEYS, *MEASURES))).where(*conditions(later.c, narrowed))
    e = sa.union_all(kept, tail).subquery("everything")
    keys = [e.c[key] for key in ("days_after_first", *by)]
    sets = [
        sa.tuple_(e.c.days_after_first),
        *(sa.tuple_(e.c[key], e.c.currency) for key in by),
        sa.tuple_(e.c.currency),
    ]
    within = [
        sa.cast(
            sa.func.coalesce(sa.func.sum(e.c.amount_minor).filter(e.c.days_after <= days), 0), sa.BigInteger
        ).label(f"within_{number}")
        for number, days in enumerate(windows)
    ]
    chosen = sa.select(
        sa.func.grouping(*keys).label("which"),
        version().label("version"),
        e.c.currency,
        *keys,
        sa.func.sum(e.c.payments).label("payments"),
        *within,
    )
    return ready(chosen.group_by(sa.func.grouping_sets(*sets)))


@cache
def promised(narrowed: tuple[str, ...], by: tuple[str, ...]) -> Ready:
    """How many promises answered the chosen messages, a row a state: over all, and by each key of `by`."""
    k, p = promise_sends, promises
    told = ("promise_id", "day", "purpose", "run_id", "template_id", "sending_account_id")
    kept = sa.select(*(k.c[name] for name in told)).where(
        k.c.tenant_id == TENANT, PROMISES_TO > LOWEST, *conditions(k.c, narrowed)
    )
    tail = answering(p.c.id >= PROMISES_TO).subquery("tail")
    later = sa.select(*(tail.c[name] for name in told)).where(*conditions(tail.c, narrowed))
    each = sa.union_all(kept, later).subquery("each")
    rows = (
        sa.select(p.c.state, *each.c)
        .select_from(each.join(p, sa.and_(p.c.tenant_id == TENANT, p.c.id == each.c.promise_id)))
        .subquery("rows")
    )
    keys = [rows.c[key] for key in by]
    sets = [*(sa.tuple_(rows.c[key], rows.c.state) for key in by), sa.tuple_(rows.c.state)]
    which = sa.func.grouping(*keys) if keys else sa.literal(0)
    return ready(
        sa.select(
            which.label("which"),
            version().label("version"),
            rows.c.state,
            *keys,
            sa.func.count().label("many"),
        ).group_by(sa.func.grouping_sets(*sets))
    )
