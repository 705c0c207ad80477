"""Which of our rows a provider means: by the reference we gave it, or by the name it gave us."""

from collections.abc import Sequence
from uuid import UUID

from bursar.billing.queries import till_events as queries
from bursar.billing.tills.ports import SeenCheckout
from bursar.core.work import Work


async def rows_named(work: Work, told: Sequence[tuple[UUID, SeenCheckout]]) -> list[UUID | None]:
    """For each (till, checkout seen there) the row of ours; None for another's.

    A reference is believed only at the till where the checkout was opened: whoever has an account of their own could
    write our references into theirs.
    """
    references = {seen.session_id: _reference(seen) for _, seen in told}
    wanted = [one for one in references.values() if one is not None]
    found = list(await work.db.execute(queries.checkouts_named(work, wanted))) if wanted else []
    by_session = [(till_id, seen.session_id) for till_id, seen in told if references[seen.session_id] is None]
    if by_session:
        found += list(await work.db.execute(queries.checkouts_of_sessions(work, by_session)))
    by_id = {row.id: row for row in found}
    named = {(row.till_id, row.session_id): row.id for row in found}
    answers: list[UUID | None] = []
    for till_id, seen in told:
        row = by_id.get(references[seen.session_id] or UUID(int=0))
        if row is not None and row.till_id == till_id:
            answers.append(row.id)
        else:
            answers.append(named.get((till_id, seen.session_id)))
    return answers


def _reference(seen: SeenCheckout) -> UUID | None:
    """Ours are hexadecimal ids; anything else is somebody else's."""
    try:
        return UUID(hex=seen.reference or "")
    except ValueError:
        return None
