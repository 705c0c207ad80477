"""Disputes: a customer contests an invoice, and until it is decided nobody reminds them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, page_of
from bursar.api.v1.invoices import Because
from bursar.api.v1.promises import AboutQuery, Withdrawal
from bursar.api.values import AmountIn, Made, Shown, Strict
from bursar.billing import disputes
from bursar.billing.states import DisputeReason, DisputeState
from bursar.core.work import Work

router = door("/disputes", "invoices", tag="disputes")
Words = Annotated[str, Field(min_length=1, max_length=20_000)]


class DisputeIn(Strict):
    invoice_id: UUID
    reason: DisputeReason
    statement: Words


class Comment(Strict):
    body: Words


class Acceptance(Because):
    """Exactly one remedy: credit an amount, or match the payment that was meant for the invoice."""

    credit: AmountIn | None = None
    payment_id: UUID | None = None


class Dispute(Shown):
    id: UUID
    version: int
    invoice_id: UUID
    customer_id: UUID
    reason: DisputeReason
    statement: str
    state: DisputeState
    resolution: str | None
    resolved_at: datetime | None
    created_at: datetime


class Note(Shown):
    id: UUID
    author_type: str
    author_id: UUID | None
    body: str
    file_id: UUID | None
    created_at: datetime


@router.get("")
async def list_disputes(work: Acting, asked: Annotated[AboutQuery, Query()]) -> Listed[Dispute]:
    """The newest first."""
    about = {"customer_id": asked.customer_id, "invoice_id": asked.invoice_id}
    found = await disputes.list_disputes(work, **about, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Dispute.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def open_dispute(work: Acting, given: DisputeIn, response: Response) -> Dispute:
    """A running promise ends, and what was queued about the invoice is dropped."""
    dispute_id = await disputes.open_dispute(
        work, given.invoice_id, reason=given.reason, statement=given.statement
    )
    response.headers["Location"] = f"/api/v1/disputes/{dispute_id}"
    return await _shown(work, dispute_id, response)


@router.get("/{dispute_id}")
async def get_dispute(work: Acting, dispute_id: UUID, response: Response) -> Dispute:
    return await _shown(work, dispute_id, response)


@router.get("/{dispute_id}/comments")
async def list_comments(work: Acting, dispute_id: UUID) -> Listed[Note]:
    found = await disputes.notes_of(work, dispute_id)
    return Listed(items=[Note.model_validate(row) for row in found], next_cursor=None)


@router.post("/{dispute_id}/comments", status_code=201)
async def comment_dispute(work: Acting, dispute_id: UUID, given: Comment) -> Made:
    return Made(id=await disputes.comment_dispute(work, dispute_id, body=given.body))


@router.post("/{dispute_id}/acceptance", status_code=201)
async def accept_dispute(
    work: Acting, dispute_id: UUID, given: Acceptance, version: Version, response: Response
) -> Dispute:
    """The customer is right."""
    await disputes.accept_dispute(
        work,
        dispute_id,
        because=given.reason,
        credit=given.credit.money("credit") if given.credit else None,
        payment_id=given.payment_id,
        version=version,
    )
    return await _shown(work, dispute_id, response)


@router.post("/{dispute_id}/rejection", status_code=201)
async def reject_dispute(
    work: Acting, dispute_id: UUID, given: Because, version: Version, response: Response
) -> Dispute:
    """The invoice stands as it is, and is chased again."""
    await disputes.reject_dispute(work, dispute_id, because=given.reason, version=version)
    return await _shown(work, dispute_id, response)


@router.post("/{dispute_id}/withdrawal", status_code=201)
async def withdraw_dispute(
    work: Acting, dispute_id: UUID, version: Version, response: Response, given: Withdrawal | None = None
) -> Dispute:
    """Whoever contested it no longer does."""
    because = given.reason if given else None
    await disputes.withdraw_dispute(work, dispute_id, because=because, version=version)
    return await _shown(work, dispute_id, response)


async def _shown(work: Work, dispute_id: UUID, response: Response) -> Dispute:
    found = await disputes.get_dispute(work, dispute_id)
    etags.tag(response, found.version)
    return Dispute.model_validate(found)
