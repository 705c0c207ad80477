"""Runs: which of them send through an account, which are finished, and what closing one does to its sends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import AccountState, RunState, SendState
from bursar.outbox.tables import runs, send_subjects, sending_accounts, sends

UNFINISHED = (SendState.QUEUED, SendState.SENDING, SendState.UNCERTAIN)


def add(work: Work, values: dict[str, Any]) -> sa.Insert:
    return sa.insert(runs).values(tenant_id=work.tenant_id, **values).returning(runs.c.id)


def one(work: Work, run_id: UUID) -> sa.Select:
    return sa.select(runs).where(runs.c.tenant_id == work.tenant_id, runs.c.id == run_id)


def lock(work: Work, run_id: UUID) -> sa.Select:
    return (
        sa.select(runs.c.id)
        .where(runs.c.tenant_id == work.tenant_id, runs.c.id == run_id)
        .with_for_update(key_share=True)
    )


def edit(work: Work, run_id: UUID, values: dict[str, Any]) -> sa.Update:
    """One run's own columns; its state is move()'s."""
    return sa.update(runs).where(runs.c.tenant_id == work.tenant_id, runs.c.id == run_id).values(**values)


def runs_through(work: Work, account_id: UUID, state: str, reason: str | None) -> sa.Select:
    """Runs in `state` (for `reason`) with a send still queued through the account, and through no other."""
    s = sends
    queued = (s.c.tenant_id == work.tenant_id) & (s.c.run_id == runs.c.id) & s.c.queue_at.is_not(None)
    chosen = [
        runs.c.tenant_id == work.tenant_id,
        runs.c.state == state,
        sa.exists().where(queued, s.c.sending_account_id == account_id),
        ~sa.exists().where(queued, s.c.sending_account_id != account_id),
    ]
    if reason is not None:
        chosen.append(runs.c.reason == reason)
    return sa.select(runs.c.id).where(*chosen)


def throttled_accounts(now: datetime) -> sa.Select:
    """Accounts of all tenants whose throttle has passed; read as bursar_scan, so no tenant_id is named."""
    a = sending_accounts
    return sa.select(a.c.tenant_id, a.c.id).where(
        a.c.state == AccountState.THROTTLED, a.c.throttled_until <= now
    )


def runs_done() -> sa.Select:
    """Open and paused runs of all tenants in which nothing is left to come; bursar_scan, so no tenant_id is named.

    Asked each second: a Work is opened only for tenants with a run to close. One look-up a run, which ends at the
    first send that is left; as a join the planner would read all sends.
    """
    left = (
        sa.select(sends.c.id)
        .where(same_tenant(sends, runs), sends.c.run_id == runs.c.id, sends.c.state.in_(UNFINISHED))
        .correlate(runs)
        .limit(1)
        .scalar_subquery()
    )
    return sa.select(runs.c.tenant_id, runs.c.id).where(
        runs.c.state.in_((RunState.OPEN, RunState.PAUSED)), left.is_(None)
    )


def finished(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """Those of `run_ids` in which no send is queued, sending or uncertain (T5)."""
    left = sa.exists().where(
        same_tenant(sends, runs), sends.c.run_id == runs.c.id, sends.c.state.in_(UNFINISHED)
    )
    return sa.select(runs.c.id).where(
        runs.c.tenant_id == work.tenant_id, runs.c.id == sa.any_(uuids(run_ids)), ~left
    )


def has_queued(work: Work, run_id: UUID) -> sa.Select:
    return sa.select(
        sa.exists().where(
            sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id, sends.c.queue_at.is_not(None)
        )
    )


def lock_queued(work: Work, run_id: UUID) -> sa.Select:
    """Queued sends of a run, locked in id order; waits for a claim that holds one."""
    return (
        sa.select(sends.c.id)
        .where(
            sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id, sends.c.state == SendState.QUEUED
        )
        .order_by(sends.c.id)
        .with_for_update(key_share=True)
    )


def cancel(work: Work, ids: Sequence[UUID], reason: str) -> sa.Update:
    """Locked, queued sends that a person no longer wants."""
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.id == sa.any_(uuids(ids)),
            sends.c.state == SendState.QUEUED,
        )
        .values(state=SendState.CANCELLED, reason=reason, queue_at=None, version=sends.c.version + 1)
        .returning(sends.c.id)
    )


def free_rungs(work: Work, send_ids: Sequence[UUID], reason: str) -> sa.Update:
    """The live subjects of cancelled sends: their rungs may be used by another send."""
    return (
        sa.update(send_subjects)
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.send_id == sa.any_(uuids(send_ids)),
            send_subjects.c.dropped_at.is_(None),
        )
        .values(dropped_at=work.now, reason=reason)
    )


def requeue_failed(work: Work, run_id: UUID) -> sa.Update:
    """Failed sends of a run whose address may still be written to: the same rows, to be tried anew."""
    return (
        sa.update(sends)
        .where(
            sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id, sends.c.state == SendState.FAILED
        )
        .values(
            state=SendState.QUEUED,
            reason=None,
            queue_at=work.now,
            attempts=0,
            first_deferred_at=None,
            version=sends.c.version + 1,
        )
        .returning(sends.c.id)
    )


def counts(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """How many sends of each of these runs stand in each state, held(changed) apart."""
    changed = sa.case((sends.c.reason == "changed", "changed"), else_=sends.c.state)
    state = sa.case((sends.c.state == SendState.QUEUED, changed), else_=sends.c.state).label("state")
    return (
        sa.select(sends.c.run_id, state, sa.func.count().label("many"))
        .where(sends.c.tenant_id == work.tenant_id, sends.c.run_id == sa.any_(uuids(run_ids)))
        .group_by(sends.c.run_id, state)
    )
