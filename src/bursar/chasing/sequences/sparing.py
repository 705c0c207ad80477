"""What sequences cover: of that nobody else reminds."""

from sqlalchemy import Select

from bursar.chasing.queries import sequence_coverage as queries
from bursar.chasing.queries import sequences as sequence_queries
from bursar.core.work import Work


async def spared(work: Work) -> Select | None:
    """The ids of all invoices that a sequence covers, for statements of lower rooms; None where none is switched on."""
    segments = [row.applies_to for row in await work.db.execute(sequence_queries.active(work))]
    return queries.covered_ids(work, segments) if segments else None
