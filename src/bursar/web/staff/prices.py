"""Prices: who pays what today, one customer's from day to day, and what is changed about one of them."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.billed import billed_through
from bursar.billing.price_changes import Effect, effect_of
from bursar.catalog import prices
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import CustomerPrice
from bursar.catalog.products import Product, offered_products
from bursar.catalog.units import count_units
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.money import is_currency
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, get_customer
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()

ONE = "/prices/{price_id:uuid}"
OF = "/customers/{customer_id:uuid}/prices"
PAGE, MOST = 50, 200


@router.get("/prices")
async def show_prices(
    request: Request, q: str = "", product: str = "", when: str = "", after: str = ""
) -> Response:
    async with viewer_work(request) as work:
        page = await prices.list_prices(
            work,
            text=reading.search(q),
            product_id=reading.cursor(product),
            on=None if when else work.today,
            cursor=reading.cursor(after),
            limit=PAGE,
        )
        values = {"products": await offered_products(work), "today": work.today}
    asked = {"q": q, "product": product, "when": when}
    return pages.render(request, "staff/prices.html", fragment="results", page_of=page, asked=asked, **values)


@router.get(OF)
async def show_customer_prices(request: Request, customer_id: UUID) -> Response:
    async with viewer_work(request) as work:
        customer = await get_customer(work, customer_id)
        page = await prices.list_prices(work, customer_id=customer_id, limit=MOST)
        counts = await count_units(work, work.today, customer_id=customer_id)
        sold = await offered_products(work)
        today = work.today
    named = [(one.id, one) for one in sold if (customer_id, one.id) in counts]
    return pages.render(
        request,
        "staff/customer_prices.html",
        customer=customer,
        lines=_by_product(page.rows),
        units=[(product, counts[customer_id, key]) for key, product in named],
        today=today,
    )


@router.get(OF + "/new")
async def new_price(request: Request, customer_id: UUID, product: str = "") -> Response:
    async with viewer_work(request) as work:
        customer, sold = await _choice(work, customer_id)
    chosen = next((one for one in sold if str(one.id) == product), sold[0] if sold else None)
    values = {"product": str(chosen.id), "currency": chosen.currency} if chosen else {}
    return _form(request, customer, sold, Form(values))


@router.post(OF)
async def add_price(request: Request, customer_id: UUID) -> Response:
    """A first press shows what the price changes, the second one agrees it."""
    typed = await reading.typed(request)
    effect = None
    async with viewer_work(request, read_only=True) as work:
        customer, sold = await _choice(work, customer_id)
    try:
        price = _price(typed, customer_id, sold)
        async with viewer_work(request) as work:
            if typed.get("step") == "agree":
                await prices.add_price(work, price, billed=billed_through)
            else:
                [answer] = await prices.plan_prices(work, [price], billed=billed_through)
                if isinstance(answer, Refusal):
                    raise answer
                effect = await effect_of(work, [price])
    except (Invalid, Conflict) as refusal:
        return _form(request, customer, sold, Form(typed).refused(refusal))
    if effect is not None:
        return _form(request, customer, sold, Form(typed), effect)
    return pages.see_other(request, f"/customers/{customer_id}/prices", toast=N_("The price is agreed."))


@router.get(ONE + "/end/new")
async def ask_end(request: Request, price_id: UUID) -> Response:
    return await _ask(request, price_id, _end, Form())


@router.post(ONE + "/end")
async def end_price(request: Request, price_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            price = await prices.get_price(work, price_id)
            await prices.end_price(
                work,
                price_id,
                reading.day_or_none(typed, "effective_to"),
                billed=billed_through,
                backdated=typed.get("backdated") == "yes",
            )
    except (Invalid, Conflict) as refusal:
        return await _ask(request, price_id, _end, Form(typed).refused(refusal))
    return _back(request, price, N_("Saved."))


@router.get(ONE + "/edit")
async def ask_edit(request: Request, price_id: UUID) -> Response:
    return await _ask(request, price_id, _edit, Form())


@router.post(ONE)
async def edit_price(request: Request, price_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            price = await prices.get_price(work, price_id)
            amount = reading.amount(typed, price.unit_price.currency, "unit_price")
            await prices.edit_price(work, price_id, amount, billed=billed_through)
    except (Invalid, Conflict) as refusal:
        return await _ask(request, price_id, _edit, Form(typed).refused(refusal))
    return _back(request, price, N_("Saved."))


@router.post(ONE + "/removal")
async def remove_price(request: Request, price_id: UUID) -> Response:
    async with viewer_work(request) as work:
        price = await prices.get_price(work, price_id)
        await prices.remove_price(work, price_id, billed=billed_through)
    return _back(request, price, N_("The price was taken back."))


async def _choice(work: Work, customer_id: UUID) -> tuple[Customer, list[Product]]:
    sold = await offered_products(work, active=True)
    return await get_customer(work, customer_id), sold


def _price(typed: dict[str, str], customer_id: UUID, sold: list[Product]) -> NewPrice:
    """Raises `Invalid` by field."""
    product = next((one for one in sold if str(one.id) == typed.get("product")), None)
    if product is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="product")
    currency = typed.get("currency", "").strip().upper() or product.currency
    if not is_currency(currency):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    return NewPrice(
        customer_id,
        product.id,
        reading.amount(typed, currency, "unit_price"),
        reading.day(typed, "effective_from"),
        reading.day_or_none(typed, "effective_to"),
        backdated=typed.get("backdated") == "yes",
        other_currency=typed.get("other_currency") == "yes",
    )


def _form(
    request: Request, customer: Customer, sold: list[Product], form: Form, effect: Effect | None = None
) -> Response:
    asked = {refusal.code for refusal in form.refusals}
    return pages.render(
        request,
        "staff/price_form.html",
        status=form.status,
        customer=customer,
        products=sold,
        form=form,
        effect=effect,
        ask_backdated="price_backdated" in asked or form.value("backdated") == "yes",
        ask_currency="price_other_currency" in asked or form.value("other_currency") == "yes",
    )


def _by_product(rows: list[CustomerPrice]) -> list[tuple[CustomerPrice, list[CustomerPrice]]]:
    """The prices of each product, the newest first; the first of them names the product."""
    lines: dict[UUID, list[CustomerPrice]] = {}
    for row in sorted(rows, key=lambda row: row.effective_from, reverse=True):
        lines.setdefault(row.product_id, []).append(row)
    return [(line[0], line) for line in lines.values()]


async def _ask(request: Request, price_id: UUID, act: Any, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        price = await prices.get_price(work, price_id)
    trail = [(price.customer_name, f"/customers/{price.customer_id}/prices")]
    return ask(request, act(price), form, at="prices", trail=trail)


def _end(price: CustomerPrice) -> Act:
    return Act(
        N_("When does this price end?"),
        N_("Save"),
        f"/prices/{price.id}/end",
        (
            Ask(
                "date",
                "effective_to",
                N_("The first day without it"),
                N_("Empty: it holds until the next one begins."),
                required=False,
            ),
            Ask(
                "select",
                "backdated",
                N_("A day before today"),
                options=(("", N_("No")), ("yes", N_("Yes, that is meant"))),
                required=False,
            ),
        ),
        N_("After it the product's own price is charged, unless another one begins."),
        f"{price.product_name} · {price.unit_price}",
    )


def _edit(price: CustomerPrice) -> Act:
    return Act(
        N_("Correct this price"),
        N_("Save"),
        f"/prices/{price.id}",
        (Ask("amount", "unit_price", N_("Price of one"), unit=price.unit_price.currency),),
        N_("Nothing was billed by it yet. For another price from a later day add a new one."),
        f"{price.product_name} · {price.unit_price}",
    )


def _back(request: Request, price: CustomerPrice, toast: str) -> Response:
    return pages.see_other(request, f"/customers/{price.customer_id}/prices", toast=toast)
