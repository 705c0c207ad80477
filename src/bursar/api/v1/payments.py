"""Payments: money that arrived, what it pays, and what was taken back."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.v1.invoices import Because
from bursar.api.values import AmountIn, Day, Line, Shown, ShownMoney, Strict
from bursar.billing import allocations, payments, receipts
from bursar.billing.states import PaymentSource

router = door("/payments", "payments", tag="payments")
paid = door("/invoices/{invoice_id}/allocations", "payments", tag="allocations")


class Share(Strict):
    """`amount` of the invoice, or as much as is open. An invoice in another currency needs both amounts: its own,
    and what is `taken` of the payment for it.
    """

    invoice_id: UUID
    amount: AmountIn | None = None
    taken: AmountIn | None = None


class PaymentIn(Strict):
    """The customer may be left out when an invoice says whose money it is. The rest is their credit."""

    amount: AmountIn
    received_on: Day
    customer_id: UUID | None = None
    allocate_to: list[Share] = Field(default=[], max_length=500)
    method: Line | None = None
    reference: Line | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="What the bank calls it; the same one a second time is refused."
    )

    def payment(self) -> payments.NewPayment:
        shares = [
            (one.invoice_id, one.amount.money("allocate_to") if one.amount else None)
            for one in self.allocate_to
        ]
        taken = {one.invoice_id: one.taken.money("allocate_to") for one in self.allocate_to if one.taken}
        plain = self.model_dump(exclude={"amount", "allocate_to"})
        return payments.NewPayment(self.amount.money(), allocate_to=shares, taken=taken, **plain)


class Allocation(Shown):
    """`taken` is what it takes of the payment, in the payment's currency."""

    id: UUID
    payment_id: UUID
    invoice_id: UUID
    amount: ShownMoney
    taken: ShownMoney


class Payment(Shown):
    """A reversal is a payment of its own with a negative amount."""

    id: UUID
    customer_id: UUID
    amount: ShownMoney
    received_on: date
    method: str | None
    reference: str | None
    source: PaymentSource
    external_id: str | None
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    created_at: datetime
    allocations: list[Allocation]


class Recorded(Payment):
    """`credit` is what of it pays no invoice."""

    credit: ShownMoney


class PaymentQuery(Paging):
    customer_id: UUID | None = None
    invoice_id: UUID | None = None


class Use(Strict):
    """Of the customer's credit: at most `amount`, and only from `payment_id`, where they are given.

    A payment in another currency needs both, and what is `taken` of it.
    """

    amount: AmountIn | None = None
    payment_id: UUID | None = None
    taken: AmountIn | None = None


class Used(Shown):
    amount: ShownMoney


@router.get("")
async def list_payments(work: Acting, asked: Annotated[PaymentQuery, Query()]) -> Listed[Payment]:
    """The newest first, reversals too."""
    about = {"customer_id": asked.customer_id, "invoice_id": asked.invoice_id}
    found = await receipts.list_payments(work, **about, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Payment.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def record_payment(work: Acting, given: PaymentIn, response: Response) -> Recorded:
    recorded = await payments.record_payment(work, given.payment())
    found = Payment.model_validate(await receipts.get_payment(work, recorded.payment_id))
    response.headers["Location"] = f"/api/v1/payments/{found.id}"
    return Recorded.model_validate({**found.model_dump(), "credit": recorded.credit})


@router.get("/{payment_id}")
async def get_payment(work: Acting, payment_id: UUID) -> Payment:
    return Payment.model_validate(await receipts.get_payment(work, payment_id))


@router.post("/{payment_id}/reversal", status_code=201)
async def reverse_payment(work: Acting, payment_id: UUID, given: Because, response: Response) -> Payment:
    """The money never came, or went back: what it paid is open again."""
    reversal_id = await payments.reverse_payment(work, payment_id, because=given.reason)
    response.headers["Location"] = f"/api/v1/payments/{reversal_id}"
    return Payment.model_validate(await receipts.get_payment(work, reversal_id))


@paid.get("")
async def list_allocations(work: Acting, invoice_id: UUID) -> Listed[Allocation]:
    """What pays this invoice now."""
    found = await receipts.allocations_to(work, invoice_id)
    return Listed(items=[Allocation.model_validate(row) for row in found], next_cursor=None)


@paid.post("", status_code=201)
async def apply_credit(work: Acting, invoice_id: UUID, given: Use) -> Used:
    """Pay it with money of its customer that pays none yet, the oldest first."""
    wanted = given.amount.money() if given.amount else None
    taken = given.taken.money("taken") if given.taken else None
    used = await allocations.apply_credit(
        work, invoice_id, amount=wanted, payment_id=given.payment_id, taken=taken
    )
    return Used.model_validate({"amount": used})


@paid.post("/{allocation_id}/reversal", status_code=204)
async def reverse_allocation(work: Acting, invoice_id: UUID, allocation_id: UUID, given: Because) -> None:
    """The money does not pay this invoice after all; it is the customer's credit again."""
    await receipts.find_allocation(work, invoice_id, allocation_id)
    await allocations.reverse_allocation(work, allocation_id, because=given.reason)
