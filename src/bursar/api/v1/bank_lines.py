"""Bank lines: money that arrived, and whose it may be."""

from collections.abc import Sequence
from datetime import date
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
from bursar.api.v1.payments import Share
from bursar.api.values import Shown, ShownMoney, Strict
from bursar.billing import bank
from bursar.billing.bank_scoring import Why
from bursar.billing.states import BankLineState
from bursar.core.work import Work

router = door("/bank-lines", "payments", tag="bank lines")


class Suggestion(Shown):
    """`score` goes to 100; `sure` ones may be accepted without a look. No invoice is the oldest first."""

    customer_id: UUID
    customer_name: str
    invoices: list[UUID]
    numbers: list[str]
    why: Why
    score: int
    sure: bool


class BankLine(Shown):
    """`suggestions` of an unmatched line, the best first."""

    id: UUID
    version: int
    received_on: date
    amount: ShownMoney
    payer: str | None
    reference: str | None
    external_id: str
    state: BankLineState
    payment_id: UUID | None
    reason: str | None
    suggestions: list[Suggestion] = Field(default=[])


class BankQuery(Paging):
    state: BankLineState = BankLineState.UNMATCHED


class Match(Strict):
    """Whose money it is, and which invoices it pays in order; with none named the oldest first."""

    customer_id: UUID | None = None
    allocate_to: list[Share] = Field(default=[], max_length=500)


class Acceptance(Strict):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=bank.AT_ONCE)]


class Accepted(Shown):
    """Those that were matched; of the others there was a doubt by now."""

    ids: list[UUID]


@router.get("")
async def list_bank_lines(work: Acting, asked: Annotated[BankQuery, Query()]) -> Listed[BankLine]:
    """In the order in which the money came."""
    found = await bank.list_lines(work, asked.state, after=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=await _with_suggestions(work, rows), next_cursor=cursor)


@router.post("/acceptances", status_code=201)
async def accept_sure_lines(work: Acting, given: Acceptance) -> Accepted:
    """Match those of the lines whose best suggestion is sure."""
    return Accepted(ids=await bank.accept_sure(work, given.ids))


@router.get("/{line_id}")
async def get_bank_line(work: Acting, line_id: UUID, response: Response) -> BankLine:
    return await _shown(work, line_id, response)


@router.post("/{line_id}/match", status_code=201)
async def match_bank_line(
    work: Acting, line_id: UUID, given: Match, version: Version, response: Response
) -> BankLine:
    """Record it as a payment."""
    await bank.match_line(
        work,
        line_id,
        customer_id=given.customer_id,
        allocate_to=[
            (one.invoice_id, one.amount.money("allocate_to") if one.amount else None)
            for one in given.allocate_to
        ],
        taken={one.invoice_id: one.taken.money("allocate_to") for one in given.allocate_to if one.taken},
        version=version,
    )
    return await _shown(work, line_id, response)


@router.post("/{line_id}/unmatch", status_code=201)
async def unmatch_bank_line(
    work: Acting, line_id: UUID, given: Because, version: Version, response: Response
) -> BankLine:
    """Reverse the payment; the line waits again."""
    await bank.unmatch_line(work, line_id, because=given.reason, version=version)
    return await _shown(work, line_id, response)


@router.post("/{line_id}/set-aside", status_code=201)
async def set_bank_line_aside(
    work: Acting, line_id: UUID, given: Because, version: Version, response: Response
) -> BankLine:
    """It pays no invoice."""
    await bank.set_line_aside(work, line_id, because=given.reason, version=version)
    return await _shown(work, line_id, response)


@router.post("/{line_id}/take-up", status_code=201)
async def take_bank_line_up(work: Acting, line_id: UUID, version: Version, response: Response) -> BankLine:
    """It is to be matched after all."""
    await bank.take_line_up(work, line_id, version=version)
    return await _shown(work, line_id, response)


async def _shown(work: Work, line_id: UUID, response: Response) -> BankLine:
    line = await bank.get_line(work, line_id)
    etags.tag(response, line.version)
    return (await _with_suggestions(work, [line]))[0]


async def _with_suggestions(work: Work, lines: Sequence[bank.BankLine]) -> list[BankLine]:
    waiting = [line for line in lines if line.state is BankLineState.UNMATCHED]
    told = {one.line.id: one.suggestions for one in await bank.with_suggestions(work, waiting)}
    return [
        BankLine.model_validate(line).model_copy(
            update={"suggestions": [Suggestion.model_validate(one) for one in told.get(line.id, ())]}
        )
        for line in lines
    ]
