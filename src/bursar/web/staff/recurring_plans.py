"""The editor of a recurring invoice, with its months to come while one types."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.recurring.planning import create_recurring, edit_recurring
from bursar.billing.recurring.previewing import Upcoming, preview_plan
from bursar.billing.recurring.showing import Recurring, get_recurring
from bursar.billing.settings import BillingSettings
from bursar.catalog.products import Product, get_product, offered_products
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, get_customer
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.recurring_forms import again, blank, plan_of, product_of
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.drafts import choose_customer

router = staff_router()


@dataclass(frozen=True, slots=True)
class Ahead:
    """The first months of what is typed, or why they cannot be said yet."""

    months: tuple[Upcoming, ...] = ()
    refusal: Refusal | None = None


@router.get("/recurring/new")
async def new_recurring(request: Request, customer: str = "", q: str = "") -> Response:
    customer_id = reading.cursor(customer)
    async with viewer_work(request) as work:
        if customer_id is None:
            return await choose_customer(work, request, q, "/recurring/new", "recurring")
        buyer = await get_customer(work, customer_id)
        firm = await this_tenant(work)
        usual = BillingSettings.of(firm.settings, firm.country).auto_issue
        form = Form(blank(work.today, auto_issue=usual))
    return await _page(request, buyer, form)


@router.post("/recurring/preview")
async def preview_typed(request: Request) -> Response:
    """What the form as it stands would bill; nothing is written."""
    values = await reading.typed(request)
    customer_id = reading.cursor(values.get("customer"))
    kept = reading.cursor(values.get("recurring"))
    async with viewer_work(request, read_only=True) as work:
        found = await get_recurring(work, kept) if kept else None
        ahead = await _ahead(work, values, customer_id, found)
    return pages.render(request, "staff/recurring_months.html", ahead=ahead)


@router.post("/recurring")
async def add_recurring(request: Request) -> Response:
    values = await reading.typed(request)
    customer_id = reading.cursor(values.get("customer"))
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    async with viewer_work(request, read_only=True) as work:
        buyer = await get_customer(work, customer_id)
    try:
        async with viewer_work(request) as work:
            product = await get_product(work, product_of(values))
            recurring_id = await create_recurring(work, plan_of(values, customer_id, product))
    except (Invalid, Conflict) as refusal:
        return await _page(request, buyer, Form(values, (refusal,)))
    return pages.see_other(request, f"/recurring/{recurring_id}", toast=N_("The recurring invoice is saved."))


@router.get("/recurring/{recurring_id:uuid}/edit")
async def edit_plan(request: Request, recurring_id: UUID) -> Response:
    async with viewer_work(request) as work:
        found = await get_recurring(work, recurring_id)
        buyer = await get_customer(work, found.customer_id)
    return await _page(request, buyer, Form(again(found)), found)


@router.post("/recurring/{recurring_id:uuid}")
async def save_plan(request: Request, recurring_id: UUID) -> Response:
    values = await reading.typed(request)
    async with viewer_work(request, read_only=True) as work:
        found = await get_recurring(work, recurring_id)
        buyer = await get_customer(work, found.customer_id)
    try:
        async with viewer_work(request) as work:
            product = await get_product(work, product_of(values))
            plan = plan_of(values, found.customer_id, product, found.currency)
            await edit_recurring(work, recurring_id, plan, version=reading.version(values))
    except (Invalid, Conflict) as refusal:
        return await _page(request, buyer, Form(values, (refusal,)), found)
    return pages.see_other(request, f"/recurring/{recurring_id}", toast=N_("The recurring invoice is saved."))


async def _page(request: Request, buyer: Customer, form: Form, found: Recurring | None = None) -> Response:
    async with viewer_work(request, read_only=True) as work:
        products = await _offered(work, found)
        ahead = await _ahead(work, dict(form.values), buyer.id, found)
    return pages.render(
        request,
        "staff/recurring_form.html",
        status=form.status,
        form=form,
        customer=buyer,
        found=found,
        products=products,
        ahead=ahead,
    )


async def _offered(work: Work, found: Recurring | None) -> list[Product]:
    """What is sold, and what this one has sold until now."""
    offered = await offered_products(work, active=True)
    if found and found.product_id not in {one.id for one in offered}:
        offered = [await get_product(work, found.product_id), *offered]
    return offered


async def _ahead(
    work: Work, values: dict[str, Any], customer_id: UUID | None, found: Recurring | None
) -> Ahead:
    """A form that is not finished says nothing yet; one that cannot be says why."""
    if customer_id is None or not values.get("product"):
        return Ahead()
    try:
        product = await get_product(work, product_of(values))
        plan = plan_of(values, customer_id, product, found.currency if found else None)
        begun = found.next_run_on if found and found.last_generated_on else None
        months = await preview_plan(work, plan, since=begun)
    except (Invalid, NotFound) as refusal:
        return Ahead(refusal=refusal)
    return Ahead(tuple(months))
