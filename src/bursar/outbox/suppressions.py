"""Who must not be written to, about what, and why: said by people, by readers and by what came back (R109)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tokens import Kind, verify
from bursar.core.work import Actor, Office, Origin, Record, Work
from bursar.outbox.queries import suppressions as queries
from bursar.outbox.queries.settling import add_hard_bounces
from bursar.outbox.states import SUPPRESSED_AS, Channel, MailStream, Scope, SuppressionReason
from bursar.tenancy import cells

LARGEST_PAGE = 200
LONGEST_NOTE = 500  # characters
BY_HAND = frozenset({SuppressionReason.MANUAL, SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBE})
STREAMS = {
    Scope.ALL: (MailStream.REMINDER, MailStream.MARKETING),
    Scope.REMINDERS: (MailStream.REMINDER,),
    Scope.MARKETING: (MailStream.MARKETING,),
    Scope.REVIEWS: (),
}
"""What an opt-out of each scope stops; what a person asked for goes all the same. Reviews ask for themselves."""

SCOPE_OF_STREAM = {
    MailStream.REMINDER: Scope.REMINDERS,
    MailStream.MARKETING: Scope.MARKETING,
    MailStream.TRANSACTIONAL: Scope.REMINDERS,
}

EVENTS = {
    SuppressionReason.HARD_BOUNCE: "suppression.hard_bounce",
    SuppressionReason.COMPLAINT: "suppression.complaint",
    SuppressionReason.UNSUBSCRIBE: "suppression.unsubscribe",
    SuppressionReason.MANUAL: "suppression.manual",
    SuppressionReason.ERASURE: "suppression.erasure",
}


@dataclass(frozen=True, slots=True)
class Suppression:
    """`customer_name`: of a customer who has this address now.

    Its evidence: the message by whose link, refusal or report it came about, and what came in and said so.
    """

    id: UUID
    address_key: str
    channel: Channel
    scope: Scope
    reason: SuppressionReason
    source_send_id: UUID | None
    incoming_message_id: UUID | None
    note: str | None
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_because: str | None
    created_at: datetime
    customer_name: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Suppression]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """What a reader ended. `again`: before; `stopped`: all that does not go there now, whoever said so."""

    address: str
    scope: Scope
    again: bool
    stopped: frozenset[Scope] = frozenset()


async def suppress(
    work: Work,
    address: str,
    *,
    channel: Channel = Channel.EMAIL,
    scope: Scope = Scope.ALL,
    reason: SuppressionReason = SuppressionReason.MANUAL,
    source_send: UUID | None = None,
    incoming_message: UUID | None = None,
    note: str | None = None,
    expires_at: datetime | None = None,
) -> UUID:
    """Stop writing to an address; what is queued for it in this scope is suppressed in the same transaction.

    Twice is once. A person may give `BY_HAND` reasons only: bounces and erasures have causes of their own.
    Raises `Invalid` by field.
    """
    work.allow(AgentRole.AGENT)
    if work.actor.type is ActorType.AGENT and reason not in BY_HAND:
        raise Invalid(N_("This reason is not for people to give."), code="reason_not_by_hand", field="reason")
    if expires_at is not None and expires_at <= work.now:
        raise Invalid(N_("The end must be later than now."), code="expires_in_the_past", field="expires_at")
    key = address.strip() if channel is not Channel.EMAIL else cells.parse_email(address, field="address")[1]
    values = {
        "address_key": key,
        "channel": channel,
        "scope": scope,
        "reason": reason,
        "source_send_id": source_send,
        "incoming_message_id": incoming_message,
        "created_by": _agent(work),
        "note": cells.parse_text(note, field="note", limit=LONGEST_NOTE) if note else None,
        "expires_at": expires_at,
    }
    return (await _add(work, values))[0]


async def hard_bounced(work: Work, bounced: Sequence[Row[Any]]) -> None:
    """The addresses of these sends do not exist. What is queued for them stops at its claim, which asks."""
    if not bounced:
        return
    rows = [
        {"address_key": send.address_key, "channel": send.channel, "source_send_id": send.id}
        for send in bounced
    ]
    customers = {send.id: send.customer_id for send in bounced}
    new = (await work.db.execute(add_hard_bounces(work, rows))).all()
    told = {one.id: {"scope": Scope.ALL, "send_id": str(one.source_send_id)} for one in new}
    records = [Record(one.id, customers[one.source_send_id], payload=told[one.id]) for one in new]
    await work.record(EVENTS[SuppressionReason.HARD_BOUNCE], *records)


async def lift(work: Work, suppression_id: UUID, *, because: str | None = None) -> None:
    """Write to the address again; what was suppressed meanwhile stays so. The row keeps the trace.

    Raises `NotFound`, `Conflict` for one that was lifted before, or that an erasure left behind.
    """
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.one(work, suppression_id))).one_or_none()
    if row is None:
        raise NotFound("suppression")
    if row.reason == SuppressionReason.ERASURE:
        raise Conflict(
            N_("Whoever had this address asked to be forgotten. Ask them before you write to it again."),
            code="address_erased",
        )
    if row.lifted_at is not None:
        raise Conflict(N_("This address may be written to already."), code="already_lifted")
    said = cells.parse_text(because, field="because", limit=LONGEST_NOTE) if because else None
    await work.db.execute(queries.lift(work, suppression_id, _agent(work), said))
    told = {"scope": row.scope, "reason": row.reason}
    await work.record("suppression.lift", Record(suppression_id, payload=told))


async def unsubscribe(
    work: Work, send_id: UUID, *, scope: Scope | None = None, user_agent: str | None = None
) -> Unsubscribed:
    """The reader of a send wants no more of its stream: stops it, and what is queued of it. Twice is once (R89).

    With `scope` they chose what to stop themselves. Raises `NotFound`. Other streams go on: who wants no newsletter
    still gets their sign-in codes (T41).
    """
    work.allow(AgentRole.AGENT, customer=True)
    row = (await work.db.execute(queries.recipient(work, send_id))).one_or_none()
    if row is None or not row.address_key:
        raise NotFound("link")
    scope = scope or SCOPE_OF_STREAM[MailStream(row.stream)]
    values = {
        "address_key": row.address_key,
        "channel": row.channel,
        "scope": scope,
        "reason": SuppressionReason.UNSUBSCRIBE,
        "source_send_id": send_id,
    }
    _, new = await _add(work, values, customer_id=row.customer_id)
    if new:
        agent = user_agent[:500] if user_agent else None
        await work.db.execute(queries.add_unsubscribe(work, send_id, row.run_id, agent))
    return Unsubscribed(row.to_address, scope, again=not new)


async def unsubscribe_by_token(
    office: Office,
    token: str,
    *,
    scope: Scope | None = None,
    user_agent: str | None = None,
    origin: Origin = Origin(),
) -> Unsubscribed:
    """The one-click POST and the button of the confirming page: the token is the credential. Raises `NotFound`."""
    signed = verify(office.keyring, Kind.UNSUBSCRIBE, token)
    actor = Actor(ActorType.CUSTOMER)
    async with office.work(signed.tenant_id, actor=actor, cause="unsubscribe", origin=origin) as work:
        return await unsubscribe(work, signed.id, scope=scope, user_agent=user_agent)


async def look_at_token(office: Office, token: str) -> Unsubscribed:
    """What the token would end, for the page that asks; changes nothing. Raises `NotFound`."""
    signed = verify(office.keyring, Kind.UNSUBSCRIBE, token)
    async with office.work(signed.tenant_id, read_only=True) as work:
        row = (await work.db.execute(queries.recipient(work, signed.id))).one_or_none()
        if row is None or not row.address_key:
            raise NotFound("link")
        stream = MailStream(row.stream)
        scope = SCOPE_OF_STREAM[stream]
        stopped = await _stopped(work, row.address_key, row.channel)
        return Unsubscribed(row.to_address, scope, again=scope in stopped, stopped=stopped)


async def list_suppressions(
    work: Work,
    *,
    text: str | None = None,
    scope: Scope | None = None,
    reason: SuppressionReason | None = None,
    channel: Channel | None = None,
    address_key: str | None = None,
    lifted: bool = False,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The newest first; with `lifted` also those that no longer hold. `text` is looked for in the address."""
    size = max(1, min(limit, LARGEST_PAGE))
    wanted = {"text": text, "scope": scope, "reason": reason, "lifted": lifted}
    wanted |= {"channel": channel, "address_key": address_key}
    rows = (await work.db.execute(queries.page(work, wanted, cursor, size + 1))).all()
    found = [suppression_of(row) for row in rows[:size]]
    return Page(found, found[-1].id if len(rows) > size else None)


