"""What became of messages after they were handed over, written to their sends."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import EngagementKind, SendState, Verdict
from bursar.outbox.tables import attempts, engagements, sends

ARRIVED_AT = ("delivered_at", "replied_at", "opened_at", "clicked_at")
"""Each proves that a message came to its reader's mailbox."""


def lock(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These sends, locked in id order, as readers' hits and settlings lock them."""
    s = sends
    return (
        sa.select(
            s.c.id,
            s.c.state,
            s.c.attempts,
            s.c.customer_id,
            s.c.run_id,
            s.c.channel,
            s.c.to_address,
            s.c.address_key,
            s.c.sending_account_id,
            s.c.sent_at,
        )
        .where(s.c.tenant_id == work.tenant_id, s.c.id == sa.any_(uuids(ids)))
        .order_by(s.c.id)
        .with_for_update(key_share=True)
    )


def found(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """Those of these sends that are uncertain: they arrived, since somebody speaks of them."""
    return (
        _of(work, ids, (SendState.UNCERTAIN,))
        .values(state=SendState.SENT, sent_at=work.now, reason=None, version=sends.c.version + 1)
        .returning(sends.c.id, sends.c.attempts, sends.c.customer_id)
    )


def add_found(work: Work, rows: Sequence[sa.Row[Any]]) -> sa.Insert:
    """A try of each that tells how its outcome came to be known."""
    fixed = {"tenant_id": work.tenant_id, "started_at": work.now, "finished_at": work.now}
    return sa.insert(attempts).values(
        [{**fixed, "send_id": row.id, "number": row.attempts, "outcome": "found"} for row in rows]
    )


def bounce(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """Those of these that were thought to have arrived, and came back for good."""
    return (
        _of(work, ids, (SendState.SENT, SendState.DELIVERED))
        .values(
            state=SendState.BOUNCED, bounced_at=work.now, reason="hard_bounce", version=sends.c.version + 1
        )
        .returning(sends.c.id)
    )


def deliver(work: Work, ids: Sequence[UUID], at: datetime) -> sa.Update:
    """Those of these that were handed over: their provider says that they arrived."""
    return (
        _of(work, ids, (SendState.SENT,))
        .values(state=SendState.DELIVERED, delivered_at=at, version=sends.c.version + 1)
        .returning(sends.c.id)
    )


def reply(work: Work, send_id: UUID, at: datetime) -> sa.Update:
    """The first answer to a send; engagement moves no state."""
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
        .values(replied_at=sa.func.least(sends.c.replied_at, at))
    )


def unreply(work: Work, send_id: UUID) -> sa.Update:
    """A send whose answer proved to be a machine's."""
    return (
        sa.update(sends)
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
        .values(replied_at=None)
    )


def engage(
    work: Work,
    send: sa.Row[Any],
    kind: EngagementKind,
    at: datetime,
    source: str,
    *,
    by: str = "unknown",
    payload: Mapping[str, Any] | None = None,
) -> sa.Insert:
    return sa.insert(engagements).values(
        tenant_id=work.tenant_id,
        send_id=send.id,
        run_id=send.run_id,
        kind=kind,
        at=at,
        source=source,
        payload=dict(payload) if payload else None,
        **{"class": by},
    )


def soft_bounces(work: Work, send: sa.Row[Any], since: datetime) -> sa.Select:
    """How many messages to this send's customer and address came back softly since then, and since the last
    one that arrived: success begins anew (T39).
    """
    e, s = engagements, sends
    theirs = [
        s.c.tenant_id == work.tenant_id,
        s.c.customer_id == send.customer_id,
        s.c.address_key == send.address_key,
    ]
    arrived = sa.select(sa.func.max(sa.func.greatest(*(s.c[name] for name in ARRIVED_AT)))).where(*theirs)
    return (
        sa.select(sa.func.count(sa.distinct(e.c.send_id)))
        .select_from(s.join(e, same_tenant(e, s) & (e.c.send_id == s.c.id)))
        .where(
            *theirs,
            e.c.kind == EngagementKind.BOUNCE,
            e.c.payload["verdict"].astext == Verdict.SOFT,
            e.c.at > since,
            e.c.at > sa.func.coalesce(arrived.scalar_subquery(), since),
        )
    )


def others_arrived(work: Work, send: sa.Row[Any], near: timedelta) -> sa.Select:
    """Whether another reader than this send's shows that a message of about the same time, through the same
    account, came to them.
    """
    s = sends
    since = send.sent_at - near if send.sent_at else work.now - near
    return sa.select(
        sa.exists().where(
            s.c.tenant_id == work.tenant_id,
            s.c.sending_account_id == send.sending_account_id,
            s.c.customer_id.is_distinct_from(send.customer_id),
            s.c.address_key.is_distinct_from(send.address_key),
            s.c.sent_at > since,
            sa.or_(*(s.c[name].is_not(None) for name in ARRIVED_AT)),
        )
    )


def _of(work: Work, ids: Sequence[UUID], states: Sequence[SendState]) -> sa.Update:
    return sa.update(sends).where(
        sends.c.tenant_id == work.tenant_id, sends.c.id == sa.any_(uuids(ids)), sends.c.state.in_(states)
    )
