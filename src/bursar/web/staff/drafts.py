"""Drafts of invoices: for whom, which lines, and what they come to while one types."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from bursar.billing.finding import get_invoice, lines_of
from bursar.billing.invoices import Draft, create_draft, edit_draft
from bursar.billing.lines import Line, price
from bursar.billing.showing import details_of
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.money import Money, is_currency
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, CustomerFilter, get_customer, list_customers
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

HEAD = ("currency", "due_date", "supply_date", "purchase_order", "notes")
LINE: tuple[str, ...] = ("description", "quantity", "unit_price", "tax_category", "tax_rate")
USUAL_CURRENCIES = ("AED", "EUR", "USD", "GBP", "SAR", "QAR", "KWD", "BHD", "OMR", "ILS", "EGP")
MOST_LINES = 200
EMPTY = {"description": "", "quantity": "1", "unit_price": "", "tax_category": "S", "tax_rate": "5"}


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines come to, or why that cannot be said yet."""

    subtotal: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    refusal: Refusal | None = None


@router.get("/invoices/new")
async def new_invoice(request: Request, customer: str = "", q: str = "") -> Response:
    customer_id = reading.cursor(customer)
    async with viewer_work(request) as work:
        if customer_id is None:
            return await choose_customer(work, request, q, "/invoices/new", "invoices")
        buyer = await get_customer(work, customer_id)
        currency = (await this_tenant(work)).currency
    return _page(request, buyer, Form({"currency": currency}), [dict(EMPTY)])


@router.post("/invoices")
async def create_invoice(request: Request) -> Response:
    typed = await request.form()
    customer_id = reading.cursor(str(typed.get("customer", "")))
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    async with viewer_work(request, read_only=True) as work:
        buyer = await get_customer(work, customer_id)
    return await _save(request, typed, buyer, None)


@router.get("/invoices/{invoice_id}/edit")
async def edit_invoice(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        invoice = await get_invoice(work, invoice_id)
        buyer = await get_customer(work, invoice.customer_id)
        details = await details_of(work, invoice_id)
        currency = invoice.total.currency
        lines = [_typed_line(line, currency) for line in await lines_of(work, invoice_id)]
    head = {
        "currency": currency,
        "due_date": invoice.due_date or "",
        "supply_date": details.supply_date or "",
        "purchase_order": invoice.purchase_order or "",
        "notes": details.notes or "",
        "version": invoice.version,
    }
    return _page(request, buyer, Form(head), lines, invoice_id)


@router.post("/invoices/{invoice_id}")
async def save_invoice(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request, read_only=True) as work:
        buyer = await get_customer(work, (await get_invoice(work, invoice_id)).customer_id)
    return await _save(request, await request.form(), buyer, invoice_id)


async def _save(request: Request, typed: FormData, buyer: Customer, invoice_id: UUID | None) -> Response:
    """Keep the draft; a press on a line's button, or a change with htmx, only shows the form again."""
    form = Form({name: str(typed.get(name, "")) for name in (*HEAD, "version")})
    lines, act = _lines_of(typed), str(typed.get("act", ""))
    if act:
        return _page(request, buyer, form, _rearranged(lines, act), invoice_id)
    try:
        draft = _draft(buyer.id, form, lines)
        async with viewer_work(request) as work:
            if invoice_id is None:
                invoice_id = await create_draft(work, draft)
            else:
                await edit_draft(work, invoice_id, draft, version=_version(form))
    except (Invalid, Conflict) as refusal:
        return _page(request, buyer, form.refused(refusal), lines, invoice_id)
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=N_("The draft is saved."))


async def choose_customer(work: Work, request: Request, q: str, target: str, at: str) -> Response:
    """For whom? `target` is where the chosen one is taken to, as `customer`."""
    found = await list_customers(work, CustomerFilter(text=reading.search(q)), limit=20)
    return pages.render(
        request,
        "staff/choose_customer.html",
        fragment="results",
        found=found.rows,
        q=q,
        target=target,
        at=at,
    )


def _page(
    request: Request,
    buyer: Customer,
    form: Form,
    lines: list[dict[str, str]],
    invoice_id: UUID | None = None,
) -> Response:
    currency = form.value("currency")
    return pages.render(
        request,
        "staff/draft.html",
        fragment="lines",
        status=form.status,
        customer=buyer,
        form=form,
        lines=lines,
        sums=_sums(lines, currency),
        invoice_id=invoice_id,
        categories=list(TaxCategory),
        currencies=sorted({*USUAL_CURRENCIES, currency}),
    )


def _lines_of(typed: FormData) -> list[dict[str, str]]:
    columns = [[str(value) for value in typed.getlist(name)] for name in LINE]
    return [dict(zip(LINE, values, strict=True)) for values in zip(*columns, strict=False)][:MOST_LINES]


def _rearranged(lines: list[dict[str, str]], act: str) -> list[dict[str, str]]:
    what, _, place = act.partition("-")
    if what == "add":
        return [*lines, dict(EMPTY)]
    if what == "remove" and place.isdecimal():
        return [line for at, line in enumerate(lines) if at != int(place)] or [dict(EMPTY)]
    return lines


def _draft(customer_id: UUID, form: Form, lines: list[dict[str, str]]) -> Draft:
    currency = _currency(form.value("currency"))
    return Draft(
        customer_id=customer_id,
        currency=currency,
        lines=[_line(line, currency, place) for place, line in enumerate(lines)],
        due_date=reading.day_or_none(form.values, "due_date"),
        supply_date=reading.day_or_none(form.values, "supply_date"),
        purchase_order=form.value("purchase_order").strip() or None,
        notes=form.value("notes").strip() or None,
    )


def _line(line: dict[str, str], currency: str, place: int) -> Line:
    field = f"lines[{place}]"
    return Line(
        description=line["description"],
        unit_price=reading.amount({field: line["unit_price"]}, currency, field),
        quantity=_number(line["quantity"], field),
        tax_category=TaxCategory(reading.must_be({field: line["tax_category"]}, field, TaxCategory)),
        tax_rate=_number(line["tax_rate"] or "0", field),
    )


def _number(text: str, field: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or abs(number) > 10**9:
        raise Invalid(N_("Write a number, like 2 or 1.5."), code="number_unreadable", field=field)
    return number


def _currency(code: str) -> str:
    if not is_currency(code):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    return code


def _sums(lines: list[dict[str, str]], currency: str) -> Sums:
    """Lines that are still empty count nothing, so that the rest adds up while one types."""
    begun = [(place, line) for place, line in enumerate(lines) if line["unit_price"].strip()]
    try:
        described = [{**line, "description": line["description"].strip() or "…"} for _, line in begun]
        priced = price(
            [
                _line(line, _currency(currency), place)
                for (place, _), line in zip(begun, described, strict=True)
            ],
            currency,
        ).totals
    except Refusal as refusal:
        return Sums(refusal=refusal)
    subtotal, tax, total = (
        Money(priced[name], currency) for name in ("subtotal_minor", "tax_minor", "total_minor")
    )
    return Sums(subtotal, tax, total)


def _typed_line(line: dict[str, Any], currency: str) -> dict[str, str]:
    return {
        "description": line["description"],
        "quantity": f"{line['quantity'].normalize():f}",
        "unit_price": Money(line["unit_price_minor"], currency).plain(),
        "tax_category": line["tax_category"],
        "tax_rate": f"{line['tax_rate'].normalize():f}",
    }


def _version(form: Form) -> int | None:
    text = str(form.value("version"))
    return int(text) if text.isdecimal() else None
