"""Sequences: ladders that write by themselves; made, changed, tried, put in order, switched on and off."""

from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BeforeValidator, Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging
from bursar.api.v1.campaigns import Days
from bursar.api.values import Currency, Flag, Line, Shown, ShownMoney, Strict, Whole
from bursar.chasing.sequences import rehearsing, sequences
from bursar.chasing.sequences.ladders import TouchPlan
from bursar.chasing.sequences.sequences import SequencePlan
from bursar.chasing.states import GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.outbox.states import Channel
from bursar.tenancy.states import CustomerKind

router = door("/sequences", "campaigns", tag="sequences")
LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]

ShownTime = Annotated[
    str,
    BeforeValidator(lambda at: at.strftime("%H:%M") if isinstance(at, time) else at),
    Field(examples=["09:00"]),
]


class Segment(Strict):
    """Whom it is for; nothing given is everybody. An amount needs its currency."""

    min_days_overdue: Days | None = None
    max_days_overdue: Days | None = None
    currency: Currency | None = None
    min_balance_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    max_balance_minor: Annotated[Whole, Field(ge=0, le=2**53)] | None = None
    tags: Annotated[list[Line], Field(min_length=1, max_length=50)] | None = None
    customers: Annotated[list[UUID], Field(min_length=1, max_length=10_000)] | None = None
    customer_kind: CustomerKind | None = None
    languages: Annotated[list[Line], Field(min_length=1, max_length=10)] | None = None
    countries: Annotated[list[Line], Field(min_length=1, max_length=250)] | None = None

    def plain(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class TouchIn(Strict):
    """`offset_days` counts from the due date, before it below zero; `template` is a code."""

    offset_days: Annotated[Whole, Field(ge=-60, le=365)]
    template: Line
    severity: Annotated[Whole, Field(ge=0, le=9)]


class SequenceIn(Strict):
    """Without an account the primary mailbox of the day is used. With `auto_release` each day's list goes by itself."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    touches: Annotated[list[TouchIn], Field(min_length=1, max_length=20)]
    description: Annotated[str, Field(max_length=500)] | None = None
    applies_to: Segment = Segment()
    group_by: GroupBy = GroupBy.CUSTOMER
    sending_account_id: UUID | None = None
    sender_name: Line | None = None
    reply_to: Line | None = None
    auto_release: Flag = False
    release_time: LocalTime = "09:00"
    gap_days: Annotated[Whole, Field(ge=1, le=60)] = 3

    def plan(self) -> SequencePlan:
        given = self.model_dump(exclude={"touches", "applies_to", "release_time"})
        return SequencePlan(
            touches=[TouchPlan(one.offset_days, one.template, one.severity) for one in self.touches],
            applies_to=self.applies_to.plain(),
            release_time=time.fromisoformat(self.release_time),
            **given,
        )


class Touch(Shown):
    """`languages` are those in which its template was published."""

    offset_days: int
    channel: Channel
    severity: int
    template_id: UUID
    template_code: str
    template_name: str
    languages: list[str]


class Sequence(Shown):
    """`position`: of several that apply to an invoice the lowest chases it."""

    id: UUID
    name: str
    description: str | None
    applies_to: dict[str, Any]
    position: int
    group_by: GroupBy
    sending_account_id: UUID | None
    sender_name: str | None
    reply_to: str | None
    auto_release: bool
    release_time: ShownTime
    gap_days: int
    active: bool
    archived_at: datetime | None
    touches: list[Touch]


class Reader(Shown):
    """One message that would be written."""

    customer_id: UUID
    name: str
    to_address: str | None
    offset_days: int
    invoices: int
    oldest_due: date


class Rehearsal(Shown):
    """`levels` counts messages by touch, `left_out` invoices by reason; `readers` are the first of them."""

    on_date: date
    messages: int
    levels: dict[int, int]
    totals: list[ShownMoney]
    left_out: dict[str, int]
    readers: list[Reader]


class OrderIn(Strict):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class SequenceQuery(Paging):
    archived: bool = Field(default=False, description="Those of the past too.")


@router.get("")
async def list_sequences(work: Acting, asked: Annotated[SequenceQuery, Query()]) -> Listed[Sequence]:
    """In their order; a firm has few, so that they come on one page."""
    if asked.cursor is not None:
        raise Invalid(N_("This cursor is not one of ours. Start again without it."), code="cursor_unreadable")
    found = await sequences.list_sequences(work, archived=asked.archived)
    return Listed(items=[Sequence.model_validate(one) for one in found], next_cursor=None)


@router.post("", status_code=201)
async def create_sequence(work: Acting, given: SequenceIn, response: Response) -> Sequence:
    """Switched off, and after all others."""
    made = await sequences.create_sequence(work, given.plan())
    response.headers["Location"] = f"/api/v1/sequences/{made}"
    return await _shown(work, made)


@router.post("/default-ladder", status_code=201)
async def install_default_ladder(work: Acting, response: Response) -> Sequence:
    """The ladder that most firms use, switched off; a firm that has a sequence is given its first."""
    made = await sequences.install_default_ladder(work)
    response.headers["Location"] = f"/api/v1/sequences/{made}"
    return await _shown(work, made)


@router.put("/order")
async def order_sequences(work: Acting, given: OrderIn) -> Listed[Sequence]:
    """Those not named come after, as they stood."""
    await sequences.reorder(work, given.ids)
    found = await sequences.list_sequences(work)
    return Listed(items=[Sequence.model_validate(one) for one in found], next_cursor=None)


@router.get("/{sequence_id}")
async def get_sequence(work: Acting, sequence_id: UUID) -> Sequence:
    return await _shown(work, sequence_id)


@router.put("/{sequence_id}")
async def replace_sequence(work: Acting, sequence_id: UUID, given: SequenceIn) -> Sequence:
    """A list that was held is closed and made again."""
    await sequences.edit_sequence(work, sequence_id, given.plan())
    return await _shown(work, sequence_id)


@router.delete("/{sequence_id}", status_code=204)
async def archive_sequence(work: Acting, sequence_id: UUID) -> None:
    """Off for good; what it sent stays in the history."""
    await sequences.archive(work, sequence_id)


@router.post("/{sequence_id}/preview", status_code=201)
async def preview_sequence(work: Acting, sequence_id: UUID) -> Rehearsal:
    """Who would hear what on the next working day; nothing of it is kept."""
    return Rehearsal.model_validate(await rehearsing.rehearse(work, sequence_id))


@router.post("/{sequence_id}/activation", status_code=201)
async def activate_sequence(work: Acting, sequence_id: UUID) -> Sequence:
    """From now on there is a list for each working day. Nothing leaves before its list is let go."""
    await sequences.activate(work, sequence_id)
    return await _shown(work, sequence_id)


@router.delete("/{sequence_id}/activation")
async def deactivate_sequence(work: Acting, sequence_id: UUID) -> Sequence:
    """A list that is held is closed; what was let go goes its way."""
    await sequences.deactivate(work, sequence_id)
    return await _shown(work, sequence_id)


async def _shown(work: Work, sequence_id: UUID) -> Sequence:
    return Sequence.model_validate(await sequences.get_sequence(work, sequence_id))
