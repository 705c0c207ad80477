"""The lists of sequences' days: who hears what, what changed since, and letting them go."""

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, Calling, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.v1.reviewing import Preview
from bursar.api.v1.sequences import LocalTime
from bursar.api.values import Flag, Shown, ShownMoney, Strict
from bursar.chasing.previews import previews_in_run
from bursar.chasing.sequences import lists, releasing, staging
from bursar.chasing.states import LeftOut
from bursar.core.errors import NotAllowed
from bursar.core.kinds import AgentRole
from bursar.core.work import Work

router = door("/sequence-lists", "campaigns", tag="sequences")
making = door("/sequence-lists", "campaigns", tag="sequences", in_one_work=False)
messages = door("/sequence-lists", "campaigns", tag="sequences", in_one_work=False)


class DayList(Shown):
    """One day of one sequence, named by its run. `counts` are messages by state, `left_out` invoices by reason."""

    run_id: UUID
    sequence_id: UUID
    sequence_name: str
    sending_account_id: UUID
    on_date: date
    state: str
    reason: str | None
    release_at: datetime | None
    released_at: datetime | None
    released_by: UUID | None
    complete: bool
    counts: dict[str, int]
    left_out: dict[str, int]
    totals: list[ShownMoney]


class LeftOutInvoice(Shown):
    """It had reached a touch and is not in the list."""

    invoice_id: UUID
    number: str
    customer_id: UUID
    customer_name: str
    balance: ShownMoney
    due_date: date
    offset_days: int
    reason: LeftOut


class Difference(Shown):
    """A message that would not go as it was listed: an amount is lower or higher, or the address moved."""

    send_id: UUID
    to_name: str | None
    to_address: str | None
    what: list[str]


class Changes(Shown):
    """Since the list was made: messages stopped and invoices dropped by reason, messages added."""

    stopped: dict[str, int]
    dropped: dict[str, int]
    added: int
    differences: list[Difference]


class ListQuery(Paging):
    sequence: UUID | None = Field(default=None, description="Only of this sequence.")
    held: bool = Field(default=False, description="Only those that wait.")


class LeftOutQuery(Paging):
    reason: LeftOut | None = None


class MessageQuery(Paging):
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class ReleaseIn(Strict):
    """`any_hour` sends outside the firm's hours too."""

    any_hour: Flag = False


class TimeIn(Strict):
    """On its day, by the firm's clock; null: it waits until somebody lets it go."""

    at: LocalTime | None


@router.get("")
async def list_sequence_lists(work: Acting, asked: Annotated[ListQuery, Query()]) -> Listed[DayList]:
    """The newest first, on one page; those that wait in the order of their days."""
    if asked.held:
        found = [one for one in await lists.held_lists(work) if asked.sequence in (None, one.sequence_id)]
    else:
        found = await lists.recent_lists(work, asked.sequence, limit=asked.limit)
    return Listed(items=[DayList.model_validate(one) for one in found[: asked.limit]], next_cursor=None)


@making.post("", status_code=201)
async def stage_sequences(call: Calling) -> Listed[DayList]:
    """The lists of the next working day, now and not with the hour."""
    role = call.caller.actor.role
    if role is None or not role.reaches(AgentRole.AGENT):
        raise NotAllowed(AgentRole.AGENT)
    office, tenant_id = call.house.office, call.caller.tenant_id
    run_ids = await staging.stage_all(office, tenant_id)
    async with office.work(tenant_id, read_only=True, **call.act) as work:
        found = [await lists.get_list(work, run_id) for run_id in run_ids]
    return Listed(items=[DayList.model_validate(one) for one in found], next_cursor=None)


@router.get("/{day_run_id}")
async def get_sequence_list(work: Acting, day_run_id: UUID) -> DayList:
    return await _shown(work, day_run_id)


@router.get("/{day_run_id}/changes")
async def get_list_changes(work: Acting, day_run_id: UUID) -> Changes:
    """What a person should know before they let it go."""
    return Changes.model_validate(await lists.changes(work, day_run_id))


@router.get("/{day_run_id}/left-out")
async def list_sequence_list_left_out(
    work: Acting, day_run_id: UUID, asked: Annotated[LeftOutQuery, Query()]
) -> Listed[LeftOutInvoice]:
    await lists.get_list(work, day_run_id)
    found = await lists.left_out(
        work, day_run_id, reason=asked.reason, after=asked.after, limit=asked.limit + 1
    )
    rows, cursor = page_of(found, asked, lambda row: row.invoice_id)
    return Listed(items=[LeftOutInvoice.model_validate(row) for row in rows], next_cursor=cursor)


@messages.get("/{day_run_id}/messages")
async def list_sequence_messages(
    call: Calling, day_run_id: UUID, asked: Annotated[MessageQuery, Query()]
) -> Listed[Preview]:
    """Each message as it would go now. One is taken out or rewritten as a send."""
    house = call.house
    async with house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        await lists.get_list(work, day_run_id)
        found = await previews_in_run(
            work, house.letters, house.composers, day_run_id, after=asked.after, limit=asked.limit + 1
        )
    rows, cursor = page_of(found, asked, lambda row: row.send_id)
    return Listed(items=[Preview.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/{day_run_id}/release", status_code=201)
async def release_sequence_list(work: Acting, day_run_id: UUID, given: ReleaseIn | None = None) -> DayList:
    """It leaves on its day. A second time is refused."""
    await releasing.release(work, day_run_id, any_hour=given.any_hour if given else False)
    return await _shown(work, day_run_id)


@router.put("/{day_run_id}/time")
async def announce_sequence_list(work: Acting, day_run_id: UUID, given: TimeIn) -> DayList:
    """Say when it goes by itself."""
    await releasing.announce(work, day_run_id, time.fromisoformat(given.at) if given.at else None)
    return await _shown(work, day_run_id)


@router.post("/{day_run_id}/cancellation", status_code=201)
async def cancel_sequence_list(work: Acting, day_run_id: UUID) -> DayList:
    """Call a day off; the next list says what this one would have said."""
    await releasing.cancel(work, day_run_id)
    return await _shown(work, day_run_id)


@router.post("/{day_run_id}/pause", status_code=201)
async def pause_sequence_list(work: Acting, day_run_id: UUID) -> DayList:
    """Nothing further leaves; what is on the wire arrives."""
    await releasing.pause(work, day_run_id)
    return await _shown(work, day_run_id)


@router.delete("/{day_run_id}/pause")
async def resume_sequence_list(work: Acting, day_run_id: UUID) -> DayList:
    await releasing.resume(work, day_run_id)
    return await _shown(work, day_run_id)


async def _shown(work: Work, day_run_id: UUID) -> DayList:
    return DayList.model_validate(await lists.get_list(work, day_run_id))
