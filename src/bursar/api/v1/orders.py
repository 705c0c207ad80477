"""Orders: what customers agreed to buy, how each is paid, and what is decided about money that does not fit."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, Calling, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.v1.invoices import Because
from bursar.api.values import AmountIn, Line, Shown, ShownMoney, Strict, Whole
from bursar.core.work import Work
from bursar.onboarding import ending, order_list, orders, resolving
from bursar.onboarding.order_list import Order as FoundOrder
from bursar.onboarding.order_list import OrderFilter
from bursar.onboarding.orders import NewOrder
from bursar.onboarding.resolving import Resolution
from bursar.onboarding.states import HoldReason, OrderState

router = door("/orders", "orders", tag="orders")


class OrderIn(Strict):
    """Without a price: the customer's own, else the product's."""

    customer_id: UUID
    product_id: UUID
    price: AmountIn | None = Field(default=None, description="Net, in place of what the catalog says.")


class Cancellation(Strict):
    reason: Line | None = None


class Decision(Because):
    """`accept` lets the money pay the order, `refund` sends it back the way it came, `keep` leaves it as credit."""

    how: Resolution


class Order(Shown):
    """`total` is what is paid. `hold_reason` says why money of it stands still; it never changes the state."""

    id: UUID
    version: Whole
    state: OrderState
    hold_reason: HoldReason | None
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    sold: str
    net: ShownMoney
    tax: ShownMoney
    total: ShownMoney
    refunded: ShownMoney
    attempts: Whole
    reminders: Whole
    reminded_at: datetime | None
    paid_at: datetime | None
    payment_link_id: UUID | None
    invoice_id: UUID | None
    invoice_number: str | None
    payment_id: UUID | None
    terms_version: str | None
    terms_accepted_at: datetime | None
    created_at: datetime


class OneOrder(Order):
    pay_address: str | None = Field(description="Where the customer pays it; null once it is not to be paid.")


class Undecided(Shown):
    """`applied` if it is the customer's credit already."""

    amount: ShownMoney
    payment_id: UUID | None
    applied: bool


class OrderQuery(Paging):
    state: OrderState | None = None
    held: bool | None = Field(default=None, description="Those whose money stands still, or does not.")
    customer_id: UUID | None = None
    product_id: UUID | None = None
    payment_link_id: UUID | None = None
    text: Line | None = Field(
        default=None, description="A part of the customer's name or address, or the product."
    )


@router.get("")
async def list_orders(work: Acting, asked: Annotated[OrderQuery, Query()]) -> Listed[Order]:
    """The newest first."""
    wanted = OrderFilter(**asked.model_dump(exclude={"cursor", "limit"}))
    page = await order_list.list_orders(work, wanted, cursor=asked.after, limit=asked.limit)
    items = [Order.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def create_order(work: Acting, call: Calling, given: OrderIn, response: Response) -> OneOrder:
    """For a customer who is known already: nobody registers. They pay at `pay_address`."""
    price = given.price.money("price") if given.price else None
    order_id = await orders.create_order(work, NewOrder(given.customer_id, given.product_id, price=price))
    response.headers["Location"] = f"/api/v1/orders/{order_id}"
    return await _one(work, call, order_id, response)


@router.get("/stuck")
async def list_stuck_orders(work: Acting) -> Listed[Order]:
    """Those whose money waits for a decision or was on its way for three days, the oldest first; always one page."""
    found = await order_list.stuck_orders(work)
    return Listed(items=[Order.model_validate(row) for row in found], next_cursor=None)


@router.get("/{order_id}")
async def get_order(work: Acting, call: Calling, order_id: UUID, response: Response) -> OneOrder:
    return await _one(work, call, order_id, response)


@router.get("/{order_id}/undecided")
async def list_undecided_money(work: Acting, order_id: UUID) -> Listed[Undecided]:
    """Money for this order that does not pay it, for somebody to decide about; always one page."""
    await order_list.get_order(work, order_id)
    found = await order_list.undecided(work, order_id)
    return Listed(items=[Undecided.model_validate(one) for one in found], next_cursor=None)


@router.post("/{order_id}/cancellation", status_code=201)
async def cancel_order(
    work: Acting, call: Calling, order_id: UUID, given: Cancellation, version: Version, response: Response
) -> OneOrder:
    """Nobody is to pay for it any more: its reminders stop and its open checkout is closed."""
    await ending.cancel_order(work, order_id, because=given.reason, version=version)
    return await _one(work, call, order_id, response)


@router.post("/{order_id}/resolution", status_code=201)
async def resolve_order(
    work: Acting, call: Calling, order_id: UUID, given: Decision, version: Version, response: Response
) -> OneOrder:
    """Decide about money that is not what was asked for, or came too late or twice."""
    await resolving.resolve_order(work, order_id, given.how, because=given.reason, version=version)
    return await _one(work, call, order_id, response)


async def _one(work: Work, call: Calling, order_id: UUID, response: Response) -> OneOrder:
    found = await order_list.get_order(work, order_id)
    etags.tag(response, found.version)
    return _told(work, found, call.house.settings.base_url)


def _told(work: Work, found: FoundOrder, base_url: str) -> OneOrder:
    shown = Order.model_validate(found)
    address = order_list.pay_address(work, found, base_url) if found.may_be_paid else None
    return OneOrder(**{name: getattr(shown, name) for name in Order.model_fields}, pay_address=address)
