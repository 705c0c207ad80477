"""Sends as people see them: found, opened with their story, rendered again as they went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.work import Work
from bursar.outbox.letters import Letters
from bursar.outbox.queries import reading as queries
from bursar.outbox.states import Purpose
from bursar.outbox.template_words import Preview, shown

LARGEST_PAGE = 200
MOST_ENGAGEMENTS = 200
Asked = Literal[
    "queued", "sending", "sent", "delivered", "bounced", "failed", "suppressed", "cancelled", "uncertain",
    "held", "changed", "crossed",
]  # fmt: skip
"""A send's state, or what people call it: held (its run is), changed (waits for an agent), crossed."""


@dataclass(frozen=True, slots=True)
class SendFilter:
    """What is None does not matter."""

    state: Asked | None = None
    run_id: UUID | None = None
    customer_id: UUID | None = None
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """One send. `label` is what a list shows: its state, or further than that how far its reader got."""

    id: UUID
    version: int
    label: str
    state: str
    reason: str | None
    held: bool
    crossed: bool
    purpose: Purpose
    stream: str
    channel: str
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


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Send]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    at: datetime
    outcome: str
    code: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Engagement:
    """`by` is the guess at who did it (hits.Class); `target` where a followed link led."""

    kind: str
    at: datetime
    by: str
    client: str | None
    device: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """`dropped_at` with its reason, or the reason *crossed*."""

    type: str
    id: UUID
    touch: str | None
    dropped_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Story:
    send: Send
    attempts: list[Attempt]
    engagements: list[Engagement]
    subjects: list[Subject]


@dataclass(frozen=True, slots=True)
class Message:
    """A message rendered again. `is_the_same`: its hash is that of what went; else our rendering has changed."""

    preview: Preview
    is_the_same: bool


@dataclass(frozen=True, slots=True)
class NextUp:
    """How many sends wait for nobody but the clock and the pace, and from when the first may go."""

    waiting: int
    at: datetime | None


async def list_sends(
    work: Work, wanted: SendFilter = SendFilter(), *, cursor: UUID | None = None, limit: int = 50
) -> Page:
    """The newest first."""
    size = max(1, min(limit, LARGEST_PAGE))
    asked = {
        "state": wanted.state,
        "run_id": wanted.run_id,
        "customer_id": wanted.customer_id,
        "purpose": wanted.purpose,
    }
    rows = (await work.db.execute(queries.page(work, asked, cursor, size + 1))).all()
    return Page([_send(row) for row in rows[:size]], rows[size - 1].id if len(rows) > size else None)


async def these(work: Work, ids: Sequence[UUID]) -> list[Send]:
    """Sends that somebody else has found, the newest first."""
    return [_send(row) for row in await work.db.execute(queries.these(work, ids))] if ids else []


async def get_send(work: Work, send_id: UUID) -> Story:
    """With its tries, what became of it at its reader's, and what it is about. Raises `NotFound`."""
    row = await _one(work, send_id)
    tries = await work.db.execute(queries.attempts_of(work, send_id))
    done = await work.db.execute(queries.engagements_of(work, send_id, MOST_ENGAGEMENTS))
    about = await work.db.execute(queries.subjects_of(work, send_id))
    return Story(
        _send(row),
        [Attempt(one.number, one.finished_at, one.outcome, one.error_code, one.error) for one in tries],
        [_engagement(one, row.links or []) for one in done],
        [Subject(one.subject_type, one.subject_id, one.touch, one.dropped_at, one.reason) for one in about],
    )


async def message_of(work: Work, letters: Letters, send_id: UUID) -> Message:
    """What was sent, from its template version and the values kept with it. Raises `NotFound`.

    `Conflict` for what was not composed yet (a preview asks its composer) or holds no values any more.
    """
    row = await _one(work, send_id)
    by_hand = row.template_version_id is None
    if row.merge_data is None or (by_hand and row.edited_body is None):
        raise Conflict(N_("This message was not written yet, or its text is not kept."), code="not_composed")
    await letters.load(work, [row.template_version_id])
    composed = letters.compose(
        row.template_version_id,
        row.merge_data,
        subject=row.edited_subject,
        body=row.edited_body,
        locale=row.locale,
    )
    return Message(shown(composed), composed.content_sha256 == row.content_sha256)


async def next_up(work: Work) -> NextUp:
    row = (await work.db.execute(queries.next_up(work))).one()
    return NextUp(row.waiting, row.at)


async def _one(work: Work, send_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, send_id))).one_or_none()
    if row is None:
        raise NotFound("send")
    return row


def _send(row: Row[Any]) -> Send:
    kept = row._asdict()
    names = [name for name in Send.__slots__ if name not in {"label", "held", "crossed", "purpose"}]
    return Send(
        **{name: kept[name] for name in names},
        label=_label(row),
        held=row.state == "queued" and row.run_state == "held",
        crossed=row.crossed,
        purpose=Purpose(row.purpose),
    )


def _label(row: Row[Any]) -> str:
    """Seed 003's single status, derived: what went wrong first, then how far it got."""
    if row.state not in {"sent", "delivered"}:
        return "changed" if row.state == "queued" and row.reason == "changed" else row.state
    if row.replied_at:
        return "replied"
    return "clicked" if row.clicked_at else "opened" if row.opened_at else row.state


def _engagement(row: Row[Any], links: list[str]) -> Engagement:
    position = row.link_position
    target = links[position] if position is not None and position < len(links) else None
    return Engagement(row.kind, row.at, row._asdict()["class"], row.client, row.device, target)
