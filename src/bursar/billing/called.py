"""What a reader means by the words they typed: a thing's id, or the number that stands on paper."""

from uuid import UUID

from bursar.billing.credited import credit_note_by_number
from bursar.billing.finding import by_number
from bursar.core.errors import NotFound
from bursar.core.work import Work


async def thing_called(work: Work, text: str) -> tuple[str | None, UUID]:
    """Its kind, None for an id of anything, and its id.

    Raises `NotFound`, or `Conflict` when several series have an invoice of that number.
    """
    try:
        return None, UUID(text.strip())
    except ValueError:
        pass
    try:
        return "invoice", (await by_number(work, text.strip())).id
    except NotFound:
        return "credit_note", (await credit_note_by_number(work, text.strip())).id
