"""The breaker of a sending account: what stops it, what that pauses, and what starts it again.

Only the account that is in trouble stops; its sends stay queued and spend no attempts, other accounts and
other tenants go on (T19, T21).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bursar.core.moves import move_all
from bursar.core.work import Work
from bursar.outbox import states
from bursar.outbox.queries import runs as queries
from bursar.outbox.states import RunReason


async def throttle(work: Work, account_id: UUID, until: datetime) -> None:
    """The quota is used up, ours or the provider's: wait, and let what sends through it wait with it."""
    moved = await move_all(work, states.CAP, [account_id], because="quota", throttled_until=until)
    if moved:
        await _pause_runs(work, account_id, RunReason.QUOTA)


async def needs_reauth(work: Work, account_id: UUID, error: str) -> None:
    """The provider no longer lets us in: a person must sign in again. The owner is told by a reaction, once."""
    moved = await move_all(work, states.AUTH_FAIL, [account_id], because="auth", last_error=error)
    if moved:
        await _pause_runs(work, account_id, RunReason.AUTH)


async def stop_for_errors(work: Work, account_id: UUID) -> None:
    """The provider refuses us by policy: going on would make it worse (T36)."""
    await _pause_runs(work, account_id, RunReason.ERRORS)


async def until_passed(work: Work, account_ids: Sequence[UUID]) -> list[UUID]:
    """Throttled accounts whose time has come; runs that waited for quota alone open by themselves."""
    moved = await move_all(work, states.UNCAP, account_ids, throttled_until=None)
    for account_id in moved:
        waiting = list(
            await work.db.scalars(queries.runs_through(work, account_id, "paused", RunReason.QUOTA))
        )
        await move_all(work, states.OPEN_RUN, waiting, because="quota", reason=None)
    return moved


async def _pause_runs(work: Work, account_id: UUID, reason: RunReason) -> None:
    open_runs = list(await work.db.scalars(queries.runs_through(work, account_id, "open", None)))
    await move_all(work, states.PAUSE_RUN, open_runs, because=reason, reason=reason)
