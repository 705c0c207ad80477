"""Exclusions: customers and invoices that no campaign writes about until somebody lifts them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Day, Line, Made, Shown, Strict
from bursar.chasing import exclusions
from bursar.chasing.states import Covers

router = door("/exclusions", "campaigns", tag="exclusions")


class ExclusionIn(Strict):
    """About all of a customer's invoices, or one of them; `until` is its last day."""

    customer_id: UUID
    invoice_id: UUID | None = None
    covers: Covers = Covers.EVERYTHING
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    until: Day | None = None


class Exclusion(Shown):
    id: UUID
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    covers: Covers
    reason: str
    until: date | None
    lifted_at: datetime | None
    created_at: datetime
    in_force: bool


class ExclusionQuery(Paging):
    text: Line | None = Field(default=None, description="A part of the customer's name, number or reason.")
    customer_id: UUID | None = None
    lifted: bool = Field(default=False, description="Those that no longer hold too.")


@router.get("")
async def list_exclusions(work: Acting, asked: Annotated[ExclusionQuery, Query()]) -> Listed[Exclusion]:
    """The newest first."""
    page = await exclusions.list_exclusions(
        work,
        text=asked.text,
        customer_id=asked.customer_id,
        lifted=asked.lifted,
        cursor=asked.after,
        limit=asked.limit,
    )
    items = [Exclusion.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def exclude(work: Acting, given: ExclusionIn) -> Made:
    """What waits about it is taken out at once; the same again keeps the new words."""
    told = given.model_dump()
    return Made(id=await exclusions.exclude(work, told.pop("customer_id"), **told))


@router.delete("/{exclusion_id}", status_code=204)
async def lift_exclusion(work: Acting, exclusion_id: UUID) -> None:
    """They may be written about again; the row stays as a trace."""
    await exclusions.lift(work, exclusion_id)
