"""Say why: for an invoice, a customer or a send what happens next, when, and what stands in the way (promise 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from bursar.chasing.evidence import About, Evidence, evidence_of
from bursar.chasing.queries import why as queries
from bursar.chasing.states import ExcludedReason
from bursar.chasing.upcoming import Upcoming, upcoming
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.work import Work
from bursar.outbox.accounts import list_accounts
from bursar.outbox.states import SUPPRESSED_AS, SuppressionReason
from bursar.tenancy.calendars import calendar_of

SHOWN = 20
WAITING = frozenset({"queued", "sending", "uncertain"})

NEXT = {
    "sending": N_("It is on the wire right now."),
    "send": N_("It leaves with the next batch of its mailbox."),
    "window": N_("It leaves when the sending hours begin."),
    "release": N_("It waits for somebody to release its campaign."),
    "scheduled": N_("It leaves when its campaign does."),
    "list": N_("It stands in a day's list that waits for somebody to let it go."),
    "list_scheduled": N_("It leaves when its day's list does."),
    "paused": N_("Its campaign is paused."),
    "touch": N_("The next message of its sequence is planned."),
    "account": N_("Its mailbox cannot send at present."),
    "no_account": N_("No mailbox is connected that could send it."),
    "document": N_("It leaves as soon as its PDF is printed."),
    "changed": N_("Something changed since it was reviewed; an agent must look at it."),
    "resolve": N_("Nobody knows whether it arrived; an agent must say what became of it."),
    "nothing": N_("Nothing more happens by itself."),
}
"""What comes next, by code: a sentence for people."""


@dataclass(frozen=True, slots=True)
class SendLine:
    """One send about the thing: where it stands, when it left or may leave, and why not.

    `notice` is the kind of what billing wrote by itself, `sequence` the ladder that wrote it.
    """

    id: UUID
    state: str
    reason: str | None
    at: datetime
    campaign: str | None
    crossed: bool
    notice: str | None = None
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Through which account the next message goes, and when all that waits for it will have left at its pace."""

    id: UUID
    address: str
    queued: int
    finishes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Why:
    """The answer. `next` is a code of `NEXT`; `stopped_by` are reasons that keep the thing from being said.

    `evidence` is what those reasons stand on, `run_id` the list that the next message stands in, `upcoming` the next
    touch of a sequence while no message is on its way.
    """

    kind: str
    id: UUID
    name: str
    state: str
    next: str
    next_at: datetime | None
    stopped_by: tuple[str, ...]
    sends: tuple[SendLine, ...] = field(default=())
    evidence: tuple[Evidence, ...] = field(default=())
    mailbox: Mailbox | None = None
    run_id: UUID | None = None
    upcoming: Upcoming | None = None


async def why(work: Work, kind: str, key: str) -> Why:
    """`kind` is invoice (id or number), customer (id, code or e-mail) or send (id). Raises `NotFound`."""
    if kind == "invoice":
        return await _why_invoice(work, key)
    if kind == "customer":
        return await _why_customer(work, key)
    if kind == "send":
        return await _why_send(work, key)
    raise Invalid(N_("Ask about an invoice, a customer or a send."), code="unknown_kind", field="kind")


async def _why_invoice(work: Work, key: str) -> Why:
    rows = (await work.db.execute(queries.invoice(work, _id_or_text(key)))).all()
    if not rows:
        raise NotFound("invoice")
    if len(rows) > 1:
        raise Invalid(
            N_("%(number)s stands in several series: %(series)s. Ask by its id."),
            code="number_ambiguous",
            field="id",
            number=key,
            series=", ".join(row.series for row in rows),
        )
    [row] = rows
    sends = (await work.db.execute(queries.sends_about(work, [row.id], SHOWN))).all()
    stopped = {row.stopped_by} if row.stopped_by else set()
    if row.promised and row.state == "issued":
        stopped.add(ExcludedReason.PROMISE)
    if row.being_paid and row.state == "issued":
        stopped.add(ExcludedReason.PROCESSING)
    if row.state == "issued":
        stopped |= {name for name in ("chase_paused", "chase_stopped") if getattr(row, name)}
    live = [send for send in sends if send.dropped_at is None]
    going = [send for send in live if send.state in WAITING]
    plan = None if going else await upcoming(work, invoice_ids=[row.id])
    step, at = await _next(work, live[0]) if live and not stopped else ("nothing", None)
    if plan is not None and step == "nothing" and not stopped:
        step, at = "touch", plan.at
    found = About([row.id], row.customer_id, row.address_key)
    return Why(
        "invoice",
        row.id,
        row.number,
        row.state,
        step,
        at,
        tuple(sorted(stopped)),
        _lines(sends),
        await evidence_of(work, sorted(stopped), found),
        *(await _way_out(work, live[0] if live else None)),
        plan,
    )


