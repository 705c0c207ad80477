"""One change of price for many customers: said, seen with all that it changes, made."""

from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import Request
from starlette.responses import Response

from bursar.billing.billed import billed_through
from bursar.billing.price_changes import preview_change
from bursar.catalog.price_changes import Change, Outcome, Way, Whose, apply_change
from bursar.catalog.products import Product, offered_products
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.money import Money
from bursar.tenancy.amounts import NumberStyle, parse_amount
from bursar.tenancy.customers import tags_in_use
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()

SHOWN = 500
"""Rows of one page; the sums above them are of all."""


@router.get("/price-changes/new")
async def new_change(request: Request, product: str = "") -> Response:
    return await _form(request, Form({"product": product, "how": Way.RAISE_BY_PERCENT, "whose": "own"}))


@router.post("/price-changes/preview")
async def show_change(request: Request) -> Response:
    typed, tags = await reading.typed(request), await reading.chosen(request, "tag")
    try:
        async with viewer_work(request) as work:
            preview = await preview_change(work, _change(typed, tags, await _sold(work)))
            today = work.today
    except (Invalid, Conflict) as refusal:
        return await _form(request, Form({**typed, "tag": tags}).refused(refusal))
    counts = {outcome: sum(part.outcome is outcome for part in preview.parts) for outcome in Outcome}
    return pages.render(
        request,
        "staff/price_change_review.html",
        preview=preview,
        counts=counts,
        typed=typed,
        tags=tags,
        today=today,
        shown=SHOWN,
    )


@router.post("/price-changes")
async def make_change(request: Request) -> Response:
    typed, tags = await reading.typed(request), await reading.chosen(request, "tag")
    if typed.get("step") == "back":
        return await _form(request, Form({**typed, "tag": tags}))
    try:
        async with viewer_work(request) as work:
            change = _change(typed, tags, await _sold(work))
            done = await apply_change(work, change, billed=billed_through, seen=typed.get("mark") or None)
    except (Invalid, Conflict) as refusal:
        return await _form(request, Form({**typed, "tag": tags}).refused(refusal))
    made = sum(part.outcome is Outcome.CHANGED for part in done)
    toast = N_("Prices changed: %(count)s.")
    return pages.see_other(
        request, f"/prices?product={change.product_id}&when=all", toast=toast, params={"count": made}
    )


async def _sold(work: Any) -> list[Product]:
    return await offered_products(work, active=True)


def _change(typed: dict[str, str], tags: list[str], sold: list[Product]) -> Change:
    """Raises `Invalid` by field."""
    product = next((one for one in sold if str(one.id) == typed.get("product")), None)
    if product is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="product")
    way = Way(reading.must_be(typed, "how", Way))
    at = reading.amount_or_none(typed, product.currency, "at")
    whose = Whose(tags, None, at, without_own=typed.get("whose") == "all")
    return Change(
        product.id,
        reading.day(typed, "effective_from"),
        way,
        _amount(typed, product.currency) if way is not Way.RAISE_BY_PERCENT else None,
        _percent(typed) if way is Way.RAISE_BY_PERCENT else None,
        whose,
        backdated=typed.get("backdated") == "yes",
    )


def _amount(typed: dict[str, str], currency: str) -> Money:
    """May stand below zero, to lower prices."""
    text = typed.get("value", "").strip()
    sign = -1 if text[:1] in {"-", "−"} else 1
    money = reading.amount({"value": text.lstrip("-−")}, currency, "value")
    return money * sign


def _percent(typed: dict[str, str]) -> Decimal:
    text = typed.get("value", "").replace("%", "").replace("−", "-").strip()
    try:
        hundredths = parse_amount(text.lstrip("-"), 4, NumberStyle.POINT, field="value")
    except (Invalid, InvalidOperation):
        raise Invalid(N_("Give the percentage as a number."), code="percent", field="value") from None
    percent = Decimal(hundredths).scaleb(-4)
    return -percent if text.startswith("-") else percent


async def _form(request: Request, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        sold, tags = await _sold(work), await tags_in_use(work)
    asked = {refusal.code for refusal in form.refusals}
    return pages.render(
        request,
        "staff/price_change.html",
        status=form.status,
        form=form,
        products=sold,
        tags=tags,
        ask_backdated="price_backdated" in asked or form.value("backdated") == "yes",
    )
