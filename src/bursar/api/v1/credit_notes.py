"""Credit notes: what took an invoice's amount back. They are made at the invoice."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, page_of
from bursar.api.values import Amount, AmountIn, Digits, Quantity, Shown, ShownMoney, Strict, Whole
from bursar.billing import credit_notes, credited
from bursar.billing.credit_notes import CreditReason
from bursar.billing.crediting import Part
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.money import Money

router = door("/credit-notes", "invoices", tag="credit notes")
at_invoice = door("/invoices", "invoices", tag="credit notes")


class Because(Strict):
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]


class LineCredited(Strict):
    """A quantity or a net amount of the line at `position`; neither is all that is left of it."""

    position: Annotated[Whole, Field(ge=1, le=10_000)]
    quantity: Digits | None = None
    net: AmountIn | None = None

    def part(self, at: int) -> Part:
        return Part(
            self.position,
            Decimal(self.quantity) if self.quantity else None,
            self.net.money(f"lines[{at}].net") if self.net else None,
        )


class Credit(Because):
    """An amount with its tax, or lines; neither is all that no credit note has taken yet."""

    amount: AmountIn | None = None
    lines: list[LineCredited] = Field(default=[], max_length=500)
    reason_code: CreditReason = CreditReason.CONSIDERATION


class CreditNote(Shown):
    """`released` is money that had paid what it takes back: the customer's credit again."""

    id: UUID
    number: str
    amount: ShownMoney
    tax: ShownMoney
    released: ShownMoney


class CreditNoteListed(Shown):
    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    customer_id: UUID
    customer_name: str
    issue_date: date
    amount: ShownMoney
    tax: ShownMoney
    released: ShownMoney
    reason_code: CreditReason
    reason: str


class CreditNoteLine(Shown):
    position: int
    description: str
    description_local: str | None
    quantity: Quantity
    unit_code: str
    item_kind: ItemKind
    unit_price: Amount
    tax_category: TaxCategory
    tax_rate: Quantity
    net: Amount
    tax: Amount


class CreditNoteWithLines(CreditNoteListed):
    exchange_rate: Quantity | None
    lines: list[CreditNoteLine]


class CreditNoteQuery(Paging):
    customer_id: UUID | None = None
    invoice_id: Annotated[UUID | None, Field(description="Which it corrects.")] = None


@router.get("")
async def list_credit_notes(
    work: Acting, asked: Annotated[CreditNoteQuery, Query()]
) -> Listed[CreditNoteListed]:
    """The newest first."""
    found = await credited.list_credit_notes(
        work,
        customer_id=asked.customer_id,
        invoice_id=asked.invoice_id,
        before=asked.after,
        limit=asked.limit + 1,
    )
    rows, cursor = page_of(found, asked, lambda row: row.id)
    return Listed(items=[_listed(row) for row in rows], next_cursor=cursor)


@router.get("/{credit_note_id}")
async def get_credit_note(work: Acting, credit_note_id: UUID) -> CreditNoteWithLines:
    note = await credited.get_credit_note(work, credit_note_id)
    currency = note.amount.currency
    lines = [_line(row, currency) for row in await credited.lines_of_credit_note(work, credit_note_id)]
    plain = _listed(note).model_dump()
    return CreditNoteWithLines(**plain, exchange_rate=note.exchange_rate, lines=lines)


@at_invoice.post("/{invoice_id}/credit-notes", status_code=201)
async def credit_invoice(work: Acting, invoice_id: UUID, given: Credit) -> CreditNote:
    """What is open goes first; beyond it, money that was applied becomes the customer's credit."""
    note = await credit_notes.issue_credit_note(
        work,
        invoice_id,
        given.amount.money() if given.amount else None,
        parts=[line.part(at) for at, line in enumerate(given.lines)],
        because=given.reason,
        reason_code=given.reason_code,
    )
    return CreditNote.model_validate(note)


def _listed(note: credited.CreditNoteShown) -> CreditNoteListed:
    return CreditNoteListed(**{name: getattr(note, name) for name in CreditNoteListed.model_fields})


def _line(row: dict[str, object], currency: str) -> CreditNoteLine:
    named = {name: Money(int(str(row[f"{name}_minor"])), currency) for name in ("unit_price", "net", "tax")}
    money = {name: Amount(amount=told.plain(), currency=currency) for name, told in named.items()}
    plain = {name: row[name] for name in CreditNoteLine.model_fields if name not in money}
    return CreditNoteLine.model_validate({**plain, **money})
