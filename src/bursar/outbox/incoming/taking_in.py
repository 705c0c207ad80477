"""What came to a mailbox, taken in: only what is about a message of ours, each once, its effects with it (R98-R102).

All others are foreign: they are not stored, not marked and not spoken of.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.work import Record, Work
from bursar.outbox import fates
from bursar.outbox.fates import CAME_BACK, Told
from bursar.outbox.incoming.classify import OURS, Incoming
from bursar.outbox.incoming.reports import Fate
from bursar.outbox.queries import incoming as queries
from bursar.outbox.states import HandledAs, IncomingClass, Verdict

FOR_PEOPLE = frozenset({Verdict.POLICY, Verdict.UNCLEAR})
"""Reports that somebody must read; what the others say has come about by itself."""

EVENT_OF_VERDICT = {
    Verdict.POLICY: "incoming_message.policy",
    Verdict.UNCLEAR: "incoming_message.unclear",
}
EVENT_OF_CLASS = {
    IncomingClass.HUMAN: "incoming_message.received",
    IncomingClass.COMPLAINT: "incoming_message.complaint",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it was read, and when it reached the mailbox. `thread`: its provider's conversation."""

    said: Incoming
    received_at: datetime
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """One that is about a send of ours; for a report, which of its fates is that send's and what it means."""

    heard: Heard
    send: Row[Any]
    verdict: Verdict | None = None
    fate: Fate | None = None


async def take_in(work: Work, account_id: UUID, heard: Sequence[Heard]) -> list[UUID]:
    """Store those that concern us and are new, and let follow what follows; returns their ids."""
    matched = {one.heard.said.key: one for one in await match(work, heard)}
    if not matched:
        return []
    rows = [_row(work, account_id, one) for one in matched.values()]
    new = {row.provider_message_id: row.id for row in await work.db.execute(queries.add(work, rows))}
    for key, message_id in sorted(new.items(), key=lambda one: str(matched[one[0]].send.id)):
        await _follow(work, message_id, matched[key])
    return list(new.values())


async def match(work: Work, heard: Sequence[Heard]) -> list[Matched]:
    """Those of these that are about a message of ours and were not taken in before."""
    ids = {f"<{one}>" for each in heard for one in (*each.said.about, each.said.message_id) if one}
    threads = {each.thread for each in heard if each.thread}
    if not ids and not threads:
        return []
    ours = {UUID(found[1]) for one in ids if (found := OURS.fullmatch(one[1:-1]))}
    sends = (await work.db.execute(queries.spoken_of(work, ours, ids, threads))).all()
    if not sends:
        return []
    own = set(await work.db.scalars(queries.own_addresses(work)))
    old = set(await work.db.scalars(queries.known(work, {each.said.key for each in heard})))
    found = (_matched(each, sends, own) for each in heard if each.said.key not in old)
    return [one for one in found if one is not None]


def _matched(heard: Heard, sends: Sequence[Row[Any]], own: Collection[str]) -> Matched | None:
    by_id = {one: send for send in sends for one in (send.message_id, send.final_message_id) if one}
    said = heard.said
    if f"<{said.message_id}>" in by_id:
        return None  # a message of ours that came to one of our own mailboxes
    if said.kind is IncomingClass.HUMAN and said.from_address in own:
        return None  # somebody of the firm, writing from it
    send = next((by_id[f"<{one}>"] for one in said.about if f"<{one}>" in by_id), None)
    if send is None and said.kind is IncomingClass.HUMAN and heard.thread:
        send = next((one for one in reversed(sends) if one.provider_thread_id == heard.thread), None)
    if send is None:
        return None
    if said.kind is not IncomingClass.REPORT:
        return Matched(heard, send)
    fate, verdict = fate_of(said.fates, {(send.to_address or "").lower(), send.address_key or ""})
    return Matched(heard, send, verdict, fate)


def fate_of(told: Sequence[Fate], addresses: Collection[str]) -> tuple[Fate | None, Verdict]:
    """What a report says of a message to one of `addresses`: the address it names must be that one (R99).

    A message that was forwarded may come back from an address that nobody here ever wrote to. That says nothing
    of ours, so what would count against it is for a person to read; so is a report that contradicts itself.
    """
    theirs = [one for one in told if {one.recipient, one.original} & set(addresses) - {""}]
    if theirs:
        verdicts = {one.verdict for one in theirs}
        return theirs[0], theirs[0].verdict if len(verdicts) == 1 else Verdict.UNCLEAR
    if not told:
        return None, Verdict.UNCLEAR
    other = told[0]
    nameless = not other.recipient and not other.original
    harmless = all(one.verdict not in CAME_BACK for one in told)
    if harmless or (nameless and len(told) == 1 and other.verdict is not Verdict.HARD):
        return other, other.verdict
    return other, Verdict.UNCLEAR


def _row(work: Work, account_id: UUID, one: Matched) -> dict[str, Any]:
    said = one.heard.said
    waits = said.kind in EVENT_OF_CLASS or one.verdict in FOR_PEOPLE
    return {
        "from_address": said.from_address or "",
        "from_name": said.from_name or None,
        "customer_id": one.send.customer_id,
        "send_id": one.send.id,
        "sending_account_id": account_id,
        "subject": said.subject or None,
        "body": said.text or None,
        "cut_at": said.cut_at,
        "class": said.kind,
        "provider_message_id": said.key,
        "message_id": f"<{said.message_id}>" if said.message_id else None,
        "evidence": said.why or None,
        "perhaps_automatic": said.perhaps_automatic,
        "verdict": one.verdict,
        "report": _told_by(one) if said.kind is IncomingClass.REPORT else None,
        "received_at": min(one.heard.received_at, work.now),
        "handled_at": None if waits else work.now,
        "handled_as": None if waits else HandledAs.RECORDED,
    }


def _told_by(one: Matched) -> dict[str, Any]:
    if one.fate is None:
        return {"recipients": 0}
    fate = one.fate
    return {
        "recipients": len(one.heard.said.fates),
        "recipient": fate.recipient,
        "original": fate.original,
        "action": fate.action,
        "status": fate.status,
        "diagnostic": fate.diagnostic,
    }


async def _follow(work: Work, message_id: UUID, one: Matched) -> None:
    """The effects of one new message, and its event: who must know of it is told by that."""
    said, at = one.heard.said, min(one.heard.received_at, work.now)
    match said.kind:
        case IncomingClass.REPORT:
            detail = {
                name: value for name, value in _told_by(one).items() if name in ("status", "diagnostic")
            }
            told = Told(one.send.id, one.verdict or Verdict.UNCLEAR, at, "mailbox", detail, message_id)
            await fates.take_reports(work, [told])
        case IncomingClass.HUMAN:
            await fates.replied(
                work, one.send.id, at, by="unknown" if said.perhaps_automatic else "human_likely"
            )
        case IncomingClass.COMPLAINT:
            await fates.complained(work, one.send.id, at, source="mailbox", incoming_message_id=message_id)
        case _:
            await fates.mentioned(work, [one.send.id])
    event = EVENT_OF_CLASS.get(said.kind) or EVENT_OF_VERDICT.get(
        one.verdict or Verdict.DELAYED, "incoming_message.recorded"
    )
    record = Record(
        message_id,
        one.send.customer_id,
        payload={"class": said.kind, "send_id": str(one.send.id), "verdict": one.verdict},
        private={"from": said.from_address},
    )
    await work.record(event, record)
