"""Suppressions: who must not be written to, about what, and why."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Instant, Line, Made, Shown, Strict
from bursar.outbox import suppressions
from bursar.outbox.states import Channel, Scope, SuppressionReason
from bursar.outbox.suppression_evidence import explain_suppression

router = door("/suppressions", "sends", tag="suppressions")
ByHand = Literal["manual", "complaint", "unsubscribe"]


class SuppressionIn(Strict):
    address: Line
    channel: Channel = Channel.EMAIL
    scope: Scope = Scope.ALL
    reason: ByHand = "manual"
    note: Annotated[str, Field(max_length=500)] | None = None
    expires_at: Instant | None = None


class Suppression(Shown):
    """`customer_name` is of a customer who has this address now."""

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


class Evidence(Shown):
    """How it came about, as far as that is known.

    `sent_at` and `send_subject` are of the message that it followed, `refusal` is what the other mail server said,
    `pressed_at` when its reader pressed the button, `incoming_class` what came in: a report or an answer.
    """

    send_subject: str | None
    sent_at: datetime | None
    refusal: str | None
    pressed_at: datetime | None
    incoming_subject: str | None
    incoming_class: str | None
    received_at: datetime | None
    made_by: str | None
    lifted_by: str | None


class Holder(Shown):
    """A customer who has the address."""

    id: UUID
    name: str


class Explained(Shown):
    """A suppression with its evidence."""

    suppression: Suppression
    evidence: Evidence
    customers: list[Holder]


class SuppressionQuery(Paging):
    text: Line | None = Field(default=None, description="A part of the address.")
    address: Line | None = Field(default=None, description="Exactly this address.")
    scope: Scope | None = Field(default=None, description="What is stopped.")
    reason: SuppressionReason | None = Field(default=None, description="Why.")
    lifted: bool = Field(default=False, description="Those that were lifted too.")


@router.get("")
async def list_suppressions(work: Acting, asked: Annotated[SuppressionQuery, Query()]) -> Listed[Suppression]:
    """The newest first."""
    page = await suppressions.list_suppressions(
        work,
        text=asked.text,
        address_key=asked.address.lower() if asked.address else None,
        scope=asked.scope,
        reason=asked.reason,
        lifted=asked.lifted,
        cursor=asked.after,
        limit=asked.limit,
    )
    items = [Suppression.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def suppress_address(work: Acting, given: SuppressionIn) -> Made:
    """What is queued for the address in this scope is suppressed at once; twice is once."""
    wanted = given.model_dump(exclude={"reason"})
    return Made(id=await suppressions.suppress(work, reason=SuppressionReason(given.reason), **wanted))


@router.get("/{suppression_id}")
async def get_suppression(work: Acting, suppression_id: UUID) -> Explained:
    """With what it stands on: the message, the report, the press of a button."""
    return Explained.model_validate(await explain_suppression(work, suppression_id))


@router.delete("/{suppression_id}", status_code=204)
async def lift_suppression(
    work: Acting,
    suppression_id: UUID,
    because: Annotated[Line | None, Query(description="Why; it stands beside it for good.")] = None,
) -> None:
    """Write to the address again; the row stays as a trace."""
    await suppressions.lift(work, suppression_id, because=because)
