"""All that waits of one purpose for some customers is called off: people cancel, facts suppress."""

from collections.abc import Sequence
from uuid import UUID

from bursar.core.work import Work
from bursar.outbox.queries import runs, subjects
from bursar.outbox.states import Purpose


async def call_off(
    work: Work, customer_ids: Sequence[UUID], purpose: Purpose, *, reason: str, by_hand: bool
) -> int:
    """What is queued for these customers does not go, and its rungs are free again; returns how many sends that were.

    Waits for a claim in progress, so none is claimed after this Work commits; what is on the wire arrives.
    """
    queued = list(await work.db.scalars(subjects.lock_queued_to(work, customer_ids, purpose)))
    if not queued:
        return 0
    await work.db.execute(runs.free_rungs(work, queued, reason))
    if by_hand:
        await work.db.execute(runs.cancel(work, queued, reason))
    else:
        await work.db.execute(subjects.suppress(work, queued, reason))
    return len(queued)
