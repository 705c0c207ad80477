"""What becomes of a message after it was handed over, by whoever tells: a report in a mailbox, a provider's event,
an answer (lifecycle 10 from `sent` on; R98). All in the Work of who heard it.

Whoever speaks of a message by its id has it, or got it from who has: an uncertain one is found by that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.core.work import Record, Work
from bursar.outbox.queries import fates as queries
from bursar.outbox.states import EngagementKind, SuppressionReason, Verdict
from bursar.outbox.suppressions import suppress

SOFT_MOST = 3
SOFT_WITHIN = timedelta(days=14)
SOFT_NOTE = "3 messages came back within 14 days"
CAME_BACK = frozenset({Verdict.HARD, Verdict.SOFT, Verdict.POLICY})


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one send, when, and by what. `detail` stands beside the engagement, for people."""

    send_id: UUID
    verdict: Verdict
    at: datetime
    source: str  # mailbox, webhook
    detail: Mapping[str, Any] = field(default_factory=dict)
    incoming_message_id: UUID | None = None


async def take_reports(work: Work, told: Sequence[Told]) -> None:
    """What R98 says follows for the sends and their addresses. Nobody is suppressed by policy, delay or doubt.

    That an account is refused is looked after before: see `incoming.breaker`.
    """
    known = await _locked(work, [one.send_id for one in told])
    for one in told:
        send = known.get(one.send_id)
        if send is None:
            continue
        if one.verdict in CAME_BACK:
            payload = {**one.detail, "verdict": one.verdict}
            await work.db.execute(
                queries.engage(work, send, EngagementKind.BOUNCE, one.at, one.source, payload=payload)
            )
        if one.verdict is Verdict.HARD:
            await work.db.execute(queries.bounce(work, [send.id]))
            await _stop_address(work, send, one)
        elif one.verdict is Verdict.SOFT:
            await _count_soft(work, send, one)
        elif one.verdict is Verdict.DELIVERED:
            await work.db.execute(queries.deliver(work, [send.id], one.at))
            await work.db.execute(
                queries.engage(work, send, EngagementKind.DELIVERED, one.at, one.source, payload=one.detail)
            )


async def replied(work: Work, send_id: UUID, at: datetime, *, by: str) -> None:
    """Its reader answered. Engagement alone: what pauses because of it, other rooms decide."""
    send = (await _locked(work, [send_id])).get(send_id)
    if send is None:
        return
    await work.db.execute(queries.reply(work, send_id, at))
    await work.db.execute(queries.engage(work, send, EngagementKind.REPLY, at, "mailbox", by=by))


async def mentioned(work: Work, send_ids: Sequence[UUID]) -> None:
    """Something refers to these that says no more than that they arrived."""
    await _locked(work, send_ids)


async def complained(
    work: Work, send_id: UUID, at: datetime, *, source: str, incoming_message_id: UUID | None = None
) -> None:
    """Its reader called it unwanted: nothing more goes to the address."""
    send = (await _locked(work, [send_id])).get(send_id)
    if send is None:
        return
    await work.db.execute(queries.engage(work, send, EngagementKind.COMPLAINT, at, source))
    if send.to_address:
        await suppress(
            work,
            send.to_address,
            reason=SuppressionReason.COMPLAINT,
            source_send=send_id,
            incoming_message=incoming_message_id,
        )


async def _locked(work: Work, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The sends, locked; what was uncertain of them is found, and its mailbox needs no look any more."""
    if not ids:
        return {}
    rows = {row.id: row for row in await work.db.execute(queries.lock(work, ids))}
    found = (await work.db.execute(queries.found(work, list(rows)))).all() if rows else []
    if found:
        await work.db.execute(queries.add_found(work, found))
        await work.record("send.found", *(Record(row.id, row.customer_id) for row in found))
    return rows


async def _stop_address(work: Work, send: Row[Any], told: Told, note: str | None = None) -> None:
    if send.to_address:
        await suppress(
            work,
            send.to_address,
            reason=SuppressionReason.HARD_BOUNCE,
            source_send=send.id,
            incoming_message=told.incoming_message_id,
            note=note,
        )


async def _count_soft(work: Work, send: Row[Any], told: Told) -> None:
    """Three within two weeks, none arriving between them, and the address is given up."""
    if send.customer_id is None:
        return
    many = await work.db.scalar(queries.soft_bounces(work, send, told.at - SOFT_WITHIN))
    if many and many >= SOFT_MOST:
        await _stop_address(work, send, told, SOFT_NOTE)
