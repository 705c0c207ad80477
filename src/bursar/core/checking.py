"""A walk along the chains that a worker makes, begun where somebody asks for it."""

from collections.abc import Sequence
from uuid import UUID

from bursar.core import jobs
from bursar.core.journal_checks import begin_check
from bursar.core.seals import Head
from bursar.core.work import Work


async def start_check(work: Work, anchors: Sequence[Head] = ()) -> UUID:
    """Verify the journal's seals, and that the chains still pass through `anchors`; its row shows how far it is."""
    check_id = await begin_check(work, anchors)
    await work.defer(jobs.check_journal, check_id=str(check_id))
    return check_id
