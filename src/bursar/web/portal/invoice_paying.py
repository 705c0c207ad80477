"""Paying an invoice from the portal: to the provider's page, and back to what is known of the payment."""

from functools import partial
from uuid import UUID

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from bursar.billing import hosted_paying, portal
from bursar.billing.hosted import Opened
from bursar.billing.tills.checkouts import NewCheckout
from bursar.core.errors import NotFound, Refusal
from bursar.core.kinds import ActorType
from bursar.core.work import Actor, Work
from bursar.tenancy import throttle
from bursar.tenancy.portal_sign_in import Guest
from bursar.web.forms import Form
from bursar.web.portal.guests import Signed, path_of, portal_router
from bursar.web.portal.invoice_page import invoice_page
from bursar.web.portal.rendering import language_of
from bursar.web.portal.words import words
from bursar.web.public import paying
from bursar.web.public.answering import Way, house_of
from bursar.web.public.paying import CHECKOUT
from bursar.web.sessions import office_of, origin_of

router = portal_router()


@router.post("/invoices/{invoice_id}/checkout")
async def pay_invoice(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    """A fresh page of the provider; what speaks against it is said on the invoice's own."""
    office, origin = office_of(request), origin_of(request)
    opened = await _find(request, guest, invoice_id)
    begin = partial(_wanted, request, guest, invoice_id)
    actor = Actor(ActorType.CUSTOMER, guest.customer_id)
    try:
        await throttle.count(
            office, *throttle.counters("portal answer", f"{invoice_id} {CHECKOUT}", origin.ip)
        )
        url = await house_of(request).cashier.open(opened.tenant_id, begin, actor=actor, origin=origin)
    except NotFound:
        raise
    except Refusal as refusal:
        return await invoice_page(request, guest, invoice_id, "invoice", Form().refused(refusal))
    return RedirectResponse(url, status_code=303)


@router.api_route("/invoices/{invoice_id}/checkout", methods=["GET", "HEAD"])
async def come_back(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await paying.come_back(request, _way(request, guest, invoice_id))


@router.post("/invoices/{invoice_id}/checkout/look")
async def look(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await paying.look(request, _way(request, guest, invoice_id))


def _way(request: Request, guest: Guest, invoice_id: UUID) -> Way:
    """How the customer came to it: through their portal, found as themselves each time."""
    enter = partial(_find, request, guest, invoice_id)
    return Way(path_of(guest.firm.slug, "invoices", invoice_id), enter)


async def _find(request: Request, guest: Guest, invoice_id: UUID) -> Opened:
    """Raises `NotFound` for what the customer does not see."""
    async with guest.look(office_of(request)) as work:
        await portal.find_invoice(work, guest.customer_id, invoice_id)
    return Opened(guest.tenant_id, invoice_id, guest.customer_id, may_act=True)


async def _wanted(request: Request, guest: Guest, invoice_id: UUID, work: Work) -> NewCheckout:
    code = language_of(request, guest.locale).code
    base = house_of(request).settings.base_url.rstrip("/")
    page = f"{base}{path_of(guest.firm.slug, 'invoices', invoice_id)}"
    wanted = await hosted_paying.checkout_of(
        work,
        invoice_id,
        words=words(code)["checkout_of"],
        locale=code,
        success_url=f"{page}/{CHECKOUT}?lang={code}",
        cancel_url=f"{page}?lang={code}",
    )
    if wanted.customer_id != guest.customer_id:
        raise NotFound("invoice")
    return wanted
