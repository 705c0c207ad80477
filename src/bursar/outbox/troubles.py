"""What of the outbox needs a person, for the first page."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from bursar.core.work import Work
from bursar.outbox.queries import troubles as queries

LOOKED_BACK = timedelta(days=14)
"""What failed or came back longer ago is history; what is uncertain or waits stays until somebody looked."""


@dataclass(frozen=True, slots=True)
class TroubledSend:
    id: UUID
    customer_id: UUID | None
    customer_name: str | None
    to_address: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """`kind` is failed, bounced, changed or uncertain; `first` are the newest few of `count`."""

    kind: str
    count: int
    first: tuple[TroubledSend, ...]


async def troubles(work: Work, *, first: int = 3) -> list[Trouble]:
    """One entry for each kind that there is."""
    found: dict[str, Trouble] = {}
    for row in await work.db.execute(queries.troubles(work, work.now - LOOKED_BACK, first)):
        send = TroubledSend(row.id, row.customer_id, row.customer_name, row.to_address, row.reason)
        known = found.get(row.kind)
        found[row.kind] = Trouble(row.kind, row.all, (*(known.first if known else ()), send))
    return list(found.values())
