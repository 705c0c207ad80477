"""An order's page for whoever has its link: how it stands, and the way to pay it (R126, R129).

Asking changes nothing: a button pays, and what a provider says is looked up by a POST, never because somebody came
back with an address that says so.
"""

import time
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from jinja2_fragments import render_block
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing.documents.keeping import logo_of
from bursar.billing.hosted import acts_closed
from bursar.billing.states import PaidFor
from bursar.billing.tills.checkouts import NewCheckout
from bursar.core.errors import NotFound, Refusal
from bursar.core.work import Work
from bursar.onboarding import order_page, orders
from bursar.onboarding.addresses import CANCEL, ORDER_PATH, RETURN
from bursar.onboarding.order_page import OpenedOrder
from bursar.onboarding.standing import Standing
from bursar.tenancy import throttle
from bursar.web import pages
from bursar.web.public import order_view
from bursar.web.public.answering import asked_language, house_of
from bursar.web.public.gone import gone
from bursar.web.public.lately import Lately
from bursar.web.public.order_words import refusal_words
from bursar.web.public.page_headers import headers_of
from bursar.web.public.wording import spoken
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=ORDER_PATH.rstrip("/"))

TEMPLATE = "public/order.html"
MOST_LOOKS = 20
"""How often the page looks again by itself before it leaves that to whoever waits."""
Looks = Annotated[int, Query(ge=0, le=MOST_LOOKS)]

asked_lately = Lately(seconds=2)
"""A provider is not asked about one checkout more often, however often a page asks us."""


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(request: Request, token: str) -> Response:
    return await _page(request, token, "order")


@router.api_route("/{token}" + CANCEL, methods=["GET", "HEAD"])
async def come_back_unpaid(request: Request, token: str) -> Response:
    """No failure: whoever looks around before paying has not refused to."""
    return await _page(request, token, "stopped")


@router.api_route("/{token}" + RETURN, methods=["GET", "HEAD"])
async def come_back(request: Request, token: str, looks: Looks = 0) -> Response:
    """What we know. The page asks again by itself, with a script or without.

    What the provider wrote into this address is not read: it would prove nothing (R129).
    """
    return await _page(request, token, "looking", looks=looks)


@router.post("/{token}/look")
async def look(request: Request, token: str, looks: Looks = 0) -> Response:
    """Ask the provider, and say what is known then."""
    house = house_of(request)
    try:
        opened = await order_page.open_order(office_of(request), token)
    except NotFound:
        return gone(request)
    if asked_lately.may(opened.order_id, time.monotonic()):
        await house.cashier.look_at_latest(opened.tenant_id, PaidFor.ORDER, opened.order_id)
    if pages.wants_fragment(request):
        return await _page(request, token, "looking", looks=min(looks + 1, MOST_LOOKS))
    return RedirectResponse(ORDER_PATH + token + RETURN + asked_language(request), status_code=303)


@router.post("/{token}/checkout")
async def pay(request: Request, token: str) -> Response:
    """To the provider's page: a fresh one for each attempt."""
    office, origin = office_of(request), origin_of(request)
    try:
        opened = await order_page.open_order(office, token)
    except NotFound:
        return gone(request)
    try:
        counters = throttle.counters("order checkout", str(opened.order_id), origin.ip)
        await throttle.count(office, *counters)
        target = await open_checkout(request, opened)
    except Refusal as refusal:
        return await _page(request, token, "order", refusal=refusal)
    await throttle.forgive(office, counters[0])  # many people share one address
    return RedirectResponse(target, status_code=303)


async def open_checkout(request: Request, opened: OpenedOrder) -> str:
    """The provider's page for this order. Raises what speaks against paying, and `Conflict` where there is no page."""
    house = house_of(request)
    begin = partial(_wanted, opened, house.settings.base_url, asked_language(request))
    return await house.cashier.open(opened.tenant_id, begin, actor=opened.actor, origin=origin_of(request))


async def _wanted(opened: OpenedOrder, base_url: str, language: str, work: Work) -> NewCheckout:
    """What the order's room asks to be paid; who pays comes back to their own language."""
    if not opened.may_pay:
        raise acts_closed()
    wanted = await orders.checkout_of(work, opened.order_id, base_url=base_url)
    if not language:
        return wanted
    return replace(
        wanted,
        locale=language.removeprefix("?lang="),
        success_url=wanted.success_url.replace("?", f"{language}&", 1),
        cancel_url=wanted.cancel_url + language,
    )


async def _page(
    request: Request,
    token: str,
    step: str,
    *,
    looks: int = 0,
    refusal: Refusal | None = None,
) -> Response:
    house, office = house_of(request), office_of(request)
    try:
        opened = await order_page.open_order(office, token)
        async with opened.work(office, read_only=True) as work:
            told = await order_page.show_order(work, opened)
    except NotFound:
        return gone(request)
    logo = await logo_of(house.press, opened.tenant_id, told.firm.branding.get("logo_file_id"))
    language = spoken(request.query_params.get("lang"), told.locale, told.firm.locale)
    path = ORDER_PATH + token
    values = order_view.shown(told, language, path, logo) | {
        "here": path if step == "order" else f"{path}{RETURN if step == 'looking' else CANCEL}",
        "step": step,
        "looks": looks,
        "looking": step == "looking" and told.standing is Standing.WAITING and looks < MOST_LOOKS,
        "refused": refusal_words(language.code, refusal) if refusal else None,
    }
    status = refusal.status if refusal else 200
    environment = pages.environment("en")
    if pages.wants_fragment(request):
        html = render_block(environment, TEMPLATE, "standing", **values)
    else:
        html = environment.get_template(TEMPLATE).render(**values)
    return HTMLResponse(
        html, status_code=status, headers=headers_of(request, language.code, looks=step == "looking")
    )
