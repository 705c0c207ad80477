"""The lists of single days: which there are, what is in them and what is not, and what changed since they were made."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from bursar.billing.tables import invoices
from bursar.chasing.tables import sequence_exclusions, sequence_runs, sequences
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import RunState, SendState
from bursar.outbox.tables import runs, send_subjects, sends
from bursar.tenancy.tables import customers, recipient

q, r, s, about = sequence_runs, runs, sends, send_subjects


def add(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(q).values(tenant_id=work.tenant_id, **values).returning(q.c.id)


def edit(work: Work, list_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return sa.update(q).where(q.c.tenant_id == work.tenant_id, q.c.id == list_id).values(**values)


def of_day(work: Work, sequence_id: UUID, on_date: date) -> sa.Select:
    """A sequence's list of one day, with its run."""
    return _lists(work).where(q.c.sequence_id == sequence_id, q.c.on_date == on_date)


def of_run(work: Work, run_id: UUID) -> sa.Select:
    return _lists(work).where(q.c.run_id == run_id)


def one(work: Work, list_id: UUID, *, lock: bool = False) -> sa.Select:
    """With `lock` until the end of this Work."""
    found = _lists(work).where(q.c.id == list_id)
    return found.with_for_update(key_share=True, of=q) if lock else found


def held(work: Work, sequence_ids: Sequence[UUID] | None = None, *, before: date | None = None) -> sa.Select:
    """Lists that nobody released: of these sequences, of days before `before`, or all."""
    found = _lists(work).where(r.c.state == RunState.HELD)
    if sequence_ids is not None:
        found = found.where(q.c.sequence_id == sa.any_(uuids(sequence_ids)))
    if before is not None:
        found = found.where(q.c.on_date < before)
    return found.order_by(q.c.on_date, q.c.id)


def newest(work: Work, sequence_id: UUID | None, limit: int) -> sa.Select:
    """The lists of the last days, of one sequence or of all."""
    found = _lists(work).order_by(q.c.on_date.desc(), q.c.id.desc()).limit(limit)
    return found if sequence_id is None else found.where(q.c.sequence_id == sequence_id)


def _lists(work: Work) -> sa.Select:
    return (
        sa.select(
            q,
            r.c.state,
            r.c.reason,
            r.c.release_at,
            r.c.released_at,
            r.c.released_by,
            sequences.c.name.label("sequence_name"),
        )
        .select_from(q)
        .join(r, same_tenant(r, q) & (r.c.id == q.c.run_id))
        .join(sequences, same_tenant(sequences, q) & (sequences.c.id == q.c.sequence_id))
        .where(q.c.tenant_id == work.tenant_id)
    )


def due(now: datetime) -> sa.Select:
    """Whole lists of all tenants whose announced time has come; read as bursar_scan, so no tenant_id is named."""
    return (
        sa.select(q.c.tenant_id, q.c.id)
        .join(r, same_tenant(r, q) & (r.c.id == q.c.run_id))
        .where(r.c.state == RunState.HELD, r.c.release_at <= now, q.c.staged_at.is_not(None))
    )


def left_out_counts(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """How many invoices had reached a touch and are not in each of these runs, by reason."""
    e = sequence_exclusions
    return (
        sa.select(e.c.run_id, e.c.reason, sa.func.count().label("many"))
        .where(e.c.tenant_id == work.tenant_id, e.c.run_id == sa.any_(uuids(run_ids)))
        .group_by(e.c.run_id, e.c.reason)
        .order_by(e.c.run_id, e.c.reason)
    )


def left_out(work: Work, run_id: UUID, reason: str | None, after: UUID | None, limit: int) -> sa.Select:
    """Who is not in a run, and why, in the order of the invoices' ids."""
    e, c = sequence_exclusions, customers
    found = (
        sa.select(
            e.c.invoice_id,
            e.c.customer_id,
            e.c.offset_days,
            e.c.reason,
            invoices.c.number,
            invoices.c.currency,
            invoices.c.balance_minor,
            invoices.c.due_date,
            sa.func.coalesce(c.c.company_name, c.c.full_name).label("customer_name"),
        )
        .join(invoices, same_tenant(invoices, e) & (invoices.c.id == e.c.invoice_id))
        .join(c, same_tenant(c, e) & (c.c.id == e.c.customer_id))
        .where(e.c.tenant_id == work.tenant_id, e.c.run_id == run_id)
        .order_by(e.c.invoice_id)
        .limit(limit)
    )
    if reason is not None:
        found = found.where(e.c.reason == reason)
    return found if after is None else found.where(e.c.invoice_id > after)


def differences(work: Work, run_id: UUID) -> sa.Select:
    """Messages of a run that would not go as they were listed: whether an amount fell or rose, or the address moved."""
    seen = sa.cast(s.c.reviewed["invoices"][sa.cast(about.c.subject_id, sa.Text)].astext, sa.BigInteger)
    now = invoices.c.balance_minor
    lower = sa.func.coalesce(sa.func.bool_or(now < seen), sa.false())
    higher = sa.func.coalesce(sa.func.bool_or(now > seen), sa.false())
    listed_to = sa.type_coerce(s.c.reviewed, JSONB)["to"].astext
    moved = listed_to.is_distinct_from(recipient("email"))
    return (
        sa.select(
            s.c.id,
            s.c.to_name,
            s.c.to_address,
            lower.label("lower"),
            higher.label("higher"),
            moved.label("moved"),
        )
        .select_from(s)
        .join(about, same_tenant(about, s) & (about.c.send_id == s.c.id) & about.c.dropped_at.is_(None))
        .join(invoices, same_tenant(invoices, about) & (invoices.c.id == about.c.subject_id))
        .join(customers, same_tenant(customers, s) & (customers.c.id == s.c.customer_id))
        .where(s.c.tenant_id == work.tenant_id, s.c.run_id == run_id, s.c.state == SendState.QUEUED)
        .group_by(s.c.tenant_id, s.c.id, customers.c.tenant_id, customers.c.id)
        .having(lower | higher | moved)
        .order_by(s.c.id)
    )
