"""What providers told us, and to have it applied again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Shown
from bursar.core import inbounds

router = door("/inbounds", "settings", tag="inbounds")
Status = Literal["waiting", "failing", "stuck", "applied"]


class Inbound(Shown):
    """`stuck` was tried as often as it is by itself; a note of what is odd may stand in `error` of one applied."""

    id: UUID
    provider: str
    external_id: str
    kind: str
    received_at: datetime
    handled_at: datetime | None
    error: str | None
    attempts: int
    try_at: datetime | None
    status: Status


class InboundTold(Inbound):
    """With what was said, word for word."""

    payload: Mapping[str, Any]


class InboundQuery(Paging):
    waiting: bool | None = None


@router.get("")
async def list_inbounds(work: Acting, asked: Annotated[InboundQuery, Query()]) -> Listed[Inbound]:
    """The newest first."""
    found = await inbounds.list_inbounds(work, waits=asked.waiting, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Inbound.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{inbound_id}")
async def get_inbound(work: Acting, inbound_id: UUID) -> InboundTold:
    return InboundTold.model_validate(await inbounds.get_inbound(work, inbound_id))


@router.post("/{inbound_id}/replay", status_code=201)
async def replay_inbound(work: Acting, inbound_id: UUID) -> InboundTold:
    """It is applied again in a moment; what was applied already stays as it is."""
    await inbounds.replay(work, inbound_id)
    return InboundTold.model_validate(await inbounds.get_inbound(work, inbound_id))
