"""Promises to pay by a day; until then the invoice is left in peace."""

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
from bursar.api.values import AmountIn, Day, Shown, ShownMoney, Strict
from bursar.billing import promises
from bursar.billing.states import PromiseState
from bursar.core.work import Work

router = door("/promises", "invoices", tag="promises")
Reason = Annotated[str, Field(max_length=2_000)]


class PromiseIn(Strict):
    """Without an amount it is for all that is open."""

    invoice_id: UUID
    promised_for: Day
    amount: AmountIn | None = None
    reason: Reason | None = None


class OtherDay(Strict):
    promised_for: Day


class Withdrawal(Strict):
    reason: Reason | None = None


class Promise(Shown):
    id: UUID
    version: int
    invoice_id: UUID
    customer_id: UUID
    amount: ShownMoney
    promised_for: date
    moves: int
    reason: str | None
    state: PromiseState
    created_at: datetime


class AboutQuery(Paging):
    invoice_id: UUID | None = None
    customer_id: UUID | None = None


@router.get("")
async def list_promises(work: Acting, asked: Annotated[AboutQuery, Query()]) -> Listed[Promise]:
    """The newest first."""
    about = {"customer_id": asked.customer_id, "invoice_id": asked.invoice_id}
    found = await promises.list_promises(work, **about, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Promise.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def make_promise(work: Acting, given: PromiseIn, response: Response) -> Promise:
    """What was queued about the invoice is dropped."""
    promise_id = await promises.make_promise(
        work,
        given.invoice_id,
        promised_for=given.promised_for,
        amount=given.amount.money() if given.amount else None,
        reason=given.reason,
    )
    response.headers["Location"] = f"/api/v1/promises/{promise_id}"
    return await _shown(work, promise_id, response)


@router.get("/{promise_id}")
async def get_promise(work: Acting, promise_id: UUID, response: Response) -> Promise:
    return await _shown(work, promise_id, response)


@router.patch("/{promise_id}")
async def move_promise(
    work: Acting, promise_id: UUID, given: OtherDay, version: Version, response: Response
) -> Promise:
    """Another day for a running promise."""
    await promises.move_promise(work, promise_id, promised_for=given.promised_for, version=version)
    return await _shown(work, promise_id, response)


@router.post("/{promise_id}/withdrawal", status_code=201)
async def withdraw_promise(
    work: Acting, promise_id: UUID, version: Version, response: Response, given: Withdrawal | None = None
) -> Promise:
    because = given.reason if given else None
    await promises.withdraw_promise(work, promise_id, because=because, version=version)
    return await _shown(work, promise_id, response)


async def _shown(work: Work, promise_id: UUID, response: Response) -> Promise:
    found = await promises.get_promise(work, promise_id)
    etags.tag(response, found.version)
    return Promise.model_validate(found)
