"""Money that came after messages, and promises that answered them: as their rows say, and as it was counted."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.billing.tables import invoice_payments, payments, promises, taken_by
from bursar.chasing.queries.collection_marks import LOWEST, Mark, version
from bursar.chasing.tables import collection_rollups, promise_sends
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.counted import Chosen
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


def _last_message(
    work: Work, invoice_id: sa.ColumnElement[UUID], by: sa.ColumnElement[date]
) -> sa.FromClause:
    """The last reminder about an invoice that had gone when day `by` ended, and the day of the first one."""
    s, a, v = sends, send_subjects, template_versions
    day = sa.cast(sa.func.timezone(str(work.zone), s.c.sent_at), sa.Date)
    return (
        sa.select(
            s.c.id,
            day.label("day"),
            s.c.purpose,
            s.c.run_id,
            v.c.template_id,
            s.c.sending_account_id,
            sa.func.min(day).over().label("first_day"),
        )
        .select_from(a)
        .join(s, sa.and_(same_tenant(s, a), s.c.id == a.c.send_id))
        .outerjoin(v, sa.and_(same_tenant(v, s), v.c.id == s.c.template_version_id))
        .where(
            a.c.tenant_id == work.tenant_id,
            a.c.subject_type == sa.literal_column("'invoice'"),
            a.c.subject_id == invoice_id,
            a.c.dropped_at.is_(None),
            s.c.stream == MailStream.REMINDER,
            s.c.sent_at.is_not(None),
            day <= by,
        )
        .order_by(s.c.sent_at.desc(), s.c.id.desc())
        .limit(1)
        .lateral("message")
    )


def collected(work: Work, longest: int, *among: sa.ColumnElement[bool]) -> sa.Select:
    """Each payment on an invoice, and each reversal below zero, beside the last message before it (KEYS, MEASURES).

    A reversal is of the same payment, so it counts where that counted. Left out: money without a message before
    it, or with one more than `longest` days before.
    """
    a, p = invoice_payments, payments
    message = _last_message(work, a.c.invoice_id, p.c.received_on)
    joined = a.join(p, sa.and_(same_tenant(p, a), p.c.id == a.c.payment_id)).join(message, sa.true())
    return (
        sa.select(
            message.c.day,
            message.c.purpose,
            message.c.run_id,
            message.c.template_id,
            message.c.sending_account_id,
            p.c.currency,
            (p.c.received_on - message.c.day).label("days_after"),
            (p.c.received_on - message.c.first_day).label("days_after_first"),
            sa.case((a.c.reverses_id.is_(None), 1), else_=-1).label("payments"),
            taken_by(a).label("amount_minor"),
        )
        .select_from(joined)
        .where(a.c.tenant_id == work.tenant_id, p.c.received_on - message.c.day <= longest, *among)
    )


def uncounted(
    work: Work, longest: int, mark: Mark, to: UUID | None = None, before: date | None = None
) -> Any:
    """What `collected` says beyond a mark (counted_to, counted_on), up to another; without one, all of it.

    Counted is what has a lower id and came on an earlier day than the mark. So beyond it are later ids, and
    earlier ones of money that came since, of which there is little: found by its day.
    """
    a, p = invoice_payments, payments
    new: list[sa.ColumnElement[bool]] = [a.c.id >= mark.counted_to]
    late: list[sa.ColumnElement[bool]] = [a.c.id < mark.counted_to]
    if to is not None and before is not None:
        new += [a.c.id < to, p.c.received_on < before]
    its_day = [payments.c.received_on >= mark.counted_on]
    if before is not None:
        its_day.append(payments.c.received_on < before)
    of_these = sa.select(payments.c.id).where(payments.c.tenant_id == work.tenant_id, *its_day)
    return sa.union_all(
        collected(work, longest, *new), collected(work, longest, *late, a.c.payment_id.in_(of_these))
    )


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


def count(work: Work, longest: int, since: Mark, to: UUID) -> sa.Insert:
    """What came in beyond the mark and up to `to`, on days that are over, added to the rollups."""
    each = uncounted(work, longest, since, to, work.today).subquery("each")
    keys = [each.c[key] for key in KEYS]
    sums = [sa.cast(sa.func.sum(each.c[one]), collection_rollups.c[one].type).label(one) for one in MEASURES]
    summed = sa.select(sa.literal(work.tenant_id, sa.UUID), *keys, *sums).group_by(*keys)
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


def answering(work: Work, longest: int, *among: sa.ColumnElement[bool]) -> sa.Select:
    """Promises beside the message that they answered; those that answered none are left out."""
    p = promises
    made = sa.cast(sa.func.timezone(str(work.zone), p.c.created_at), sa.Date)
    message = _last_message(work, p.c.invoice_id, made)
    return (
        sa.select(p.c.id.label("promise_id"), message.c.id.label("send_id"), message.c.day)
        .select_from(p.join(message, sa.true()))
        .where(p.c.tenant_id == work.tenant_id, made - message.c.day <= longest, *among)
    )


def keep_answers(work: Work, longest: int, first: UUID, to: UUID) -> sa.Insert:
    rows = answering(work, longest, promises.c.id >= first, promises.c.id < to).subquery("rows")
    columns = ["tenant_id", "promise_id", "send_id", "day"]
    return (
        insert(promise_sends)
        .from_select(columns, sa.select(sa.literal(work.tenant_id, sa.UUID), *rows.c))
        .on_conflict_do_nothing(index_elements=["tenant_id", "promise_id"])
    )


def money(
    work: Work, chosen: Chosen, windows: Sequence[int], by: Sequence[str], longest: int, since: Mark
) -> sa.Select:
    """What came after the chosen messages, a row a currency with a sum for each window of days: over all, by each
    key of `by`; and how many payments came after how many days (over all currencies: they are counted, not added).
    """
    r = collection_rollups
    kept = sa.select(*(r.c[name] for name in (*KEYS, *MEASURES))).where(
        r.c.tenant_id == work.tenant_id, sa.literal(since.counted_to > LOWEST), *_wanted(r.c, chosen)
    )
    later = uncounted(work, longest, since).subquery("later")
    tail = sa.select(*(later.c[name] for name in (*KEYS, *MEASURES))).where(*_wanted(later.c, chosen))
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
    return sa.select(
        sa.func.grouping(*keys).label("which"),
        version(work).label("version"),
        e.c.currency,
        *keys,
        sa.func.sum(e.c.payments).label("payments"),
        *within,
    ).group_by(sa.func.grouping_sets(*sets))


def promised(work: Work, chosen: Chosen, by: Sequence[str], longest: int, since: Mark) -> sa.Select:
    """How many promises answered the chosen messages, a row a state: over all, and by each key of `by`."""
    k, p, s, v = promise_sends, promises, sends, template_versions
    kept = sa.select(k.c.promise_id, k.c.send_id, k.c.day).where(
        k.c.tenant_id == work.tenant_id, sa.literal(since.promises_to > LOWEST), *_days(k.c.day, chosen)
    )
    tail = answering(work, longest, p.c.id >= since.promises_to).subquery("tail")
    each = sa.union_all(
        kept, sa.select(tail.c.promise_id, tail.c.send_id, tail.c.day).where(*_days(tail.c.day, chosen))
    ).subquery("each")
    rows = (
        sa.select(
            p.c.state,
            each.c.day,
            s.c.purpose,
            s.c.run_id,
            v.c.template_id,
            s.c.sending_account_id,
        )
        .select_from(each)
        .join(p, p.c.id == each.c.promise_id)
        .join(s, sa.and_(same_tenant(s, p), s.c.id == each.c.send_id))
        .outerjoin(v, sa.and_(same_tenant(v, s), v.c.id == s.c.template_version_id))
        .where(p.c.tenant_id == work.tenant_id)
        .subquery("rows")
    )
    keys = [rows.c[key] for key in by]
    sets = [*(sa.tuple_(rows.c[key], rows.c.state) for key in by), sa.tuple_(rows.c.state)]
    which = sa.func.grouping(*keys) if keys else sa.literal(0)
    return (
        sa.select(
            which.label("which"),
            version(work).label("version"),
            rows.c.state,
            *keys,
            sa.func.count().label("many"),
        )
        .where(*_wanted(rows.c, chosen))
        .group_by(sa.func.grouping_sets(*sets))
    )


def _wanted(columns: Any, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    wanted = _days(columns.day, chosen)
    if chosen.purposes:
        wanted.append(columns.purpose.in_(chosen.purposes))
    if chosen.run_ids is not None:
        wanted.append(columns.run_id == sa.any_(uuids(chosen.run_ids)))
    if chosen.template_id is not None:
        wanted.append(columns.template_id == chosen.template_id)
    if chosen.sending_account_id is not None:
        wanted.append(columns.sending_account_id == chosen.sending_account_id)
    return wanted


def _days(day: sa.ColumnElement[date], chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = []
    if chosen.first is not None:
        wanted.append(day >= chosen.first)
    if chosen.last is not None:
        wanted.append(day <= chosen.last)
    return wanted
