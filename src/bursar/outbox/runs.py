"""A set of sends that is held, let go, paused and closed as one row (lifecycles 17)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.moves import move, move_all
from bursar.core.work import Work
from bursar.outbox import states
from bursar.outbox.queries import runs as queries
from bursar.outbox.states import Purpose, RunReason, RunState


async def freeze(work: Work, purpose: Purpose) -> UUID:
    """A new, held run; its sends are ordered in the same transaction."""
    return (await work.db.scalars(queries.add(work, {"purpose": purpose, "state": RunState.HELD}))).one()


async def lock(work: Work, run_id: UUID) -> None:
    """Wait for whoever moves the run now, and keep it to the end of this Work."""
    await work.db.execute(queries.lock(work, run_id))


async def release(work: Work, run_id: UUID, *, any_hour: bool = False) -> None:
    """Let a held run go. Raises `IllegalMove` if it was released before, `Invalid` if nothing of it is queued."""
    row = (await work.db.execute(queries.one(work, run_id))).one_or_none()
    if row is not None and row.state == RunState.HELD and not await has_queued(work, run_id):
        raise Invalid(N_("Nothing is left to send."), code="nothing_to_send", field="invoices")
    await move(
        work,
        states.RELEASE_RUN,
        run_id,
        any_hour=any_hour or (row is not None and row.any_hour),
        released_at=work.now,
        released_by=work.actor.id,
    )


async def has_queued(work: Work, run_id: UUID) -> bool:
    """Whether anything of the run is still to be sent."""
    return bool(await work.db.scalar(queries.has_queued(work, run_id)))


async def plan(work: Work, run_id: UUID, at: datetime, *, any_hour: bool) -> None:
    """Note when a held run will be let go. Raises `Invalid` if nothing of it is queued."""
    if not await has_queued(work, run_id):
        raise Invalid(N_("Nothing is left to send."), code="nothing_to_send", field="invoices")
    await work.db.execute(queries.edit(work, run_id, {"release_at": at, "any_hour": any_hour}))


async def announce(work: Work, run_id: UUID, at: datetime | None) -> None:
    """Say when a held run goes by itself, whatever is in it by then; None: when somebody lets it go."""
    await work.db.execute(queries.edit(work, run_id, {"release_at": at}))


async def pause(work: Work, run_id: UUID, reason: RunReason) -> None:
    """Read by the next claim; what is on the wire is not called back."""
    await move(work, states.PAUSE_RUN, run_id, because=reason, reason=reason)


async def reopen_paused(work: Work, run_id: UUID) -> None:
    await move(work, states.OPEN_RUN, run_id, reason=None)


async def close(work: Work, run_id: UUID, reason: RunReason) -> list[UUID]:
    """Close the run and cancel what is still queued; returns the cancelled sends.

    The run first: what comes back from the wire waits for its lock, and then finds it closed.
    """
    await move(work, states.CLOSE_RUN, run_id, because=reason, reason=reason)
    return await cancel_queued(work, run_id, "run_closed")


async def cancel_queued(work: Work, run_id: UUID, reason: str) -> list[UUID]:
    """People cancel: the queued sends of a run, with their rungs free again."""
    queued = list(await work.db.scalars(queries.lock_queued(work, run_id)))
    if not queued:
        return []
    cancelled = list(await work.db.scalars(queries.cancel(work, queued, reason)))
    await work.db.execute(queries.free_rungs(work, cancelled, reason))
    return cancelled


async def finish_those_done(work: Work, run_ids: Sequence[UUID]) -> list[UUID]:
    """Close those of `run_ids` in which no send is queued, sending or uncertain: a query, never a counter."""
    done = list(await work.db.scalars(queries.finished(work, run_ids)))
    return await move_all(work, states.FINISH_RUN, done, reason=RunReason.FINISHED)


async def retry_failed(work: Work, run_id: UUID) -> list[UUID]:
    """Reopen a finished run with its failed sends queued again. Raises `Conflict` while one is uncertain."""
    counts = await count_states(work, run_id)
    if counts.get("uncertain"):
        raise Conflict(
            N_("Some messages are uncertain. Say what became of them before you try the failed ones again."),
            code="uncertain_sends",
        )
    if not counts.get("failed"):
        raise Conflict(N_("No message of this campaign failed."), code="nothing_failed")
    requeued = list(await work.db.scalars(queries.requeue_failed(work, run_id)))
    await move(work, states.REOPEN_RUN, run_id, reason=None)
    return requeued


async def count_states(work: Work, run_id: UUID) -> dict[str, int]:
    """How many sends of the run stand in each state; `changed` are queued ones that wait for an agent."""
    return (await count_states_of(work, [run_id]))[run_id]


async def count_states_of(work: Work, run_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """The same for several runs, in one query."""
    counts: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for row in await work.db.execute(queries.counts(work, run_ids)):
        counts[row.run_id][row.state] = row.many
    return counts
