"""What a customer paid, and what for."""

from fastapi import Request
from starlette.responses import Response

from bursar.billing import portal
from bursar.web import reading
from bursar.web.portal import view
from bursar.web.portal.guests import Signed, portal_router
from bursar.web.portal.rendering import PAGE_SIZE, language_of, page
from bursar.web.sessions import office_of

router = portal_router()


@router.api_route("/payments", methods=["GET", "HEAD"])
async def list_payments(request: Request, guest: Signed, before: str = "") -> Response:
    async with guest.look(office_of(request)) as work:
        found = await portal.payments_of(
            work, guest.customer_id, before=reading.cursor(before), limit=PAGE_SIZE + 1
        )
    code = language_of(request, guest.locale).code
    shown = [view.payment(one, code) for one in found[:PAGE_SIZE]]
    older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return await page(request, guest, "portal/payments.html", "payments", payments=shown, older=older)
