"""Invoices: drafts with their lines, issue, cancellation, credit, and the money that pays them."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.v1.credit_notes import Because, CreditNote
from bursar.api.values import (
    SIGNED_AMOUNT,
    Amount,
    Currency,
    Day,
    Digits,
    Line,
    Prose,
    Quantity,
    Shown,
    ShownMoney,
    Strict,
    signed,
)
from bursar.billing import credit_notes, finding, invoices, issuing, lines
from bursar.billing.completeness import Where
from bursar.billing.filters import Chosen
from bursar.billing.rules import Status
from bursar.billing.states import InvoiceState
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.money import Money
from bursar.core.translations import preferred, say
from bursar.core.work import Work

router = door("/invoices", "invoices", tag="invoices")


class LineIn(Strict):
    """One line; prices in the invoice's currency. A price below zero is a rebate."""

    description: Annotated[str, Field(min_length=1, max_length=2_000)]
    unit_price: Annotated[str, Field(pattern=SIGNED_AMOUNT, examples=["1000.00"])]
    quantity: Digits = "1"
    discount: Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,3})?$")] | None = None
    tax_category: TaxCategory = TaxCategory.STANDARD
    tax_rate: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$", description="Percent.")] = "5"
    service_from: Day | None = None
    service_to: Day | None = None
    product_id: UUID | None = None
    customer_price_id: UUID | None = Field(default=None, description="Of this customer and this product.")
    description_local: Annotated[str, Field(max_length=2_000)] | None = None
    unit_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$", description="UN/ECE Rec. 20.")] = "C62"
    item_kind: ItemKind = ItemKind.SERVICES
    classification_code: Annotated[str, Field(max_length=20, description="HS or SAC.")] | None = None

    def line(self, currency: str, position: int) -> lines.Line:
        place = f"lines[{position}]"
        return lines.Line(
            description=self.description,
            unit_price=signed(self.unit_price, currency, f"{place}.unit_price"),
            quantity=Decimal(self.quantity),
            discount=Money.parse(self.discount, currency, field=f"{place}.discount")
            if self.discount
            else None,
            tax_category=self.tax_category,
            tax_rate=Decimal(self.tax_rate),
            service_from=self.service_from,
            service_to=self.service_to,
            product_id=self.product_id,
            customer_price_id=self.customer_price_id,
            description_local=self.description_local,
            unit_code=self.unit_code,
            item_kind=self.item_kind,
            classification_code=self.classification_code,
        )


class DraftIn(Strict):
    """Without a due date the tenant's terms count from the day of issue."""

    customer_id: UUID
    currency: Currency
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=500)]
    due_date: Day | None = None
    supply_date: Day | None = None
    notes: Prose | None = None
    purchase_order: Line | None = None
    locale: Annotated[str, Field(max_length=35)] | None = None
    allocation_number: Annotated[str, Field(max_length=20)] | None = None

    def draft(self) -> invoices.Draft:
        plain = self.model_dump(exclude={"lines"})
        priced = [line.line(self.currency, position) for position, line in enumerate(self.lines)]
        return invoices.Draft(lines=priced, **plain)


class InvoiceLine(Shown):
    position: int
    description: str
    quantity: Quantity
    unit_price: Amount
    discount: Amount
    tax_category: TaxCategory
    tax_rate: Quantity
    net: Amount
    tax: Amount
    service_from: date | None
    service_to: date | None
    product_id: UUID | None
    customer_price_id: UUID | None
    description_local: str | None
    unit_code: str
    item_kind: ItemKind
    classification_code: str | None


class Invoice(Shown):
    """As it is today: `status` and `days_late` follow the tenant's calendar."""

    id: UUID
    version: int
    customer_id: UUID
    customer_name: str
    series: str | None
    number: str | None
    state: InvoiceState
    status: Status
    subtotal: ShownMoney
    tax: ShownMoney
    total: ShownMoney
    balance: ShownMoney
    issue_date: date | None
    due_date: date | None
    paid_on: date | None
    purchase_order: str | None
    locale: str | None
    days_late: int
    promised: bool
    disputed: bool
    supply_date: date | None
    allocation_number: str | None
    refunded: ShownMoney
    exchange_rate: Quantity | None
    tax_local: ShownMoney | None


class InvoiceWithLines(Invoice):
    lines: list[InvoiceLine]


