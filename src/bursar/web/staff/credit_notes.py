"""Credit notes: made at an invoice by lines, by amount or over all that is left; listed, and looked at."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import credited
from bursar.billing.credit_notes import CreditNote, CreditReason, issue_credit_note, left_of
from bursar.billing.crediting import Part
from bursar.billing.documents.einvoices import carried
from bursar.billing.finding import get_invoice
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

PAGE = 50
WAYS = ("all", "amount", "lines")


@router.get("/credit-notes")
async def show_credit_notes(request: Request, before: str = "") -> Response:
    async with viewer_work(request) as work:
        found = await credited.list_credit_notes(work, before=reading.cursor(before), limit=PAGE + 1)
    return pages.render(
        request,
        "staff/credit_notes.html",
        fragment="results",
        rows=found[:PAGE],
        next=found[PAGE - 1].id if len(found) > PAGE else None,
    )


@router.get("/credit-notes/{credit_note_id}")
async def show_credit_note(request: Request, credit_note_id: UUID) -> Response:
    async with viewer_work(request) as work:
        note = await credited.get_credit_note(work, credit_note_id)
        rows = await credited.lines_of_credit_note(work, credit_note_id)
        einvoice = await carried(work, credit_note_id)
    lines = [_shown(row, note.amount.currency) for row in rows]
    return pages.render(request, "staff/credit_note.html", note=note, lines=lines, einvoice=einvoice)


@router.get("/invoices/{invoice_id}/credit-notes/new")
async def ask_credit_note(request: Request, invoice_id: UUID) -> Response:
    return await _ask(request, invoice_id, Form({"way": "all", "reason_code": CreditReason.CONSIDERATION}))


@router.post("/invoices/{invoice_id}/credit-notes")
async def make_credit_note(request: Request, invoice_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            note = await _make(work, invoice_id, typed)
    except (Invalid, Conflict) as refusal:
        return await _ask(request, invoice_id, Form(typed).refused(refusal))
    toast = N_("Credit note %(number)s is made.")
    return pages.see_other(request, f"/credit-notes/{note.id}", toast=toast, params={"number": note.number})


async def _make(work: Work, invoice_id: UUID, typed: dict[str, str]) -> CreditNote:
    currency = (await get_invoice(work, invoice_id)).total.currency
    way = reading.must_be(typed, "way", WAYS)
    parts = _parts(typed) if way == "lines" else []
    if way == "lines" and not parts:
        raise Invalid(N_("Say how many of which line."), code="lines_missing", field="lines")
    return await issue_credit_note(
        work,
        invoice_id,
        reading.amount(typed, currency) if way == "amount" else None,
        parts=parts,
        because=typed.get("reason", ""),
        reason_code=CreditReason(reading.must_be(typed, "reason_code", CreditReason)),
    )


def _parts(typed: dict[str, str]) -> list[Part]:
    """Each line beside which a quantity stands."""
    told = ((name.removeprefix("quantity-"), text.strip()) for name, text in typed.items())
    return [
        Part(int(place), reading.number(text, "lines"))
        for place, text in told
        if place.isdecimal() and len(place) <= reading.LONGEST_WHOLE and text
    ]


async def _ask(request: Request, invoice_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        invoice = await get_invoice(work, invoice_id)
        lefts = await left_of(work, invoice_id)
    currency = invoice.total.currency
    lines = [
        {
            "position": left.line["position"],
            "description": left.line["description"],
            "quantity": left.quantity,
            "net": Money(left.net, currency),
        }
        for left in lefts
        if left.net
    ]
    return pages.render(
        request,
        "staff/credit_note_form.html",
        status=form.status,
        invoice=invoice,
        form=form,
        lines=lines,
        left=Money(sum(left.gross for left in lefts), currency),
        reasons=list(CreditReason),
    )


def _shown(row: dict[str, Any], currency: str) -> dict[str, Any]:
    sums = {name: Money(row[f"{name}_minor"], currency) for name in ("unit_price", "net", "tax")}
    return {**row, **sums}
