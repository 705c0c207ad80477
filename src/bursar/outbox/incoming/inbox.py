"""What came in, as people look at it and deal with it: answers first, then reports that need a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.outbox import fates
from bursar.outbox.queries import fates as fate_queries
from bursar.outbox.queries import incoming as queries
from bursar.outbox.states import HandledAs, IncomingClass, Verdict

LARGEST_PAGE = 200
BY_HAND = frozenset(
    {HandledAs.SEEN, HandledAs.ANSWERED, HandledAs.PROMISE, HandledAs.DISPUTE, HandledAs.ALREADY_PAID}
)
BETWEEN = frozenset({IncomingClass.HUMAN, IncomingClass.AUTO_REPLY})


@dataclass(frozen=True, slots=True)
class Message:
    """One message that came in. `text` is what is new in it, `quoted` the history below that.

    `elsewhere`: it came from another address than the one we wrote to. `report` says what a server told of whom.
    """

    id: UUID
    channel: str
    kind: IncomingClass
    from_address: str
    from_name: str | None
    customer_id: UUID | None
    customer_name: str | None
    send_id: UUID | None
    answers_subject: str | None
    answers_sent_at: datetime | None
    elsewhere: bool
    mailbox: str | None
    subject: str | None
    text: str
    quoted: str
    message_id: str | None
    evidence: str | None
    perhaps_automatic: bool
    verdict: Verdict | None
    report: Mapping[str, Any]
    received_at: datetime
    handled_at: datetime | None
    handled_by: UUID | None
    handled_as: HandledAs | None
    locale: str | None

    @property
    def waiting(self) -> bool:
        return self.handled_at is None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Message]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait for somebody: people's answers, and reports and complaints."""

    answers: int
    reports: int

    @property
    def all(self) -> int:
        return self.answers + self.reports


async def list_incoming(
    work: Work,
    *,
    waiting: bool | None = None,
    kind: IncomingClass | None = None,
    customer_id: UUID | None = None,
    send_id: UUID | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The newest first. `waiting`: those nobody dealt with yet, or those somebody did."""
    size = max(1, min(limit, LARGEST_PAGE))
    wanted = {"waiting": waiting, "class": kind, "customer_id": customer_id, "send_id": send_id}
    rows = (await work.db.execute(queries.page(work, wanted, cursor, size + 1))).all()
    return Page([_message(row) for row in rows[:size]], rows[size - 1].id if len(rows) > size else None)


async def get_incoming(work: Work, message_id: UUID) -> Message:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one(work, message_id))).one_or_none()
    if row is None:
        raise NotFound("reply")
    return _message(row)


async def count_waiting(work: Work) -> Waiting:
    counts = {row.kind: row.many for row in await work.db.execute(queries.count_waiting(work))}
    answers = counts.pop(IncomingClass.HUMAN, 0)
    return Waiting(answers, sum(counts.values()))


async def handle(work: Work, message_id: UUID, handled_as: HandledAs = HandledAs.SEEN) -> None:
    """Somebody has dealt with it. Once nothing of a customer waits any more, their reminders go on (T43).

    Raises `NotFound`, `Invalid` for a word that is not for people to choose, `Conflict` for one that was dealt with.
    """
    work.allow(AgentRole.AGENT)
    if handled_as not in BY_HAND:
        raise Invalid(N_("Choose how it was dealt with."), code="handled_as_not_usable", field="handled_as")
    row = await _locked(work, message_id)
    if row.handled_at is not None:
        raise Conflict(N_("Somebody has dealt with this already."), code="already_handled")
    await _handle(work, row, handled_as)


async def reclassify(work: Work, message_id: UUID, to: IncomingClass) -> None:
    """A person says that an answer is a machine's, or a machine's a person's. The same again changes nothing.

    Raises `NotFound`, `Invalid` for what is not an answer: a report stays one.
    """
    work.allow(AgentRole.AGENT)
    row = await _locked(work, message_id)
    was = IncomingClass(row.kind)
    if not {was, to} <= BETWEEN:
        raise Invalid(N_("Only answers can be told apart by hand."), code="not_an_answer", field="kind")
    if was is to:
        return
    await work.db.execute(queries.reclassify(work, message_id, to))
    await work.record(
        "incoming_message.reclassify", Record(message_id, row.customer_id, payload={"was": was, "is": to})
    )
    if to is IncomingClass.HUMAN:
        if row.send_id is not None:
            await fates.replied(work, row.send_id, row.received_at, by="human_likely")
        await work.record("incoming_message.received", Record(message_id, row.customer_id))
        return
    if row.send_id and not await work.db.scalar(queries.other_answers(work, message_id, row.send_id)):
        await work.db.execute(fate_queries.unreply(work, row.send_id))
    await work.record(
        "incoming_message.handle", Record(message_id, row.customer_id, payload={"as": HandledAs.AUTOMATIC})
    )


async def _handle(work: Work, row: Row[Any], handled_as: HandledAs) -> None:
    await work.db.execute(queries.handle(work, row.id, handled_as))
    await work.record("incoming_message.handle", Record(row.id, row.customer_id, payload={"as": handled_as}))


async def _locked(work: Work, message_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.lock(work, message_id))).one_or_none()
    if row is None:
        raise NotFound("reply")
    return row


def _message(row: Row[Any]) -> Message:
    kept = row._asdict()
    body, cut = row.body or "", row.cut_at
    same = {
        name: kept[name] for name in Message.__slots__ if name in kept and name not in ("verdict", "report")
    }
    same["handled_as"] = HandledAs(row.handled_as) if row.handled_as else None
    return Message(
        **same,
        kind=IncomingClass(kept["class"]),
        elsewhere=bool(row.answers_to) and row.from_address != (row.answers_to or "").lower(),
        text=(body if cut is None else body[:cut]).strip("\n"),
        quoted="" if cut is None else body[cut:].strip("\n"),
        verdict=Verdict(row.verdict) if row.verdict else None,
        report=row.report or {},
    )
