"""What rooms say to the outbox about sends: order them, and stop what must no longer be said."""

from collections.abc import Sequence
from uuid import UUID

from bursar.core.work import Happened, Work
from bursar.outbox.queries import subjects


async def stop_reminders(work: Work, customer_ids: Sequence[UUID], *, reason: str) -> None:
    """Nothing but what they asked for goes to these customers any more; what is on the wire arrives."""
    queued = list(await work.db.scalars(subjects.lock_queued_to(work, customer_ids)))
    if queued:
        await work.db.execute(subjects.suppress(work, queued, reason))


async def customer_suspended(work: Work, happened: Happened) -> None:
    """Called when customers are suspended (`reactions.py`)."""
    await stop_reminders(work, happened.ids, reason="customer_suspended")


async def let_go(work: Work, kind: str, ids: Sequence[UUID], *, waited_for: str) -> None:
    """What waited for something of these (`Order.waits_for`) has it now: queued sends about them may leave."""
    if ids:
        await work.db.execute(subjects.let_go(work, kind, ids, waited_for))


async def drop_subject(work: Work, kind: str, ids: Sequence[UUID], *, reason: str) -> None:
    """Settled: no queued send may remind of these, and one with nothing left to say is suppressed.

    What a person asked for or must have (a receipt, the invoice itself) is not stopped: its room says at the claim
    whether it is still true.

    The lock waits for a claim in progress, so no send is claimed about them after this Work commits. One
    that was claimed before may be on the wire: its subject is marked *crossed* and not stopped.
    """
    if not ids:
        return
    queued = list(await work.db.scalars(subjects.lock_queued_about(work, kind, ids)))
    await work.db.execute(subjects.mark_crossed(work, kind, ids))
    if queued:
        await work.db.execute(subjects.drop_subjects(work, queued, kind, ids, reason))
        await work.db.execute(subjects.suppress_empty(work, queued, reason))
