"""The portal's first page: what is to be paid, and what to do next."""

from fastapi import Request
from starlette.responses import Response

from bursar.billing import portal as billing
from bursar.onboarding import portal as onboarding
from bursar.onboarding.offers import offers_to
from bursar.tenancy import portal_sign_in
from bursar.web.portal import view
from bursar.web.portal.guests import Signed, portal_router
from bursar.web.portal.rendering import language_of, page
from bursar.web.sessions import office_of

router = portal_router()
SHOWN = 5


@router.api_route("/home", methods=["GET", "HEAD"])
async def show_home(request: Request, guest: Signed) -> Response:
    office = office_of(request)
    async with guest.look(office) as work:
        orders = await onboarding.orders_to_pay(work, guest.customer_id, limit=SHOWN)
        open_ = await billing.open_of(work, guest.customer_id, limit=SHOWN)
    persons = await portal_sign_in.persons_of(office, guest)
    async with office.work(
        guest.tenant_id, read_only=True
    ) as work:  # what was offered is in no customer's rows yet
        offers = await offers_to(work, guest.customer_id, limit=SHOWN)
    code = language_of(request, guest.locale).code
    return await page(
        request,
        guest,
        "portal/home.html",
        "home",
        offers=[view.offer(one, token, code) for one, token in offers],
        orders=[view.order(one, code) for one in orders],
        totals=[view.open_total(one, code) for one in open_.totals],
        invoices=[view.open_invoice(one, code) for one in open_.invoices],
        more=open_.more,
        several=len(persons) > 1,
    )
