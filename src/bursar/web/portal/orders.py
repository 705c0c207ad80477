"""A customer's orders in the portal: how each stands, and the way to pay it."""

from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from bursar.billing.tills.checkouts import NewCheckout
from bursar.core.errors import NotFound, Refusal
from bursar.core.kinds import ActorType
from bursar.core.work import Actor, Work
from bursar.onboarding import orders, portal
from bursar.tenancy import throttle
from bursar.tenancy.portal_sign_in import Guest
from bursar.web import reading
from bursar.web.forms import Form
from bursar.web.portal import view
from bursar.web.portal.guests import Signed, portal_router
from bursar.web.portal.rendering import PAGE_SIZE, language_of, page
from bursar.web.public.answering import house_of
from bursar.web.public.order_words import refusal_words
from bursar.web.sessions import office_of, origin_of

router = portal_router()


@router.api_route("/orders", methods=["GET", "HEAD"])
async def list_orders(request: Request, guest: Signed, before: str = "") -> Response:
    async with guest.look(office_of(request)) as work:
        found = await portal.orders_of(
            work, guest.customer_id, before=reading.cursor(before), limit=PAGE_SIZE + 1
        )
    code = language_of(request, guest.locale).code
    shown = [view.order(one, code) for one in found[:PAGE_SIZE]]
    older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return await page(request, guest, "portal/orders.html", "orders", orders=shown, older=older)


@router.api_route("/orders/{order_id}", methods=["GET", "HEAD"])
async def show_order(request: Request, order_id: UUID, guest: Signed) -> Response:
    return await _order(request, guest, order_id)


@router.post("/orders/{order_id}/checkout")
async def pay_order(request: Request, order_id: UUID, guest: Signed) -> Response:
    """To the provider's page: a fresh one for each attempt."""
    office, origin = office_of(request), origin_of(request)
    async with guest.look(office) as work:
        await portal.one_order(work, guest.customer_id, order_id)

    base_url = house_of(request).settings.base_url

    async def begin(work: Work) -> NewCheckout:
        wanted = await orders.checkout_of(work, order_id, base_url=base_url)
        if wanted.customer_id != guest.customer_id:
            raise NotFound("order")
        return wanted

    actor = Actor(ActorType.CUSTOMER, guest.customer_id)
    try:
        await throttle.count(office, *throttle.counters("order checkout", str(order_id), origin.ip))
        address = await house_of(request).cashier.open(guest.tenant_id, begin, actor=actor)
    except NotFound:
        raise
    except Refusal as refusal:
        return await _order(request, guest, order_id, refusal)
    return RedirectResponse(address, status_code=303)


async def _order(request: Request, guest: Guest, order_id: UUID, refusal: Refusal | None = None) -> Response:
    async with guest.look(office_of(request)) as work:
        found = await portal.one_order(work, guest.customer_id, order_id)
    code = language_of(request, guest.locale).code
    form = Form().refused(refusal) if refusal else Form()
    said = {"": refusal_words(code, refusal)} if refusal else None
    shown = view.order_page(found, code)
    return await page(request, guest, "portal/order.html", "orders", form=form, said=said, order=shown)
