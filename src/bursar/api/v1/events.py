"""The journal: what happened to one thing, around one customer, or at all."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Shown
from bursar.core import journal
from bursar.core.errors import N_, Invalid
from bursar.core.translations import preferred, say
from bursar.core.work import Work

router = door("/events", "settings", tag="events")
Noun = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,40}$", examples=["invoice"])]


class EventQuery(Paging):
    """Both of entity_type and entity_id, or customer_id, or nothing for all that happened."""

    entity_type: Noun | None = None
    entity_id: UUID | None = None
    customer_id: UUID | None = None


class Event(Shown):
    """`text` says it for people; `private` is null when there was nothing personal or it was erased."""

    id: UUID
    at: datetime
    type: str
    text: str
    entity_type: str
    entity_id: UUID
    customer_id: UUID | None
    actor_type: str
    actor_id: UUID | None
    cause: str | None
    changes: dict[str, Any]
    payload: dict[str, Any]
    private: dict[str, Any] | None


@router.get("")
async def list_events(work: Acting, asked: Annotated[EventQuery, Query()], request: Request) -> Listed[Event]:
    """The newest first."""
    page = await _page(work, asked)
    language = preferred(request.headers.get("accept-language", ""))
    items = [_event(entry, language) for entry in page.entries]
    return Listed(items=items, next_cursor=cursor_of(page.before) if page.before else None)


async def _page(work: Work, asked: EventQuery) -> journal.Page:
    part = {"before": asked.after, "limit": asked.limit}
    if asked.entity_type and asked.entity_id and asked.customer_id is None:
        return await journal.timeline(work, asked.entity_type, asked.entity_id, **part)
    if asked.entity_type or asked.entity_id:
        raise Invalid(
            N_("Give both entity_type and entity_id, or a customer_id, or none of them."),
            code="ask_unclear",
            field="query.entity_type",
        )
    if asked.customer_id is not None:
        return await journal.timeline_of_customer(work, asked.customer_id, **part)
    return await journal.timeline_of_tenant(work, **part)


def _event(entry: journal.Entry, language: str) -> Event:
    plain = {name: getattr(entry, name) for name in Event.model_fields if name != "text"}
    return Event(**plain, text=entry.sentence(lambda message, facts: say(language, message, facts)))
