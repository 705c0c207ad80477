"""Replies: what came back to the mailboxes, what waits for somebody, and whether a mailbox is read."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, Calling, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Made, Shown, Strict, Whole
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.outbox.incoming import answering, inbox, switching
from bursar.outbox.states import Channel, HandledAs, IncomingClass, Verdict

router = door("/replies", "sends", tag="replies")
accounts = door("/sending-accounts", "settings", tag="sending accounts")
beats = door("/sending-accounts", "settings", tag="sending accounts", in_one_work=False)
Words = Annotated[str, Field(min_length=1, max_length=50_000)]
Host = Annotated[str, Field(min_length=1, max_length=253)]


class Reply(Shown):
    """`text` is what is new in it, `quoted` the history below; `report` what a mail server said of whom.

    One with `handled_at` null waits for somebody; while an answer of a person waits, nobody reminds them.
    """

    id: UUID
    channel: Channel
    kind: IncomingClass
    from_address: str
    from_name: str | None
    customer_id: UUID | None
    customer_name: str | None
    send_id: UUID | None
    mailbox: str | None
    subject: str | None
    text: str
    quoted: str
    message_id: str | None
    evidence: str | None
    perhaps_automatic: bool
    elsewhere: bool
    verdict: Verdict | None
    report: dict[str, Any]
    received_at: datetime
    handled_at: datetime | None
    handled_by: UUID | None
    handled_as: HandledAs | None


class ReplyQuery(Paging):
    waiting: bool | None = None
    kind: IncomingClass | None = None
    customer_id: UUID | None = None
    send_id: UUID | None = None


class Handling(Strict):
    """How it was dealt with; a promise or a dispute is made by its own operation."""

    handled_as: Literal["seen", "answered", "promise", "dispute", "already_paid"] = "seen"


class Reclassification(Strict):
    kind: Literal["human", "auto_reply"]


class Answer(Strict):
    """Without a subject it is theirs with "Re:" before it."""

    body: Words
    subject: Annotated[str, Field(max_length=200)] | None = None


class ImapIn(Strict):
    """Where an SMTP account's mail arrives; accounts of Google and Microsoft are read where they send."""

    host: Host
    port: Annotated[Whole, Field(ge=1, le=65_535)] = 993
    tls: Literal["starttls", "implicit", "none"] = "implicit"


class ReadingIn(Strict):
    imap: ImapIn | None = None
    folder: Annotated[str, Field(min_length=1, max_length=200)] = switching.INBOX


class Reading(Shown):
    """`failures` in a row, and `trouble` in words for people."""

    folder: str
    host: str | None
    port: int | None
    tls: str | None
    last_read_at: datetime | None
    next_read_at: datetime
    failures: int
    trouble: str | None


@router.get("")
async def list_replies(work: Acting, asked: Annotated[ReplyQuery, Query()]) -> Listed[Reply]:
    """The newest first."""
    wanted = asked.model_dump(exclude={"cursor", "limit"})
    page = await inbox.list_incoming(work, **wanted, cursor=asked.after, limit=asked.limit)
    items = [Reply.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.get("/{reply_id}")
async def get_reply(work: Acting, reply_id: UUID) -> Reply:
    return await _shown(work, reply_id)


@router.post("/{reply_id}/handling", status_code=201)
async def handle_reply(work: Acting, reply_id: UUID, given: Handling) -> Reply:
    """Somebody has dealt with it; the customer's reminders go on."""
    await inbox.handle(work, reply_id, HandledAs(given.handled_as))
    return await _shown(work, reply_id)


@router.post("/{reply_id}/class", status_code=201)
async def reclassify_reply(work: Acting, reply_id: UUID, given: Reclassification) -> Reply:
    """A person says whether a person wrote it."""
    await inbox.reclassify(work, reply_id, IncomingClass(given.kind))
    return await _shown(work, reply_id)


@router.post("/{reply_id}/answers", status_code=201)
async def answer_reply(work: Acting, reply_id: UUID, given: Answer, response: Response) -> Made:
    """A message to whoever wrote it, in the same conversation; it leaves with the mailbox's next batch."""
    send_id = await answering.answer(work, reply_id, body=given.body, subject=given.subject)
    response.headers["Location"] = f"/api/v1/sends/{send_id}"
    return Made(id=send_id)


@accounts.get("/{account_id}/reading")
async def get_reading(work: Acting, account_id: UUID) -> Reading:
    """How reading a mailbox goes; 404 for one that is not read."""
    found = await switching.reading_of(work, account_id)
    if found is None:
        raise NotFound("sending account")
    return Reading.model_validate(found)


@beats.post("/{account_id}/reading", status_code=201)
async def start_reading(call: Calling, account_id: UUID, given: ReadingIn) -> Reading:
    """Replies and reports in this mailbox are read from now on; tried first. For owners."""
    server = switching.ImapServer(given.imap.host, given.imap.port, given.imap.tls) if given.imap else None
    house, tenant_id = call.house, call.caller.tenant_id
    await switching.start_reading(
        house.office,
        tenant_id,
        call.caller.actor,
        house.readers,
        account_id,
        server=server,
        folder=given.folder,
        origin=call.origin,
    )
    async with house.office.work(tenant_id, **call.act) as work:
        return await get_reading(work, account_id)


@accounts.delete("/{account_id}/reading", status_code=204)
async def stop_reading(work: Acting, account_id: UUID) -> None:
    """It is looked into no more; what came stays."""
    await switching.stop_reading(work, account_id)


async def _shown(work: Work, reply_id: UUID) -> Reply:
    return Reply.model_validate(await inbox.get_incoming(work, reply_id))
