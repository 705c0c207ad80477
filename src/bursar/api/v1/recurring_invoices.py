"""Recurring invoices: agreed once, billed each month; shown ahead, paused, resumed, ended."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import (
    AmountIn,
    Currency,
    Day,
    Digits,
    Flag,
    Line,
    Prose,
    Quantity,
    Shown,
    ShownMoney,
    Strict,
    Whole,
)
from bursar.billing.recurring import ending, planning, previewing, showing
from bursar.billing.recurring.plans import Plan
from bursar.billing.states import InvoiceState, Proration, QuantitySource, RecurringState
from bursar.core.work import Work

router = door("/recurring-invoices", "invoices", tag="recurring invoices")
Months = Annotated[int, Field(ge=1, le=36)]


class RecurringIn(Strict):
    """Without a unit price the customer's price on the first day of each month counts, else the product's.

    `end_date` is the last day on which it may run. `auto_issue` unset is the firm's setting.
    """

    customer_id: UUID
    product_id: UUID
    day_of_month: Annotated[Whole, Field(description="1 to 28.")]
    start_date: Day
    end_date: Day | None = None
    quantity_source: QuantitySource = QuantitySource.FIXED
    quantity: Digits | None = Field(default=None, description="Of a fixed quantity; unset it is 1.")
    unit_price: AmountIn | None = None
    currency: Currency | None = Field(default=None, description="Unset: the product's.")
    proration: Proration = Proration.NONE
    description: Line | None = None
    auto_issue: Flag | None = None
    purchase_order: Line | None = None
    notes: Prose | None = None

    def plan(self) -> Plan:
        given = self.model_dump(exclude={"unit_price", "quantity"})
        price = self.unit_price.money("unit_price") if self.unit_price else None
        usual = Decimal(1) if self.quantity_source is QuantitySource.FIXED else None
        quantity = Decimal(self.quantity) if self.quantity is not None else usual
        return Plan(unit_price=price, quantity=quantity, **given)


class RecurringInvoice(Shown):
    """`refusal` is why the last run wrote no invoice; the month stays due. `next_run_on` is null once ended."""

    id: UUID
    version: int
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    product_name: str
    state: RecurringState
    description: str | None
    day_of_month: int
    unit_price: ShownMoney | None
    currency: str
    quantity_source: QuantitySource
    quantity: Quantity | None
    proration: Proration
    start_date: date
    end_date: date | None
    next_run_on: date | None
    last_generated_on: date | None
    auto_issue: bool
    purchase_order: str | None
    notes: str | None
    refusal: str | None
    created_at: datetime


class Stretch(Shown):
    """Days at one price; `source` says whose: override, customer or product."""

    service_from: date
    service_to: date
    unit_price: ShownMoney | None
    source: str | None
    net: ShownMoney | None


class Upcoming(Shown):
    """A month to come. `verdict` says why it would not be billed; null if it would."""

    run_on: date
    period: str
    quantity: Quantity
    stretches: list[Stretch]
    subtotal: ShownMoney | None
    tax: ShownMoney | None
    total: ShownMoney | None
    verdict: str | None


class RecurringPreview(Shown):
    months: list[Upcoming]


class MadeInvoice(Shown):
    id: UUID
    period: str
    number: str | None
    state: InvoiceState
    issue_date: date | None
    total: ShownMoney


class RecurringQuery(Paging):
    state: RecurringState | None = None
    customer_id: UUID | None = None
    product_id: UUID | None = None
    refused: bool = Field(default=False, description="Only those whose last run wrote no invoice.")


class Ending(Strict):
    """`last_day` is one of a month that was billed by the day: what was billed for the days after it is credited."""

    reason: Annotated[str, Field(max_length=2_000)] | None = None
    last_day: Day | None = None


@router.get("")
async def list_recurring(work: Acting, asked: Annotated[RecurringQuery, Query()]) -> Listed[RecurringInvoice]:
    """The newest first."""
    found = await showing.list_recurring(
        work,
        state=asked.state,
        customer_id=asked.customer_id,
        product_id=asked.product_id,
        refused=asked.refused,
        before=asked.after,
        limit=asked.limit + 1,
    )
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[RecurringInvoice.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_recurring(work: Acting, given: RecurringIn, response: Response) -> RecurringInvoice:
    """Active from now on; months since the start that were not billed are due at once."""
    recurring_id = await planning.create_recurring(work, given.plan())
    response.headers["Location"] = f"/api/v1/recurring-invoices/{recurring_id}"
    return await _shown(work, recurring_id, response)


@router.post("/preview")
async def preview_plan(work: Acting, given: RecurringIn) -> RecurringPreview:
    """The first twelve months of what was not made yet; nothing is written."""
    months = await previewing.preview_plan(work, given.plan())
    return RecurringPreview(months=[Upcoming.model_validate(month) for month in months])


@router.get("/{recurring_id}")
async def get_recurring(work: Acting, recurring_id: UUID, response: Response) -> RecurringInvoice:
    return await _shown(work, recurring_id, response)


@router.put("/{recurring_id}")
async def replace_recurring(
    work: Acting, recurring_id: UUID, given: RecurringIn, version: Version, response: Response
) -> RecurringInvoice:
    """Holds for months that were not billed yet."""
    await planning.edit_recurring(work, recurring_id, given.plan(), version=version)
    return await _shown(work, recurring_id, response)


@router.get("/{recurring_id}/preview")
async def preview_recurring(
    work: Acting, recurring_id: UUID, months: Annotated[Months, Query()] = 12
) -> RecurringPreview:
    """The months to come, priced as they will be billed if nothing changes."""
    found = await previewing.preview_recurring(work, recurring_id, months=months)
    return RecurringPreview(months=[Upcoming.model_validate(month) for month in found])


@router.get("/{recurring_id}/invoices")
async def list_made(work: Acting, recurring_id: UUID) -> Listed[MadeInvoice]:
    """What it has billed in its last two years, the newest month first; always one page."""
    await showing.get_recurring(work, recurring_id)
    made = await showing.made_by(work, recurring_id)
    return Listed(items=[MadeInvoice.model_validate(one) for one in made], next_cursor=None)


@router.post("/{recurring_id}/pause", status_code=201)
async def pause_recurring(
    work: Acting, recurring_id: UUID, version: Version, response: Response
) -> RecurringInvoice:
    """Months in a pause are not billed later."""
    await planning.pause_recurring(work, recurring_id, version=version)
    return await _shown(work, recurring_id, response)


@router.delete("/{recurring_id}/pause")
async def resume_recurring(
    work: Acting, recurring_id: UUID, version: Version, response: Response
) -> RecurringInvoice:
    """From the next billing day on."""
    await planning.resume_recurring(work, recurring_id, version=version)
    return await _shown(work, recurring_id, response)


@router.post("/{recurring_id}/end", status_code=201)
async def end_recurring(
    work: Acting, recurring_id: UUID, version: Version, response: Response, given: Ending | None = None
) -> RecurringInvoice:
    """For good; what it has billed stays, but for the days after a last day that is given."""
    given = given or Ending()
    await ending.end_recurring(
        work, recurring_id, because=given.reason, last_day=given.last_day, version=version
    )
    return await _shown(work, recurring_id, response)


@router.delete("/{recurring_id}")
async def delete_recurring(
    work: Acting, recurring_id: UUID, version: Version, response: Response
) -> RecurringInvoice:
    """The same as to end it: nothing that has billed is forgotten."""
    await ending.end_recurring(work, recurring_id, version=version)
    return await _shown(work, recurring_id, response)


async def _shown(work: Work, recurring_id: UUID, response: Response) -> RecurringInvoice:
    found = await showing.get_recurring(work, recurring_id)
    etags.tag(response, found.version)
    return RecurringInvoice.model_validate(found)
