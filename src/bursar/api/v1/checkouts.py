"""Checkouts: attempts of customers to pay for an invoice or an order by card."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Shown, ShownMoney
from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus
from bursar.billing.tills import checkout_list

router = door("/checkouts", "payments", tag="checkouts")


class Checkout(Shown):
    """`standing` says in a word how it is: "processing" is money under way, "mismatched" money of another amount or
    currency than was asked for, of which nothing was applied. `payment_id` is the payment it became.
    """

    id: UUID
    version: int
    customer_id: UUID
    till_id: UUID
    about: PaidFor
    about_id: UUID
    attempt: int
    amount: ShownMoney
    state: CheckoutState
    payment_status: PaymentStatus
    standing: Literal["open", "expired", "processing", "failed", "mismatched", "paid"]
    session_id: str | None
    payment_intent: str | None
    payment_id: UUID | None
    expires_at: datetime
    seen_at: datetime | None
    created_at: datetime


class CheckoutQuery(Paging):
    customer_id: UUID | None = None
    about: PaidFor | None = None
    about_id: UUID | None = None


@router.get("")
async def list_checkouts(work: Acting, asked: Annotated[CheckoutQuery, Query()]) -> Listed[Checkout]:
    """The newest first."""
    found = await checkout_list.list_checkouts(
        work,
        customer_id=asked.customer_id,
        about=asked.about,
        about_id=asked.about_id,
        before=asked.after,
        limit=asked.limit + 1,
    )
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Checkout.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{checkout_id}")
async def get_checkout(work: Acting, checkout_id: UUID, response: Response) -> Checkout:
    found = await checkout_list.get_checkout(work, checkout_id)
    etags.tag(response, found.version)
    return Checkout.model_validate(found)
