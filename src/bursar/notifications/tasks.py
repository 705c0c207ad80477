"""What waits for a person: made by events, ended by what it asked for or by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from bursar.core.errors import NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.notifications.queries import tasks as queries

LONGEST_LIST = 200


class TaskKind(StrEnum):
    """Why somebody must look."""

    RECONNECT = "reconnect"
    RECONNECT_TILL = "reconnect_till"
    UNCERTAIN = "uncertain"
    LATE_MONEY = "late_money"
    PROMISE_BROKEN = "promise_broken"
    DISPUTE = "dispute"
    MATCH_PAYMENT = "match_payment"
    NOT_BILLED = "not_billed"
    REPLY = "reply"
    REPORT = "report"
    CHARGEBACK = "chargeback"
    REFUND_FAILED = "refund_failed"
    ORDER_MONEY = "order_money"
    NOT_INVOICED = "not_invoiced"


@dataclass(frozen=True, slots=True)
class Task:
    """`about_name` is the invoice's number, the account's address, or what a recurring invoice or an order sells."""

    id: UUID
    kind: str
    about_type: str
    about_id: UUID
    about_name: str | None
    customer_id: UUID | None
    customer_name: str | None
    due: date | None
    payload: Mapping[str, Any]


async def list_tasks(work: Work, *, limit: int = LONGEST_LIST) -> list[Task]:
    """The open ones, the longest waiting first."""
    return [
        Task(
            id=row.id,
            kind=row.kind,
            about_type=row.about_type,
            about_id=row.about_id,
            about_name=row.number or row.address or row.sold or row.ordered,
            customer_id=row.customer_id,
            customer_name=row.customer_name,
            due=row.due_on,
            payload=row.payload,
        )
        for row in await work.db.execute(queries.open_tasks(work, limit))
    ]


async def count_tasks(work: Work) -> int:
    return (await work.db.scalars(queries.count_tasks(work))).one()


async def finish_task(work: Work, task_id: UUID) -> None:
    """Somebody has seen to it. Raises `NotFound`, also for one that was done before."""
    work.allow(AgentRole.AGENT)
    row = (await work.db.execute(queries.finish_task(work, task_id))).one_or_none()
    if row is None:
        raise NotFound("task")
    await work.record("task.finish", Record(task_id, row.customer_id, payload={"kind": row.kind}))
