"""What an agent is told: the newest first, read or not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.notifications.queries import telling as queries

LONGEST_LIST = 100


@dataclass(frozen=True, slots=True)
class Notification:
    """`kind` is the type of the event behind it; `about` names the thing, by what it is called if we know."""

    id: UUID
    kind: str
    about_type: str
    about_id: UUID
    about_name: str | None
    because: str | None
    at: datetime
    read: bool


async def list_notifications(work: Work, *, limit: int = LONGEST_LIST) -> list[Notification]:
    """The actor's own."""
    if work.actor.id is None:
        return []
    rows = await work.db.execute(queries.notifications_of(work, work.actor.id, limit))
    return [
        Notification(
            id=row.id,
            kind=row.kind,
            about_type=row.payload["about_type"],
            about_id=UUID(row.payload["about_id"]),
            about_name=row.address,
            because=row.payload.get("because"),
            at=row.created_at,
            read=row.read_at is not None,
        )
        for row in rows
    ]


async def count_unread(work: Work) -> int:
    if work.actor.id is None:
        return 0
    return (await work.db.scalars(queries.count_unread(work, work.actor.id))).one()


async def mark_all_read(work: Work) -> None:
    if work.actor.id is not None:
        await work.db.execute(queries.mark_all_read(work, work.actor.id))


async def mark_read(work: Work, notification_id: UUID) -> None:
    """One of the actor's; twice is no harm. Raises `NotFound`, also for somebody else's."""
    if work.actor.id is not None:
        marked = await work.db.execute(queries.mark_read(work, work.actor.id, notification_id))
        if marked.rowcount:
            return
    raise NotFound("notification")
