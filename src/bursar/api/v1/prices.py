"""Customers' prices: from a day on, one after the other."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import AmountIn, Day, Flag, Line, Shown, ShownMoney, Strict
from bursar.billing.billed import billed_through
from bursar.catalog import prices
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import CustomerPrice
from bursar.core.work import Work

router = door("/prices", "catalog", tag="prices")


class PriceIn(Strict):
    """Closes the price that holds on its first day, and ends where the next one begins.

    Days that were billed keep their prices. Past days and another currency than the product's have to be said.
    """

    customer_id: UUID
    product_id: UUID
    unit_price: AmountIn
    effective_from: Day
    effective_to: Day | None = Field(default=None, description="The first day on which it no longer holds.")
    backdated: Flag = False
    other_currency: Flag = False


class PriceEdit(Strict):
    unit_price: AmountIn


class PriceEnd(Strict):
    """Without a day it holds until the next one begins."""

    effective_to: Day | None = None
    backdated: Flag = False


class Price(Shown):
    """`used_at`: since then an issued invoice rests on it, and only its end may change."""

    id: UUID
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    unit_price: ShownMoney
    effective_from: date
    effective_to: date | None
    used_at: datetime | None


class PriceQuery(Paging):
    customer_id: UUID | None = None
    product_id: UUID | None = None
    on: Day | None = Field(default=None, description="Those that hold on this day.")
    text: Line | None = Field(default=None, description="A part of the customer's name or code.")


@router.get("")
async def list_prices(work: Acting, asked: Annotated[PriceQuery, Query()]) -> Listed[Price]:
    """The newest first, past and future ones too."""
    wanted = {"customer_id": asked.customer_id, "product_id": asked.product_id}
    page = await prices.list_prices(
        work, **wanted, on=asked.on, text=asked.text, cursor=asked.after, limit=asked.limit
    )
    items = [_shown(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def add_price(work: Acting, given: PriceIn, response: Response) -> Price:
    """The same price a second time is the one that is there."""
    new = NewPrice(
        **given.model_dump(exclude={"unit_price"}), unit_price=given.unit_price.money("unit_price")
    )
    price_id = await prices.add_price(work, new, billed=billed_through)
    response.headers["Location"] = f"/api/v1/prices/{price_id}"
    return await _one(work, price_id)


@router.get("/{price_id}")
async def get_price(work: Acting, price_id: UUID) -> Price:
    return await _one(work, price_id)


@router.patch("/{price_id}")
async def edit_price(work: Acting, price_id: UUID, given: PriceEdit) -> Price:
    """Another amount, as long as nothing was billed by it."""
    await prices.edit_price(work, price_id, given.unit_price.money("unit_price"), billed=billed_through)
    return await _one(work, price_id)


@router.post("/{price_id}/end", status_code=201)
async def end_price(work: Acting, price_id: UUID, given: PriceEnd) -> Price:
    await prices.end_price(
        work, price_id, given.effective_to, billed=billed_through, backdated=given.backdated
    )
    return await _one(work, price_id)


@router.delete("/{price_id}", status_code=204)
async def remove_price(work: Acting, price_id: UUID) -> None:
    """As long as nothing was billed by it; the one before it goes on in its place."""
    await prices.remove_price(work, price_id, billed=billed_through)


async def _one(work: Work, price_id: UUID) -> Price:
    return _shown(await prices.get_price(work, price_id))


def _shown(row: CustomerPrice) -> Price:
    return Price.model_validate(
        {name: getattr(row, name) for name in Price.model_fields if name != "used_at"} | {"used_at": row.used}
    )
