"""What happens elsewhere happens to chases, in the same transaction; called by `reactions.py`."""

from bursar.chasing import states
from bursar.chasing.queries import sequence_chases as queries
from bursar.chasing.queries import sequence_standing as standing
from bursar.chasing.sequences.chases import pause_for_reply, resume_after_reply
from bursar.core.moves import move_rows
from bursar.core.work import Happened, Work


async def invoices_settled(work: Work, happened: Happened) -> None:
    """Paid, credited or cancelled: whoever owes nothing any more is chased no more."""
    customers = list(await work.db.scalars(queries.customers_of_invoices(work, happened.ids)))
    if customers:
        await move_rows(work, states.NOTHING_OPEN, standing.nothing_open_of(work, customers))


async def replied(work: Work, happened: Happened) -> None:
    """Messages came in; those that a person wrote make the chase wait (T43)."""
    await pause_for_reply(work, list(await work.db.scalars(queries.who_wrote(work, happened.ids))))


async def reply_handled(work: Work, happened: Happened) -> None:
    """Agents have dealt with these messages; who wrote no other is chased on."""
    await resume_after_reply(work, list(await work.db.scalars(queries.all_answered(work, happened.ids))))
