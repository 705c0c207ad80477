"""A room wants to say something: one send, or a set of them for a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from bursar.core.work import Work
from bursar.outbox.queries import ordering as queries
from bursar.outbox.states import Channel, MailStream, Purpose, SendState


@dataclass(frozen=True, slots=True)
class Subject:
    """Something a send is about. `touch` names the rung of a ladder: each subject has a rung once, ever."""

    type: str
    id: UUID
    touch: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What all sends of a set have in common. With `waits_for` they stay in the queue until `sends.let_go`; none
    leaves it before `not_before`.
    """

    purpose: Purpose
    stream: MailStream
    channel: Channel = Channel.EMAIL
    run_id: UUID | None = None
    sending_account_id: UUID | None = None
    priority: int = 5
    waits_for: str | None = None
    not_before: datetime | None = None


async def primary_account(work: Work, channel: Channel = Channel.EMAIL) -> UUID | None:
    """The account that sends when nobody chose one."""
    return await work.db.scalar(queries.primary_account(work, channel))


async def order_many(work: Work, order: Order, kind: str, due: Select) -> None:
    """Order a send for each touch key of `due`, whose columns are `queries.ordering.DUE`; twice is once.

    Rows without an address are ordered too: their claim suppresses them, so that "why not" has an answer.
    """
    await work.db.execute(queries.CREATE_STAGED)
    await work.db.execute(queries.empty_staged())
    await work.db.execute(queries.stage(due))
    await work.db.execute(queries.ANALYZE_STAGED)
    told = {
        "purpose": order.purpose,
        "stream": order.stream,
        "channel": order.channel,
        "run_id": order.run_id,
        "sending_account_id": order.sending_account_id,
        "priority": order.priority,
        **({"queue_at": order.not_before} if order.not_before else {}),
        **({"reason": order.waits_for, "queue_at": None} if order.waits_for else {}),
    }
    await work.db.execute(queries.order_sends(work, told))
    await work.db.execute(queries.order_subjects(work, kind))


async def order(
    work: Work,
    order: Order,
    *,
    touch_key: str,
    to_address: str | None,
    address_key: str | None,
    to_name: str | None,
    locale: str,
    template_version_id: UUID | None,
    customer_id: UUID | None = None,
    subjects: Sequence[Subject] = (),
    not_before: datetime | None = None,
    reviewed: dict[str, Any] | None = None,
) -> UUID | None:
    """Order one send; None if this touch was ordered before. Without an address it is born suppressed.

    One without a template's version says what an agent writes for it (`resolving.edit_text`).
    """
    account = order.sending_account_id
    if account is None:
        account = await primary_account(work, order.channel)
    values = {
        "purpose": order.purpose,
        "stream": order.stream,
        "channel": order.channel,
        "run_id": order.run_id,
        "sending_account_id": account,
        "priority": order.priority,
        "touch_key": touch_key,
        "customer_id": customer_id,
        "to_address": to_address,
        "address_key": address_key,
        "to_name": to_name,
        "locale": locale,
        "template_version_id": template_version_id,
        "state": SendState.QUEUED if to_address else SendState.SUPPRESSED,
        "reason": order.waits_for if to_address else "no_address",
        "reviewed": reviewed,
        "queue_at": (not_before or work.now) if to_address and not order.waits_for else None,
    }
    send_id = (await work.db.scalars(queries.add_one(work, values))).one_or_none()
    if send_id is not None and subjects:
        rows = [{"subject_type": one.type, "subject_id": one.id, "touch": one.touch} for one in subjects]
        await work.db.execute(queries.add_subjects(work, send_id, customer_id, rows))
    return send_id
