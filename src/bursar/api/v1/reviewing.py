"""A campaign looked at: its frozen list, its messages as they would go, a test to oneself, what came of it."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, Calling, door
from bursar.api.pagination import Listed, Paging, counted_page, page_of
from bursar.api.values import Line, Made, Shown, ShownMoney, Strict
from bursar.chasing import comparing, leaving_out, previews, results
from bursar.chasing.states import ExcludedReason
from bursar.chasing.verdicts import Verdict

router = door("/campaigns", "campaigns", tag="campaigns")


class InvoiceOfMessage(Shown):
    id: UUID
    number: str
    balance: ShownMoney
    dropped: str | None


class Preview(Shown):
    """One message exactly as it would go now; `problem` says why it would not."""

    send_id: UUID
    customer_id: UUID | None
    to_address: str | None
    to_name: str | None
    locale: str
    state: str
    invoices: list[InvoiceOfMessage]
    subject: str | None
    html: str | None
    text: str | None
    problem: str | None


class PreviewQuery(Paging):
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class ListedInvoice(Shown):
    """In, or out and why; nobody knows a number without `invoice_id`."""

    number: str
    invoice_id: UUID | None
    customer_id: UUID | None
    balance: ShownMoney | None
    excluded_reason: ExcludedReason | None


class ListQuery(Paging):
    included: bool = True
    reason: ExcludedReason | None = Field(default=None, description="Only those left out for this reason.")


class LeaveOutIn(Strict):
    """Customers, and invoices by their numbers, that are in the list."""

    customers: Annotated[list[UUID], Field(max_length=10_000)] = Field(default_factory=list)
    numbers: Annotated[list[Line], Field(max_length=10_000)] = Field(default_factory=list)
    reason: Annotated[str, Field(max_length=300)] | None = None


class LeftOut(Shown):
    """`invoice_id` is null for all of the customer's."""

    id: UUID
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    reason: str | None


class Cancelled(Shown):
    """How many messages were cancelled by it: those with nothing left to say."""

    messages: int


class Group(Shown):
    """`holdout` got nothing, `sent` the one text, else the label is that of a text."""

    label: str
    template: str | None
    customers: int
    paid: int
    collected: list[ShownMoney]


class Compared(Shown):
    """`verdict` says whether the first or the second group paid more often than chance would have it."""

    verdict: Verdict
    chance: float


class Pair(Shown):
    first: Group
    second: Group
    compared: Compared


class Comparison(Shown):
    """Over the days from `since` to `until`; while `running`, more may come."""

    since: datetime
    until: datetime
    running: bool
    groups: list[Group]
    pairs: list[Pair]


class ComparisonQuery(Strict):
    days: Annotated[int, Field(ge=1, le=90)] = 14


class NotSent(Shown):
    state: str
    reason: str | None
    count: int


class Results(Shown):
    """`opened` and `clicked` count sends read by people, as far as one can tell."""

    not_sent: list[NotSent]
    dropped: dict[str, int]
    opened: int
    clicked: int
    machine_opened: int
    collected: list[ShownMoney]


class TestIn(Strict):
    send_id: UUID
    to: Line


@router.get("/{campaign_id}/invoices")
async def list_campaign_invoices(
    work: Acting, campaign_id: UUID, asked: Annotated[ListQuery, Query()]
) -> Listed[ListedInvoice]:
    """The frozen list: what is in, or what is not and why."""
    shown = await results.show(work, campaign_id)
    part = {
        "included": asked.included,
        "reason": asked.reason,
        "limit": asked.limit + 1,
        "offset": asked.position,
    }
    found = await results.frozen_list(work, shown.run_id, **part) if shown.run_id else []
    rows, cursor = counted_page(found, asked)
    return Listed(items=[ListedInvoice.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{campaign_id}/previews")
async def list_previews(
    work: Acting, call: Calling, campaign_id: UUID, asked: Annotated[PreviewQuery, Query()]
) -> Listed[Preview]:
    """The messages exactly as they would go."""
    house = call.house
    found = await previews.previews(
        work, house.letters, house.composers, campaign_id, after=asked.after, limit=asked.limit + 1
    )
    rows, cursor = page_of(found, asked, lambda row: row.send_id)
    return Listed(items=[Preview.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{campaign_id}/previews/{send_id}")
async def get_preview(work: Acting, call: Calling, campaign_id: UUID, send_id: UUID) -> Preview:
    house = call.house
    found = await previews.preview_one(work, house.letters, house.composers, campaign_id, send_id)
    return Preview.model_validate(found)


@router.post("/{campaign_id}/tests", status_code=201)
async def send_test(work: Acting, campaign_id: UUID, given: TestIn) -> Made:
    """The same message, sent to oneself."""
    return Made(id=await previews.send_test(work, campaign_id, given.send_id, given.to))


@router.get("/{campaign_id}/exclusions")
async def list_campaign_exclusions(work: Acting, campaign_id: UUID) -> Listed[LeftOut]:
    """Who was taken out of this campaign by hand."""
    found = await leaving_out.list_left_out(work, campaign_id)
    return Listed(items=[LeftOut.model_validate(one) for one in found], next_cursor=None)


@router.post("/{campaign_id}/exclusions", status_code=201)
async def leave_out_of_campaign(work: Acting, campaign_id: UUID, given: LeaveOutIn) -> Cancelled:
    """Take customers and invoices out of a list that was not let go yet; later lists leave them out again."""
    return Cancelled(messages=await leaving_out.leave_out(work, campaign_id, **given.model_dump()))


@router.delete("/{campaign_id}/exclusions/{left_out_id}", status_code=204)
async def put_back_into_campaign(work: Acting, campaign_id: UUID, left_out_id: UUID) -> None:
    """Undo one of them; the draft's list is frozen anew."""
    await leaving_out.put_back(work, campaign_id, left_out_id)


@router.get("/{campaign_id}/comparison")
async def get_comparison(
    work: Acting, campaign_id: UUID, asked: Annotated[ComparisonQuery, Query()]
) -> Comparison | None:
    """What came of each text and of those who got nothing; null while there is nothing to compare."""
    found = await comparing.comparison_of(work, campaign_id, within=timedelta(days=asked.days))
    return Comparison.model_validate(found) if found else None


@router.get("/{campaign_id}/results")
async def get_results(work: Acting, campaign_id: UUID) -> Results:
    """What was not sent and why, who read it, what money came in since."""
    found = await results.results_of(work, campaign_id)
    told = [
        {"state": state, "reason": reason, "count": count}
        for (state, reason), count in sorted(found.not_sent.items(), key=str)
    ]
    plain = {name: getattr(found, name) for name in Results.model_fields}
    return Results.model_validate({**plain, "not_sent": told})
