"""One invoice in the portal: shown, and the form of one answer to it."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from bursar.billing import portal
from bursar.billing.tills import tills
from bursar.tenancy.portal_sign_in import Guest
from bursar.web.forms import Form
from bursar.web.portal import view
from bursar.web.portal.guests import path_of
from bursar.web.portal.rendering import go, language_of, page
from bursar.web.public.answering import CONTESTED
from bursar.web.sessions import office_of


async def invoice_page(
    request: Request, guest: Guest, invoice_id: UUID, step: str, form: Form | None = None
) -> Response:
    """`step` is "invoice" or an answer; one that is not taken at present leads back. Raises `NotFound`."""
    async with guest.look(office_of(request)) as work:
        told = await portal.invoice_seen(work, guest.customer_id, invoice_id, guest.settings)
    takes_cards = (
        step == "invoice" and told.is_open and not told.being_paid and await _takes_cards(request, guest)
    )
    path = path_of(guest.firm.slug, "invoices", invoice_id)
    if step != "invoice" and form is None and step not in told.offers:
        return go(request, path)
    blank = Form({"amount": told.balance.plain(), "paid_on": told.today.isoformat()})
    shown = view.invoice_page(told, language_of(request, guest.locale).code)
    return await page(
        request,
        guest,
        "portal/invoice.html",
        "invoices",
        form=form or blank,
        invoice=shown,
        path=path,
        step=step,
        reasons=CONTESTED,
        may_pay=takes_cards,
    )


async def _takes_cards(request: Request, guest: Guest) -> bool:
    """What the firm has set up is the firm's to know: no customer reads it as themselves."""
    async with office_of(request).work(guest.tenant_id, read_only=True) as work:
        return await tills.taking_money(work) is not None
