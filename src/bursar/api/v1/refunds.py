"""Refunds: money that goes back to a customer."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.v1.invoices import Because
from bursar.api.values import AmountIn, Day, Flag, Line, Shown, ShownMoney
from bursar.billing import refunding, refunds
from bursar.billing.states import RefundState

router = door("/refunds", "payments", tag="refunds")
of_invoices = door("/invoices/{invoice_id}/refunds", "payments", tag="refunds")


class RefundOptions(Because):
    """`done` if the money has left already; otherwise it waits for its success or failure. `by_till` sends it back to
    the card that paid, through the payment provider, which says how that ended.
    """

    refunded_on: Day | None = None
    method: Line | None = None
    reference: Line | None = None
    done: Flag = True
    by_till: Flag = False


class RefundIn(RefundOptions):
    """Money of one payment that pays nothing; `credit_note_id` says what of a paid invoice it gives back."""

    payment_id: UUID
    amount: AmountIn
    credit_note_id: UUID | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class InvoiceRefundIn(RefundOptions):
    """All that was paid on the invoice, or `amount` of it."""

    amount: AmountIn | None = None


class Refund(Shown):
    id: UUID
    version: int
    payment_id: UUID
    customer_id: UUID
    credit_note_id: UUID | None
    amount: ShownMoney
    refunded_on: date
    method: str | None
    reference: str | None
    reason: str
    external_id: str | None
    till_id: UUID | None
    last_error: str | None
    state: RefundState
    created_at: datetime


class RefundQuery(Paging):
    customer_id: UUID | None = None
    payment_id: UUID | None = None
    invoice_id: UUID | None = None


@router.get("")
async def list_refunds(work: Acting, asked: Annotated[RefundQuery, Query()]) -> Listed[Refund]:
    """The newest first."""
    about = {name: getattr(asked, name) for name in ("customer_id", "payment_id", "invoice_id")}
    found = await refunds.list_refunds(work, **about, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Refund.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def refund_payment(work: Acting, given: RefundIn, response: Response) -> Refund:
    plain = given.model_dump(exclude={"amount", "refunded_on"})
    made = await refunds.refund_payment(
        work,
        refunds.NewRefund(amount=given.amount.money(), refunded_on=given.refunded_on or work.today, **plain),
    )
    response.headers["Location"] = f"/api/v1/refunds/{made.id}"
    return _shown(made, response)


@router.get("/{refund_id}")
async def get_refund(work: Acting, refund_id: UUID, response: Response) -> Refund:
    return _shown(await refunds.get_refund(work, refund_id), response)


@router.post("/{refund_id}/success", status_code=201)
async def succeed_refund(work: Acting, refund_id: UUID, version: Version, response: Response) -> Refund:
    """The money arrived."""
    return _shown(await refunds.succeed_refund(work, refund_id, version=version), response)


@router.post("/{refund_id}/failure", status_code=201)
async def fail_refund(
    work: Acting, refund_id: UUID, given: Because, version: Version, response: Response
) -> Refund:
    """The money did not go: it is the customer's credit again."""
    made = await refunds.fail_refund(work, refund_id, because=given.reason, version=version)
    return _shown(made, response)


@of_invoices.post("", status_code=201)
async def refund_invoice(work: Acting, invoice_id: UUID, given: InvoiceRefundIn) -> Listed[Refund]:
    """Give a paid invoice back; the credit note that is missing is issued. One refund for each payment."""
    plain = given.model_dump(exclude={"amount", "reason"})
    made = await refunding.refund_invoice(
        work,
        invoice_id,
        because=given.reason,
        amount=given.amount.money() if given.amount else None,
        **plain,
    )
    return Listed(items=[Refund.model_validate(one) for one in made], next_cursor=None)


def _shown(found: refunds.Refund, response: Response) -> Refund:
    etags.tag(response, found.version)
    return Refund.model_validate(found)
