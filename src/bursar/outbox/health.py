"""What an operator wants to know of the outbox: is anything stuck, and does anything wait for a person?"""

from dataclasses import dataclass
from datetime import datetime

from bursar.core.work import Office
from bursar.outbox.queries import health as queries


@dataclass(frozen=True, slots=True)
class Queues:
    """Over all tenants. `oldest_due`: since when a send could have gone that has not, its account being ready."""

    oldest_due: datetime | None
    uncertain: int
    expired_leases: int
    accounts_to_reconnect: int
    mailboxes_unread: int


async def queues(office: Office) -> Queues:
    async with office.scan() as work:
        row = (await work.db.execute(queries.queues(work.now))).one()
    return Queues(row.oldest_due, row.uncertain, row.expired, row.broken, row.unread)
