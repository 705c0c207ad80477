"""How chases stand after a slice of a day's list, in sets: begun, begun again, spoken of, over (lifecycle 18)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from bursar.billing.tables import invoices, is_open
from bursar.chasing.queries.sequence_staging import Day, covered
from bursar.chasing.states import NOTHING_OPEN, START_CHASE, ChaseState, GroupBy
from bursar.chasing.tables import chases
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import send_subjects, sends

k = chases


def _standing(day: Day) -> sa.Subquery:
    """Whom a slice of a sequence covers: a row a customer (or an invoice), with the day of the next touch."""
    upcoming = sa.case(
        *(
            (covered.c.due_date > day.on_date - timedelta(days=offset), covered.c.due_date + offset)
            for offset in sorted(day.offsets)
        )
    )
    by_invoice = day.group_by == GroupBy.INVOICE
    invoice = covered.c.invoice_id if by_invoice else sa.null().cast(sa.UUID)
    rows = sa.select(
        covered.c.customer_id, invoice.label("invoice_id"), sa.func.min(upcoming).label("next_touch_on")
    )
    groups = [covered.c.customer_id, covered.c.invoice_id] if by_invoice else [covered.c.customer_id]
    return rows.group_by(*groups).subquery("standing")


def begin(work: Work, day: Day) -> sa.Insert:
    """A running chase for whom the sequence covers and never covered before."""
    standing = _standing(day)
    rows = sa.select(
        sa.literal(work.tenant_id, sa.UUID),
        sa.literal(day.sequence_id, sa.UUID),
        standing.c.customer_id,
        standing.c.invoice_id,
        standing.c.next_touch_on,
        sa.literal(str(ChaseState.RUNNING)),
    ).where(~sa.exists().where(*_of(work, day, standing)))
    names = ["tenant_id", "sequence_id", "customer_id", "invoice_id", "next_touch_on", "state"]
    return insert(k).from_select(names, rows).on_conflict_do_nothing()


def begin_again(work: Work, day: Day) -> sa.Update:
    """Chases that were done, of whom something new is covered."""
    standing = _standing(day)
    return (
        sa.update(k)
        .where(*_of(work, day, standing), k.c.state == ChaseState.DONE)
        .values(
            state=START_CHASE.target,
            touch_number=0,
            next_touch_on=standing.c.next_touch_on,
            version=k.c.version + 1,
        )
        .returning(k.c.id)
    )


def look_ahead(work: Work, day: Day) -> sa.Update:
    """When each chase of a slice will speak next, where that changed."""
    standing = _standing(day)
    return (
        sa.update(k)
        .where(*_of(work, day, standing), k.c.next_touch_on.is_distinct_from(standing.c.next_touch_on))
        .values(next_touch_on=standing.c.next_touch_on)
    )


def _of(work: Work, day: Day, standing: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    return [
        k.c.tenant_id == work.tenant_id,
        k.c.sequence_id == day.sequence_id,
        k.c.customer_id == standing.c.customer_id,
        k.c.invoice_id.is_not_distinct_from(standing.c.invoice_id),
    ]


def _in_slice(work: Work, sequence_id: UUID, after: UUID | None, up_to: UUID) -> list[sa.ColumnElement[bool]]:
    found = [k.c.tenant_id == work.tenant_id, k.c.sequence_id == sequence_id, k.c.customer_id <= up_to]
    return found if after is None else [*found, k.c.customer_id > after]


def nothing_open(work: Work, sequence_id: UUID, after: UUID | None, up_to: UUID) -> sa.Update:
    """Chases of a slice whose customer (whose invoice) owes nothing any more."""
    return _done(work, _in_slice(work, sequence_id, after, up_to))


def nothing_open_of(work: Work, customer_ids: Sequence[UUID]) -> sa.Update:
    """The same for these customers, on every sequence."""
    return _done(work, [k.c.tenant_id == work.tenant_id, k.c.customer_id == sa.any_(uuids(customer_ids))])


def _done(work: Work, chosen: Sequence[sa.ColumnElement[bool]]) -> sa.Update:
    left = sa.exists().where(
        same_tenant(invoices, k),
        invoices.c.customer_id == k.c.customer_id,
        sa.or_(k.c.invoice_id.is_(None), invoices.c.id == k.c.invoice_id),
        is_open(invoices),
    )
    return (
        sa.update(k)
        .where(k.c.tenant_id == work.tenant_id, *chosen, k.c.state.in_(sorted(NOTHING_OPEN.sources)), ~left)
        .values(
            state=NOTHING_OPEN.target,
            pause_reason=None,
            paused_until=None,
            note=None,
            next_touch_on=None,
            version=k.c.version + 1,
        )
        .returning(k.c.id)
    )


def _touched(work: Work, day: Day, after: UUID | None, up_to: UUID) -> list[sa.ColumnElement[bool]]:
    """Running chases of a slice of whom the day's list speaks and that were not told so yet."""
    about, s = send_subjects, sends
    spoken = [same_tenant(s, k), s.c.run_id == day.run_id, s.c.customer_id == k.c.customer_id]
    of_invoice = sa.exists().where(
        *spoken,
        same_tenant(about, s),
        about.c.send_id == s.c.id,
        about.c.subject_id == k.c.invoice_id,
        about.c.touch.is_not(None),
    )
    return [
        *_in_slice(work, day.sequence_id, after, up_to),
        k.c.state == ChaseState.RUNNING,
        k.c.last_touch_on.is_distinct_from(day.on_date),
        sa.or_(sa.and_(k.c.invoice_id.is_(None), sa.exists().where(*spoken)), of_invoice),
    ]


def touched(work: Work, day: Day, after: UUID | None, up_to: UUID) -> sa.Select:
    """As the journal tells of them."""
    payload = sa.func.jsonb_build_object(
        "on_date", day.on_date.isoformat(), "number", k.c.touch_number + 1, type_=JSONB
    )
    return sa.select(
        k.c.id.label("entity_id"), k.c.customer_id.label("customer_id"), payload.label("payload")
    ).where(k.c.tenant_id == work.tenant_id, *_touched(work, day, after, up_to))


def touch(work: Work, day: Day, after: UUID | None, up_to: UUID) -> sa.Update:
    return (
        sa.update(k)
        .where(k.c.tenant_id == work.tenant_id, *_touched(work, day, after, up_to))
        .values(touch_number=k.c.touch_number + 1, last_touch_on=day.on_date, version=k.c.version + 1)
    )