async def _why_customer(work: Work, key: str) -> Why:
    row = (await work.db.execute(queries.customer(work, _id_or_text(key)))).first()
    if row is None:
        raise NotFound("customer")
    sends = (await work.db.execute(queries.sends_to(work, row.id, SHOWN))).all()
    stopped = []
    if row.state == "suspended":
        stopped.append("customer_suspended")
    if row.address_key is None:
        stopped.append("no_address")
    if row.suppressed_by:
        stopped.append(SUPPRESSED_AS[SuppressionReason(row.suppressed_by)])
    if row.replied:
        stopped.append("replied")
    stopped += [name for name in ("chase_paused", "chase_stopped") if getattr(row, name)]
    keys = [f"customer/{row.id}", *([row.address_key] if row.address_key else [])]
    waiting = [send for send in sends if send.state in WAITING]
    if waiting and (await work.db.scalars(queries.contact_today(work, keys))).first():
        stopped.append("written_to_today")
    plan = None if waiting else await upcoming(work, customer_id=row.id)
    step, at = await _next(work, waiting[0]) if waiting else ("nothing", None)
    if plan is not None and not stopped:
        step, at = "touch", plan.at
    return Why(
        "customer",
        row.id,
        row.name,
        row.state,
        step,
        at,
        tuple(stopped),
        _lines(sends),
        await evidence_of(work, stopped, About((), row.id, row.address_key)),
        *(await _way_out(work, waiting[0] if waiting else None)),
        plan,
    )


async def _why_send(work: Work, key: str) -> Why:
    send_id = _id_or_text(key)
    if not isinstance(send_id, UUID):
        raise NotFound("send")
    row = (await work.db.execute(queries.one_send(work, send_id))).one_or_none()
    if row is None:
        raise NotFound("send")
    step, at = await _next(work, row)
    stopped = (row.reason,) if row.reason and row.state != "sent" else ()
    ids = list(await work.db.scalars(queries.invoices_of(work, send_id)))
    crossed = ("crossed",) if row.subject_reason == "crossed" else ()
    about = About(ids, row.customer_id, row.address_key)
    return Why(
        "send",
        row.id,
        row.to_address or "",
        row.state,
        step,
        at,
        stopped,
        _lines([row]),
        await evidence_of(work, (*stopped, *crossed), about),
        *(await _way_out(work, row)),
    )


async def _way_out(work: Work, send: Row[Any] | None) -> tuple[Mailbox | None, UUID | None]:
    """Of a send that is still to go: its mailbox with what waits there, and its run."""
    if send is None or send.state != "queued":
        return None, None
    account = next((one for one in await list_accounts(work) if one.id == send.sending_account_id), None)
    if account is None:
        return None, send.run_id
    return Mailbox(account.id, account.address, account.queued, account.finishes_at), send.run_id


async def _next(work: Work, send: Row[Any]) -> tuple[str, datetime | None]:
    """What happens to a send next, as a code of `NEXT`, and when if that is known."""
    standing = _standing(send)
    if standing is not None:
        return standing, send.release_at if standing in ("scheduled", "list_scheduled") else None
    known = (work.now, send.queue_at, send.next_batch_at, send.throttled_until)
    earliest = max(one for one in known if one is not None)
    opens = earliest
    if send.stream != "transactional" and not send.any_hour:
        opens = (await calendar_of(work)).next_open(earliest, ZoneInfo(send.zone or str(work.zone)))
    return ("send" if opens == earliest else "window"), opens


def _standing(send: Row[Any]) -> str | None:
    """Why a send does not simply go with the next batch, or None if it does; the first that holds."""
    held = "scheduled" if send.release_at else "release"
    if send.sequence_id is not None:
        held = "list_scheduled" if send.release_at else "list"
    reasons = (
        (send.state == "sending", "sending"),
        (send.state == "uncertain", "resolve"),
        (send.state != "queued", "nothing"),
        (send.reason == "changed", "changed"),
        (send.reason == "document", "document"),
        (send.run_state == "held", held),
        (send.run_state == "paused", "paused"),
        (send.account_state is None, "no_account"),
        (send.account_state not in ("active", "throttled"), "account"),
    )
    return next((code for holds, code in reasons if holds), None)


def _lines(sends: Sequence[Row[Any]]) -> tuple[SendLine, ...]:
    return tuple(
        SendLine(
            send.id,
            send.state,
            send.subject_reason if send.dropped_at else send.reason,
            send.sent_at or send.queue_at or send.created_at,
            send.campaign_name,
            send.subject_reason == "crossed",
            send.touch_key.split("/")[2] if send.purpose == "notice" else None,
            send.sequence_name,
        )
        for send in sends
    )


def _id_or_text(key: str) -> UUID | str:
    try:
        return UUID(key)
    except ValueError:
        return key.strip()