class InvoiceQuery(Paging):
    customer_id: UUID | None = None
    currency: Currency | None = None
    status: list[Status] = Field(default=[], description="Any of them.")
    number: Line | None = Field(default=None, description="How the number begins.")
    due_from: Day | None = None
    due_until: Day | None = None

    def chosen(self) -> Chosen:
        given = self.model_dump(exclude={"cursor", "limit", "status"})
        return Chosen(statuses=frozenset(self.status) or None, **given)


class Issue(Strict):
    issue_date: Day | None = None


class Missing(Shown):
    """`rule` says which law or standard wants it; a `warning` does not hold the invoice back."""

    key: str
    rule: str
    detail: str
    where: Where
    field: str | None
    warning: bool


class Checklist(Shown):
    ready: bool
    items: list[Missing]


@router.get("")
async def list_invoices(work: Acting, asked: Annotated[InvoiceQuery, Query()]) -> Listed[Invoice]:
    """The newest first."""
    found = await finding.list_invoices(work, asked.chosen(), before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[Invoice.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_draft(work: Acting, given: DraftIn, response: Response) -> InvoiceWithLines:
    """It has no number and owes nothing until it is issued."""
    invoice_id = await invoices.create_draft(work, given.draft())
    response.headers["Location"] = f"/api/v1/invoices/{invoice_id}"
    return await _shown(work, invoice_id, response)


@router.get("/{invoice_id}")
async def get_invoice(work: Acting, invoice_id: UUID, response: Response) -> InvoiceWithLines:
    return await _shown(work, invoice_id, response)


@router.put("/{invoice_id}")
async def replace_draft(
    work: Acting, invoice_id: UUID, given: DraftIn, version: Version, response: Response
) -> InvoiceWithLines:
    """Put another draft in its place; what was issued does not change."""
    await invoices.edit_draft(work, invoice_id, given.draft(), version=version)
    return await _shown(work, invoice_id, response)


@router.delete("/{invoice_id}", status_code=204)
async def delete_draft(work: Acting, invoice_id: UUID, version: Version) -> None:
    await invoices.delete_draft(work, invoice_id, version=version)


@router.post("/{invoice_id}/issuance", status_code=201)
async def issue_invoice(
    work: Acting, invoice_id: UUID, version: Version, response: Response, given: Issue | None = None
) -> InvoiceWithLines:
    """It gets its number and its parties, and changes no more."""
    day = given.issue_date if given else None
    await issuing.issue_invoice(work, invoice_id, issue_date=day, version=version)
    return await _shown(work, invoice_id, response)


@router.post("/{invoice_id}/cancellation", status_code=201)
async def cancel_invoice(work: Acting, invoice_id: UUID, given: Because, version: Version) -> CreditNote:
    """Out of the books by a credit note over all of it; refused once money was applied."""
    note = await credit_notes.cancel_invoice(work, invoice_id, because=given.reason, version=version)
    return CreditNote.model_validate(note)


@router.get("/{invoice_id}/checklist")
async def check_draft(work: Acting, invoice_id: UUID, request: Request) -> Checklist:
    """What the law, or a reader, would miss if it were issued now; in the language of Accept-Language."""
    language = preferred(request.headers.get("accept-language", ""))
    items = [
        Missing(
            key=item.key,
            rule=item.rule,
            detail=say(language, item.message, item.params),
            where=item.where,
            field=item.column,
            warning=item.warning,
        )
        for item in await issuing.checklist(work, invoice_id)
    ]
    return Checklist(ready=all(item.warning for item in items), items=items)


async def _shown(work: Work, invoice_id: UUID, response: Response) -> InvoiceWithLines:
    found = await finding.get_invoice(work, invoice_id)
    rows = await finding.lines_of(work, invoice_id)
    etags.tag(response, found.version)
    plain = Invoice.model_validate(found).model_dump()
    return InvoiceWithLines(**plain, lines=[_line(row, found.total.currency) for row in rows])


def _line(row: dict[str, object], currency: str) -> InvoiceLine:
    named = {name: Money(int(str(row[f"{name}_minor"])), currency) for name in MONEY_OF_A_LINE}
    money = {name: Amount(amount=told.plain(), currency=currency) for name, told in named.items()}
    plain = {name: row[name] for name in InvoiceLine.model_fields if name not in money}
    return InvoiceLine.model_validate({**plain, **money})


MONEY_OF_A_LINE = ("unit_price", "discount", "net", "tax")
