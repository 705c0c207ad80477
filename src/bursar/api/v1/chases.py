"""Chases: how customers and invoices stand on sequences; paused, resumed, stopped, started again."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Day, Shown, Strict
from bursar.chasing.sequences import chases
from bursar.chasing.states import ChaseState, PauseReason
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work

router = door("/chases", "campaigns", tag="chases")
Because = Annotated[str, Field(max_length=300)]


class Chase(Shown):
    """`invoice_id` null: all that the sequence covers of this customer. `paused_until` is the first day it goes on."""

    id: UUID
    version: int
    sequence_id: UUID
    sequence_name: str
    sequence_active: bool
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    state: ChaseState
    pause_reason: PauseReason | None
    paused_until: date | None
    note: str | None
    touch_number: int
    last_touch_on: date | None
    next_touch_on: date | None


class ChaseQuery(Paging):
    customer: UUID | None = None
    invoice: UUID | None = None
    sequence: UUID | None = None
    state: ChaseState | None = None


class ChaseIn(Strict):
    """Of a customer's invoices all together, or of one invoice: give one of the two."""

    customer_id: UUID | None = None
    invoice_id: UUID | None = None


class PauseIn(Strict):
    """Without `until` until somebody resumes it."""

    until: Day | None = None
    reason: Because | None = None


class StopIn(Strict):
    reason: Because


@router.get("")
async def list_chases(work: Acting, asked: Annotated[ChaseQuery, Query()]) -> Listed[Chase]:
    """The newest first."""
    page = await chases.list_chases(
        work,
        customer_id=asked.customer,
        invoice_id=asked.invoice,
        sequence_id=asked.sequence,
        state=asked.state,
        cursor=asked.after,
        limit=asked.limit,
    )
    items = [Chase.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def name_chases(work: Acting, given: ChaseIn) -> Listed[Chase]:
    """The chases of a customer or an invoice, to pause or stop them; made where none is."""
    if (given.customer_id is None) == (given.invoice_id is None):
        raise Invalid(N_("Name a customer or an invoice."), code="customer_or_invoice", field="customer_id")
    if given.customer_id is not None:
        ids = await chases.chase_of_customer(work, given.customer_id)
    else:
        ids = await chases.chase_of_invoice(work, given.invoice_id or UUID(int=0))
    found = [await chases.get_chase(work, one) for one in ids]
    return Listed(items=[Chase.model_validate(one) for one in found], next_cursor=None)


@router.get("/{chase_id}")
async def get_chase(work: Acting, chase_id: UUID, response: Response) -> Chase:
    return await _shown(work, chase_id, response)


@router.post("/{chase_id}/pause", status_code=201)
async def pause_chase(
    work: Acting, chase_id: UUID, version: Version, response: Response, given: PauseIn | None = None
) -> Chase:
    """Leave them in peace; what waits is called off."""
    given = given or PauseIn()
    await chases.pause(work, chase_id, until=given.until, because=given.reason, version=version)
    return await _shown(work, chase_id, response)


@router.delete("/{chase_id}/pause")
async def resume_chase(work: Acting, chase_id: UUID, version: Version, response: Response) -> Chase:
    """What was missed becomes one touch."""
    await chases.resume(work, chase_id, version=version)
    return await _shown(work, chase_id, response)


@router.post("/{chase_id}/stop", status_code=201)
async def stop_chase(
    work: Acting, chase_id: UUID, given: StopIn, version: Version, response: Response
) -> Chase:
    """Write no more about it, until somebody starts it again."""
    await chases.stop(work, chase_id, because=given.reason, version=version)
    return await _shown(work, chase_id, response)


@router.post("/{chase_id}/start", status_code=201)
async def start_chase(work: Acting, chase_id: UUID, version: Version, response: Response) -> Chase:
    """Chase again what was stopped or done."""
    await chases.start(work, chase_id, version=version)
    return await _shown(work, chase_id, response)


async def _shown(work: Work, chase_id: UUID, response: Response) -> Chase:
    found = await chases.get_chase(work, chase_id)
    etags.tag(response, found.version)
    return Chase.model_validate(found)