async def _add(work: Work, values: dict[str, Any], *, customer_id: UUID | None = None) -> tuple[UUID, bool]:
    """The suppression and whether it is new. The event says neither address nor note: those are personal."""
    suppression_id = await work.db.scalar(queries.add(work, values))
    new = suppression_id is not None
    if not new:
        suppression_id = (await work.db.scalars(queries.same(work, values))).one()
        await work.db.execute(queries.extend(work, suppression_id, values.get("expires_at")))
    reason, scope = SuppressionReason(values["reason"]), Scope(values["scope"])
    stopped = await stop_queued(work, values["address_key"], Channel(values["channel"]), scope, reason)
    if new:
        told = {"scope": scope, "send_id": values.get("source_send_id"), "stopped": stopped}
        payload = {name: str(value) if isinstance(value, UUID) else value for name, value in told.items()}
        record = Record(suppression_id, customer_id, payload=payload)
        event = EVENTS[reason]
        await work.record(event, record)
    return suppression_id, new


async def _stopped(work: Work, address_key: str, channel: str) -> frozenset[Scope]:
    """Which of the streams that a reader may end do not go to an address."""
    rows = (await work.db.execute(queries.in_force_at(work, address_key, channel))).all()
    every = frozenset({Scope.ALL, Scope.REMINDERS, Scope.MARKETING})
    if any(row.reason in queries.ALWAYS or row.scope == Scope.ALL for row in rows):
        return every
    found = frozenset(Scope(row.scope) for row in rows) & every
    return every if {Scope.REMINDERS, Scope.MARKETING} <= found else found


async def stop_queued(
    work: Work, address_key: str, channel: Channel, scope: Scope, reason: SuppressionReason
) -> int:
    """Suppress what is queued for an address and may not go any more; how many that were."""
    streams = None if reason in queries.ALWAYS else STREAMS[scope]
    queued = list(await work.db.scalars(queries.lock_queued_to(work, address_key, channel, streams)))
    if not queued:
        return 0
    return len(list(await work.db.scalars(queries.stop(work, queued, SUPPRESSED_AS[reason]))))


def end_of(work: Work, day: date) -> datetime:
    """When a suppression ends that holds until the end of a day, where the firm is."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=work.zone)


def _agent(work: Work) -> UUID | None:
    return work.actor.id if work.actor.type is ActorType.AGENT else None


def suppression_of(row: Any) -> Suppression:
    return Suppression(
        row.id,
        row.address_key,
        Channel(row.channel),
        Scope(row.scope),
        SuppressionReason(row.reason),
        row.source_send_id,
        row.incoming_message_id,
        row.note,
        row.expires_at,
        row.lifted_at,
        row.lifted_because,
        row.created_at,
        row.customer_name,
    )
