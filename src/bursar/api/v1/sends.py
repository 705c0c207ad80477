"""Sends: one message to one person each, what became of it, and what only a person can say of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, Calling, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Shown, Strict
from bursar.chasing import approving
from bursar.core.work import Work
from bursar.outbox import reading, resolving
from bursar.outbox.reading import Asked, SendFilter
from bursar.outbox.states import Channel, MailStream, Purpose, SendState

router = door("/sends", "sends", tag="sends")


class Send(Shown):
    """`label` goes further than its state where more is known: held, changed, opened, clicked, replied."""

    id: UUID
    version: int
    label: str
    state: SendState
    reason: str | None
    held: bool
    crossed: bool
    purpose: Purpose
    stream: MailStream
    channel: Channel
    customer_id: UUID | None
    customer_name: str | None
    run_id: UUID | None
    to_address: str | None
    to_name: str | None
    locale: str
    subject: str | None
    from_address: str | None
    attempts: int
    queue_at: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None
    bounced_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    replied_at: datetime | None
    open_count: int
    click_count: int
    provider_response: str | None
    message_id: str | None
    created_at: datetime


class Attempt(Shown):
    number: int
    at: datetime
    outcome: str
    code: str | None
    error: str | None


class Engagement(Shown):
    """`by` is the guess at who did it, a person or a machine."""

    kind: str
    at: datetime
    by: str
    client: str | None
    device: str | None
    target: str | None


class Subject(Shown):
    """What it is about; `reason` says why it no longer is, or that it crossed."""

    type: str
    id: UUID
    touch: str | None
    dropped_at: datetime | None
    reason: str | None


class SendWithStory(Send):
    tries: list[Attempt]
    engagements: list[Engagement]
    subjects: list[Subject]


class SendQuery(Paging):
    state: Asked | None = None
    run_id: UUID | None = None
    customer_id: UUID | None = None
    purpose: Purpose | None = None


class Resolution(Strict):
    """What became of an uncertain send, and how one knows."""

    became: Literal["sent", "queued", "failed"]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Message(Shown):
    """Rendered again; `is_the_same` if it is to the last byte what went."""

    subject: str
    html: str
    text: str
    is_the_same: bool


@router.get("")
async def list_sends(work: Acting, asked: Annotated[SendQuery, Query()]) -> Listed[Send]:
    """The newest first."""
    wanted = SendFilter(**asked.model_dump(exclude={"cursor", "limit"}))
    page = await reading.list_sends(work, wanted, cursor=asked.after, limit=asked.limit)
    items = [Send.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.get("/{send_id}")
async def get_send(work: Acting, send_id: UUID, response: Response) -> SendWithStory:
    return await _shown(work, send_id, response)


@router.get("/{send_id}/message")
async def get_message(work: Acting, call: Calling, send_id: UUID) -> Message:
    """The words that went."""
    found = await reading.message_of(work, call.house.letters, send_id)
    shown = found.preview
    return Message(subject=shown.subject, html=shown.html, text=shown.text, is_the_same=found.is_the_same)


@router.post("/{send_id}/resolution", status_code=201)
async def resolve_send(work: Acting, send_id: UUID, given: Resolution, response: Response) -> SendWithStory:
    """Somebody looked whether an uncertain one arrived."""
    await resolving.resolve(work, send_id, given.became, reason=given.reason)
    return await _shown(work, send_id, response)


@router.post("/{send_id}/approval", status_code=201)
async def approve_send(work: Acting, send_id: UUID, response: Response) -> SendWithStory:
    """One that waits because something changed goes with the facts of this moment."""
    await approving.approve(work, send_id)
    return await _shown(work, send_id, response)


@router.post("/{send_id}/cancellation", status_code=201)
async def cancel_send(work: Acting, send_id: UUID, response: Response) -> SendWithStory:
    """It is not to go, as long as it is queued."""
    await resolving.cancel(work, send_id)
    return await _shown(work, send_id, response)


async def _shown(work: Work, send_id: UUID, response: Response) -> SendWithStory:
    story = await reading.get_send(work, send_id)
    etags.tag(response, story.send.version)
    return SendWithStory.model_validate(
        {
            **Send.model_validate(story.send).model_dump(),
            "tries": story.attempts,
            "engagements": story.engagements,
            "subjects": story.subjects,
        }
    )
