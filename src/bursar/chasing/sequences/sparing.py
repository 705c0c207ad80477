"""What sequences cover: of that nobody else reminds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from bursar.chasing.queries import sequence_coverage as queries
from bursar.chasing.queries import sequences as sequence_queries
from bursar.core.work import Work


async def spared(work: Work) -> Select | None:
    """The ids of all invoices that a sequence covers, for statements of lower rooms; None where none is switched on."""
    segments = [row.applies_to for row in await work.db.execute(sequence_queries.active(work))]
    return queries.covered_ids(work, segments) if segments else None


async def covering(work: Work, invoice_id: UUID) -> UUID | None:
    """The sequence that chases this invoice, if one does: the first that applies to it."""
    before: list[Mapping[str, Any]] = []
    for row in await work.db.execute(sequence_queries.active(work)):
        found = await work.db.execute(queries.covers(work, row.applies_to, before, invoice_id))
        if found.first() is not None:
            return row.id
        before.append(row.applies_to)
    return None
