"""The journal: what happened to one thing, around one customer, or at all."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime, Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Line, Shown
from bursar.billing.called import thing_called
from bursar.core import journal
from bursar.core.errors import N_, Invalid
from bursar.core.kinds import ActorType
from bursar.core.translations import preferred, say
from bursar.core.work import Work

router = door("/events", "settings", tag="events")
PLAIN = ("customer_id", "actor_type", "actor_id", "since", "until")
Noun = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,40}$", examples=["invoice"])]


class EventQuery(Paging):
    """What is not given does not narrow."""

    entity_type: Noun | None = Field(default=None, description="A kind of thing, like invoice.")
    entity_id: UUID | None = None
    number: Line | None = Field(default=None, description="Of one invoice or credit note, as it is printed.")
    customer_id: UUID | None = Field(default=None, description="All that happened around them.")
    type: (
        Annotated[str, Field(pattern=r"^[a-z_]{2,40}\.[a-z_]{2,40}$", examples=["invoice.issue"])] | None
    ) = None
    actor_type: ActorType | None = None
    actor_id: UUID | None = None
    since: AwareDatetime | None = Field(default=None, description="From this instant on.")
    until: AwareDatetime | None = Field(default=None, description="Before this instant.")


class Event(Shown):
    """`text` says it for people; `private` is null when there was nothing personal or it was erased.

    From where it was done is told to keys of administrators, else null.
    """

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
    ip: str | None
    user_agent: str | None
    request_id: str | None


@router.get("")
async def list_events(work: Acting, asked: Annotated[EventQuery, Query()], request: Request) -> Listed[Event]:
    """The newest first."""
    page = await _page(work, asked)
    language = preferred(request.headers.get("accept-language", ""))
    items = [_event(entry, language) for entry in page.entries]
    return Listed(items=items, next_cursor=cursor_of(page.before) if page.before else None)


async def _page(work: Work, asked: EventQuery) -> journal.Page:
    kind, thing = asked.entity_type, asked.entity_id
    if asked.number is not None:
        if thing is not None:
            raise Invalid(
                N_("Give a number or an entity_id, not both."), code="ask_unclear", field="query.number"
            )
        kind, thing = await thing_called(work, asked.number)
    wanted = journal.Wanted(
        types=[asked.type] if asked.type else (),
        entity_type=kind,
        entity_id=thing,
        **{name: getattr(asked, name) for name in PLAIN},
    )
    return await journal.find(work, wanted, before=asked.after, limit=asked.limit)


def _event(entry: journal.Entry, language: str) -> Event:
    plain = {name: getattr(entry, name) for name in Event.model_fields if name != "text"}
    return Event(**plain, text=entry.sentence(lambda message, facts: say(language, message, facts)))
