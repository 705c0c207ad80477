"""Something is not to be written about after all: out of what is queued, and of what a single run holds."""

from collections.abc import Sequence
from uuid import UUID

from bursar.core.work import Work
from bursar.outbox.queries import runs, subjects
from bursar.outbox.states import Purpose


async def take_out(
    work: Work,
    kind: str,
    ids: Sequence[UUID],
    *,
    reason: str,
    purposes: Sequence[Purpose],
    run_id: UUID | None = None,
    by_hand: bool = False,
) -> int:
    """Drop these subjects from queued sends of these purposes (and of this run); returns how many sends are left empty.

    What has nothing left to say is suppressed; with `by_hand` it is cancelled, since people cancel and facts
    suppress. Waits for a claim in progress, so none is claimed about them after this Work commits.
    """
    if not ids:
        return 0
    queued = list(await work.db.scalars(subjects.lock_queued_for(work, kind, ids, purposes, run_id)))
    if not queued:
        return 0
    await work.db.execute(subjects.drop_subjects(work, queued, kind, ids, reason))
    if not by_hand:
        return len((await work.db.execute(subjects.suppress_empty(work, queued, reason))).all())
    empty = list(await work.db.scalars(subjects.empty(work, queued)))
    await work.db.execute(runs.cancel(work, empty, "agent"))
    return len(empty)
