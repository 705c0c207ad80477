"""What results may be narrowed to."""

from dataclasses import dataclass
from uuid import UUID

from bursar.chasing.queries import analytics as queries
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Offered:
    """Ids with the names that people know them by."""

    templates: tuple[tuple[UUID, str], ...]
    sending_accounts: tuple[tuple[UUID, str], ...]
    sequences: tuple[tuple[UUID, str], ...]


async def offered(work: Work) -> Offered:
    templates, accounts, sequences = [
        tuple((row.id, row.name) for row in await work.db.execute(question(work)))
        for question in (queries.templates_offered, queries.accounts_offered, queries.sequences_offered)
    ]
    return Offered(templates, accounts, sequences)
