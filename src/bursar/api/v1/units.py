"""Billable units: what is counted for a customer's monthly bill."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Day, Line, Shown, Strict
from bursar.catalog import units
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import clean_label
from bursar.core.errors import Refusal

router = door("/units", "catalog", tag="units")
MOST_UNITS = 2_000


class UnitIn(Strict):
    """In service from its first day up to, not including, its last."""

    customer_id: UUID
    product_id: UUID
    label: Line
    active_from: Day
    active_to: Day | None = None

    def unit(self) -> NewUnit:
        given = {name: getattr(self, name) for name in UnitIn.model_fields}
        return NewUnit(**{**given, "label": clean_label(self.label)})


class UnitsIn(Strict):
    units: Annotated[list[UnitIn], Field(min_length=1, max_length=MOST_UNITS)]


class Retirement(Strict):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_UNITS)]
    on: Day


class Unit(Shown):
    id: UUID
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    label: str
    active_from: date
    active_to: date | None


class UnitsAdded(Shown):
    """Ids in the order of the units given; one that was there already is the one that is there."""

    ids: list[UUID]


class Retired(Shown):
    retired: int


class Count(Shown):
    customer_id: UUID
    product_id: UUID
    units: int


class UnitQuery(Paging):
    customer_id: UUID | None = None
    product_id: UUID | None = None
    on: Day | None = Field(default=None, description="Those in service on this day.")
    text: Line | None = Field(default=None, description="A part of the label, or of the customer's name.")


class CountQuery(Strict):
    on: Day | None = Field(default=None, description="Today, if left out.")
    customer_id: UUID | None = None
    product_id: UUID | None = None


@router.get("")
async def list_units(work: Acting, asked: Annotated[UnitQuery, Query()]) -> Listed[Unit]:
    """The newest first, retired ones too."""
    page = await units.list_units(
        work,
        customer_id=asked.customer_id,
        product_id=asked.product_id,
        on=asked.on,
        text=asked.text,
        cursor=asked.after,
        limit=asked.limit,
    )
    items = [_shown(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.get("/counts")
async def count_units(work: Acting, asked: Annotated[CountQuery, Query()]) -> Listed[Count]:
    """How many are in service on a day, for each customer and product; who has none is left out."""
    found = await units.count_units(
        work, asked.on or work.today, customer_id=asked.customer_id, product_id=asked.product_id
    )
    items = [
        Count(customer_id=customer_id, product_id=product_id, units=count)
        for (customer_id, product_id), count in found.items()
    ]
    return Listed(items=items, next_cursor=None)


@router.post("", status_code=201)
async def add_units(work: Acting, given: UnitsIn) -> UnitsAdded:
    """All or none."""
    answers = await units.add_units(work, [unit.unit() for unit in given.units])
    for answer in answers:
        if isinstance(answer, Refusal):
            raise answer
    return UnitsAdded(
        ids=[answer.unit_id for answer in answers if not isinstance(answer, Refusal) and answer.unit_id]
    )


@router.post("/retirements", status_code=201)
async def retire_units(work: Acting, given: Retirement) -> Retired:
    """Not counted from that day on. All or none."""
    return Retired(retired=await units.retire_units(work, given.ids, given.on))


@router.delete("/{unit_id}", status_code=204)
async def remove_unit(work: Acting, unit_id: UUID) -> None:
    """It was never there: for mistakes."""
    await units.remove_unit(work, unit_id)


def _shown(row: units.Unit) -> Unit:
    return Unit.model_validate({name: getattr(row, name) for name in Unit.model_fields})
