"""Orders: the list with what needs a decision, one with all that happened to it, and a new one by hand."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.states import PaidFor
from bursar.billing.tills.checkout_list import list_checkouts
from bursar.catalog.products import get_product, offered_products
from bursar.core.errors import N_, Conflict, Invalid
from bursar.onboarding import order_list
from bursar.onboarding.order_list import OrderFilter
from bursar.onboarding.order_story import story
from bursar.onboarding.orders import NewOrder, create_order
from bursar.onboarding.states import OrderState
from bursar.tenancy.customers import Customer, get_customer
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.drafts import choose_customer
from bursar.web.staff.telling import tell

router = staff_router()
ONE = "/orders/{order_id:uuid}"
PAGE = 25


@router.get("/orders")
async def show_orders(
    request: Request, state: str = "", held: str = "", q: str = "", after: str = ""
) -> Response:
    chosen = reading.one_of(state, OrderState)
    wanted = OrderFilter(
        OrderState(chosen) if chosen else None, held == "yes" or None, text=reading.search(q)
    )
    async with viewer_work(request) as work:
        page = await order_list.list_orders(work, wanted, cursor=reading.cursor(after), limit=PAGE)
        counts = await order_list.count_orders(work, wanted)
        stuck = await order_list.stuck_orders(work)
    return pages.render(
        request,
        "staff/orders.html",
        fragment="results",
        rows=page.rows,
        next=page.next,
        counts=counts,
        stuck=stuck,
        state=chosen or "",
        held=held == "yes",
        q=q,
    )


@router.get("/orders/new")
async def new_order(request: Request, customer: str = "", q: str = "") -> Response:
    customer_id = reading.cursor(customer)
    async with viewer_work(request) as work:
        if customer_id is None:
            return await choose_customer(work, request, q, "/orders/new", "orders")
        buyer = await get_customer(work, customer_id)
    return await _form(request, buyer, Form())


@router.post("/orders")
async def add_order(request: Request) -> Response:
    values = await reading.typed(request)
    customer_id = reading.cursor(values.get("customer"))
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    async with viewer_work(request, read_only=True) as work:
        buyer = await get_customer(work, customer_id)
    try:
        async with viewer_work(request) as work:
            product_id = reading.cursor(values.get("product"))
            if product_id is None:
                raise Invalid(N_("Choose a product."), code="product_missing", field="product")
            sold = await get_product(work, product_id)
            price = reading.amount_or_none(values, sold.currency, "price")
            order_id = await create_order(work, NewOrder(customer_id, sold.id, price=price))
    except (Invalid, Conflict) as refusal:
        return await _form(request, buyer, Form(values, (refusal,)))
    toast = N_("The order is made. Send its address to the customer, or let the reminders do it.")
    return pages.see_other(request, f"/orders/{order_id}", toast=toast)


@router.get(ONE)
async def show_order(request: Request, order_id: UUID) -> Response:
    base_url = request.app.state.house.settings.base_url
    async with viewer_work(request) as work:
        order = await order_list.get_order(work, order_id)
        shown = {
            "order": order,
            "address": order_list.pay_address(work, order, base_url) if order.may_be_paid else None,
            "undecided": await order_list.undecided(work, order_id),
            "checkouts": await list_checkouts(work, about=PaidFor.ORDER, about_id=order_id),
            "mails": await order_list.mails_about(work, order_id),
            "told": await tell(work, request, await story(work, order)),
        }
    return pages.render(request, "staff/order.html", **shown)


async def _form(request: Request, buyer: Customer, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        sold = await offered_products(work, active=True)
    return pages.render(
        request, "staff/order_form.html", status=form.status, form=form, customer=buyer, products=sold
    )
