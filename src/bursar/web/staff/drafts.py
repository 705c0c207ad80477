"""Drafts of invoices: for whom, which lines, and what they come to while one types."""

from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from bursar.billing.completeness import ALLOCATED_BY_LAW
from bursar.billing.finding import get_invoice, lines_of
from bursar.billing.invoices import Draft, create_draft, edit_draft
from bursar.billing.preferences import billing_settings
from bursar.billing.showing import details_of
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.prices import prices_on
from bursar.catalog.products import get_product, offered_products
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, CustomerFilter, get_customer, list_customers
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff import draft_lines
from bursar.web.staff.draft_lines import MORE, Typed

router = staff_router()

HEAD = ("currency", "due_date", "supply_date", "purchase_order", "allocation_number", "notes")
USUAL_CURRENCIES = ("AED", "EUR", "USD", "GBP", "SAR", "QAR", "KWD", "BHD", "OMR", "ILS", "EGP")


@router.get("/invoices/new")
async def new_invoice(request: Request, customer: str = "", q: str = "") -> Response:
    customer_id = reading.cursor(customer)
    async with viewer_work(request) as work:
        if customer_id is None:
            return await choose_customer(work, request, q, "/invoices/new", "invoices")
        buyer = await get_customer(work, customer_id)
        currency, line = (await this_tenant(work)).currency, await _blank(work)
    return await _page(request, buyer, Form({"currency": currency}), [line])


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
        lines = [draft_lines.stored_line(line, currency) for line in await lines_of(work, invoice_id)]
    head = {
        "currency": currency,
        "due_date": invoice.due_date or "",
        "supply_date": details.supply_date or "",
        "purchase_order": invoice.purchase_order or "",
        "allocation_number": invoice.allocation_number or "",
        "notes": details.notes or "",
        "version": invoice.version,
    }
    return await _page(request, buyer, Form(head), lines, invoice_id)


@router.post("/invoices/{invoice_id}")
async def save_invoice(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request, read_only=True) as work:
        buyer = await get_customer(work, (await get_invoice(work, invoice_id)).customer_id)
    return await _save(request, await request.form(), buyer, invoice_id)


async def _save(request: Request, typed: FormData, buyer: Customer, invoice_id: UUID | None) -> Response:
    """Keep the draft; a press on a line's button, or a change with htmx, only shows the form again."""
    form = Form({name: str(typed.get(name, "")) for name in (*HEAD, "version")})
    lines, act = draft_lines.lines_of(typed), str(typed.get("act", ""))
    if act:
        async with viewer_work(request, read_only=True) as work:
            lines = await _rearranged(work, buyer, lines, act, str(typed.get("product", "")))
        return await _page(request, buyer, form, lines, invoice_id, grown=act == "add")
    try:
        draft = _draft(buyer.id, form, lines)
        async with viewer_work(request) as work:
            if invoice_id is None:
                invoice_id = await create_draft(work, draft)
            else:
                await edit_draft(work, invoice_id, draft, version=reading.version(form.values))
    except (Invalid, Conflict) as refusal:
        return await _page(request, buyer, form.refused(refusal), lines, invoice_id)
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


async def _page(
    request: Request,
    buyer: Customer,
    form: Form,
    lines: list[Typed],
    invoice_id: UUID | None = None,
    *,
    grown: bool = False,
) -> Response:
    """`grown` by a line, whose description is then where one types."""
    currency = form.value("currency")
    async with viewer_work(request, read_only=True) as work:
        products = await offered_products(work, active=True)
        firm = await this_tenant(work)
    return pages.render(
        request,
        "staff/draft.html",
        fragment="lines",
        status=form.status,
        customer=buyer,
        form=form,
        lines=lines,
        more=MORE,
        grown=grown,
        sums=draft_lines.sums_of(lines, currency),
        invoice_id=invoice_id,
        categories=list(TaxCategory),
        kinds=list(ItemKind),
        products=products,
        allocated=firm.country in ALLOCATED_BY_LAW,
        currencies=sorted({*USUAL_CURRENCIES, currency}),
    )


async def _rearranged(work: Work, buyer: Customer, lines: list[Typed], act: str, product: str) -> list[Typed]:
    what, _, place = act.partition("-")
    if what == "add":
        return [*lines, await _filled(work, buyer, product)]
    if what == "remove" and place.isdecimal() and len(place) <= reading.LONGEST_WHOLE:
        return [line for at, line in enumerate(lines) if at != int(place)] or [await _blank(work)]
    return lines


async def _filled(work: Work, buyer: Customer, product: str) -> Typed:
    """A line of the chosen product at what this customer pays today; of none, a blank one."""
    chosen = reading.cursor(product)
    if chosen is None:
        return await _blank(work)
    try:
        found = await get_product(work, chosen)
    except NotFound:
        return await _blank(work)
    pair = (buyer.id, found.id)
    agreed = (await prices_on(work, [pair], work.today)).get(pair)
    return draft_lines.line_of_product(
        found, agreed.price if agreed else None, agreed.price_id if agreed else None
    )


async def _blank(work: Work) -> Typed:
    firm = await this_tenant(work)
    return draft_lines.blank_line(await billing_settings(work), registered=bool(firm.tax_number))


def _draft(customer_id: UUID, form: Form, lines: list[Typed]) -> Draft:
    currency = draft_lines.currency_of(form.value("currency"))
    return Draft(
        customer_id=customer_id,
        currency=currency,
        lines=[draft_lines.line_of(line, currency, place) for place, line in enumerate(lines)],
        due_date=reading.day_or_none(form.values, "due_date"),
        supply_date=reading.day_or_none(form.values, "supply_date"),
        purchase_order=form.value("purchase_order").strip() or None,
        allocation_number=form.value("allocation_number").strip() or None,
        notes=form.value("notes").strip() or None,
    )
