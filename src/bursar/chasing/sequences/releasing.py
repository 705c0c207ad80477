"""A day's list is let go: by a person who has seen it, or by itself at the announced time."""

from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row

from bursar.chasing.queries import campaigns as accounts
from bursar.chasing.queries import sequence_lists as queries
from bursar.core.calendar import instant_of
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Record, Work
from bursar.outbox import runs
from bursar.outbox.states import RunReason, RunState

log = structlog.get_logger(__name__)


async def release(work: Work, run_id: UUID, *, any_hour: bool = False) -> None:
    """Let a held list go: its messages leave from the announced time of their day on, never before.

    A second time is `IllegalMove`, an empty list `Invalid`; `Conflict` while it is still being made or its mailbox
    cannot send. Raises `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, run_id)
    if row.state == RunState.HELD:
        if row.staged_at is None:
            raise Conflict(N_("This list is still being made. Try again in a moment."), code="not_complete")
        await _refuse_broken_account(work, row)
    await runs.release(work, run_id, any_hour=any_hour)
    await work.record("sequence.release", Record(row.sequence_id, payload=_told(row)))


async def announce(work: Work, run_id: UUID, at: time | None) -> datetime | None:
    """Say when a held list goes by itself, on its day by the firm's clock; None: not before somebody releases it.

    Returns the instant. Raises `NotFound`, `Conflict` for a list that is not held, `Invalid` for a time that is over.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, run_id)
    if row.state != RunState.HELD:
        raise Conflict(N_("This list was released or closed already."), code="not_held")
    instant = (
        None if at is None else instant_of(row.on_date, at.replace(tzinfo=None), ZoneInfo(str(work.zone)))
    )
    if instant is not None and instant <= work.now:
        raise Invalid(N_("Choose a time in the future."), code="time_past", field="at")
    await runs.announce(work, run_id, instant)
    payload = {**_told(row), "at": instant.isoformat() if instant else None}
    await work.record("sequence.announce", Record(row.sequence_id, payload=payload))
    return instant


async def cancel(work: Work, run_id: UUID) -> int:
    """Call off a day: nothing more of its list goes, and the next day says what this one would have said.

    Returns how many messages that were. Raises `NotFound`, `IllegalMove` for a list that is over.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, run_id)
    cancelled = await runs.close(work, run_id, RunReason.CANCELLED)
    await work.record("sequence.cancel", Record(row.sequence_id, payload=_told(row)))
    return len(cancelled)


async def pause(work: Work, run_id: UUID) -> None:
    """No further message of a released list is claimed; what is on the wire arrives.

    Raises `NotFound`, `IllegalMove`.
    """
    work.allow(AgentRole.AGENT)
    await _locked(work, run_id)
    await runs.pause(work, run_id, RunReason.AGENT)


async def resume(work: Work, run_id: UUID) -> None:
    """Go on with what is left. Raises `NotFound`, `IllegalMove`, `Conflict` while its mailbox cannot send."""
    work.allow(AgentRole.AGENT)
    row = await _locked(work, run_id)
    if row.state == RunState.PAUSED:
        await _refuse_broken_account(work, row)
    await runs.reopen_paused(work, run_id)


async def release_due(office: Office) -> int:
    """Let go the lists whose announced time has come, each in its own Work; returns how many were. Safe to run twice.

    One that cannot start now is tried again the next time and keeps none of the others waiting.
    """
    async with office.scan() as work:
        due = (await work.db.execute(queries.due(work.now))).all()
    released = 0
    for row in due:
        try:
            async with office.work(row.tenant_id, cause="schedule") as work:
                released += await _release_one(work, row.id)
        except Exception:
            log.exception("list_not_released", tenant=str(row.tenant_id), list=str(row.id))
    return released


async def _release_one(work: Work, list_id: UUID) -> bool:
    row = (await work.db.execute(queries.one(work, list_id))).one()
    row = await _locked(work, row.run_id)
    if row.state != RunState.HELD or row.release_at is None or row.release_at > work.now:
        return False
    if not await runs.has_queued(work, row.run_id):
        await runs.finish_those_done(work, [row.run_id])
        return True
    account = (await work.db.execute(accounts.account(work, row.sending_account_id))).one()
    if not accounts.usable(account.state):
        return False
    await runs.release(work, row.run_id)
    return True


async def _locked(work: Work, run_id: UUID) -> Row[Any]:
    await runs.lock(work, run_id)
    row = (await work.db.execute(queries.of_run(work, run_id))).one_or_none()
    if row is None:
        raise NotFound("list")
    return row


async def _refuse_broken_account(work: Work, row: Row[Any]) -> None:
    account = (await work.db.execute(accounts.account(work, row.sending_account_id))).one()
    if not accounts.usable(account.state):
        raise Conflict(
            N_("The mailbox %(address)s cannot send at present. Connect it again first."),
            code="account_not_active",
            address=account.address,
        )


def _told(row: Row[Any]) -> dict[str, Any]:
    return {"run_id": str(row.run_id), "on_date": row.on_date.isoformat()}
