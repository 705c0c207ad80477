"""Coming into the portal and leaving it: an address, a mail, one press of a button; and whose page it is."""

from typing import Annotated
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import NotFound, NotSignedIn, Refusal
from bursar.tenancy import portal_sign_in
from bursar.tenancy.portal_sign_in import Presented
from bursar.tenancy.rules import PORTAL_LINK_LASTS
from bursar.web.forms import Form
from bursar.web.portal.guests import Signed, drop, enter, keep, path_of, portal_router, token_of
from bursar.web.portal.rendering import go, language_of, open_page, page
from bursar.web.public.gone import gone
from bursar.web.sessions import office_of, origin_of

router = portal_router()
TEMPLATE = "portal/sign_in.html"
MINUTES = int(PORTAL_LINK_LASTS.total_seconds() // 60)


@router.api_route("", methods=["GET", "HEAD"])
async def show(request: Request, slug: str) -> Response:
    """The field for an address; who is in already goes on."""
    try:
        await enter(request, slug)
    except NotSignedIn:
        return await _before_the_door(request, slug, "ask")
    return go(request, path_of(slug, "home"))


@router.post("")
async def ask(request: Request, slug: str, email: Annotated[str, Typed()] = "") -> Response:
    """The same answer whether there is such a customer or not."""
    office = office_of(request)
    try:
        firm = await portal_sign_in.portal_of(office, slug)
    except NotFound:
        return gone(request)
    try:
        await portal_sign_in.ask_for_link(office, firm, email, origin=origin_of(request))
    except Refusal as refusal:
        return await _page(request, firm, "ask", Form({"email": email}).refused(refusal))
    return await _page(request, firm, "sent")


@router.api_route("/enter/{token}", methods=["GET", "HEAD"])
async def show_link(request: Request, slug: str, token: str) -> Response:
    """Looking changes nothing: scanners of mails look too (T46)."""
    office = office_of(request)
    try:
        firm = await portal_sign_in.portal_of(office, slug)
    except NotFound:
        return gone(request)
    try:
        locale = await portal_sign_in.look_at_link(office, firm, token)
    except NotFound:
        return await _page(request, firm, "over", status=404)
    return await _page(request, firm, "enter", locale=locale, token=token)


@router.post("/enter/{token}")
async def use_link(request: Request, slug: str, token: str) -> Response:
    office = office_of(request)
    try:
        firm = await portal_sign_in.portal_of(office, slug)
    except NotFound:
        return gone(request)
    try:
        session = await portal_sign_in.enter(office, firm, token, origin=origin_of(request))
    except NotFound:
        return await _page(request, firm, "over", status=404)
    return keep(request, go(request, path_of(slug, "home")), session)


@router.post("/sign-out")
async def leave(request: Request, slug: str) -> Response:
    await portal_sign_in.sign_out(office_of(request), token_of(request), origin=origin_of(request))
    return drop(request, go(request, path_of(slug)))


@router.api_route("/customers", methods=["GET", "HEAD"])
async def choose_customer(request: Request, guest: Signed) -> Response:
    persons = await portal_sign_in.persons_of(office_of(request), guest)
    return await page(request, guest, "portal/customers.html", "customers", persons=persons)


@router.post("/customers/{customer_id}/session")
async def switch_customer(request: Request, slug: str, customer_id: UUID, guest: Signed) -> Response:
    if customer_id == guest.customer_id:
        return go(request, path_of(slug, "home"))
    session = await portal_sign_in.switch(
        office_of(request), guest, token_of(request), customer_id, origin=origin_of(request)
    )
    return keep(request, go(request, path_of(slug, "home")), session)


async def _before_the_door(request: Request, slug: str, step: str) -> Response:
    try:
        firm = await portal_sign_in.portal_of(office_of(request), slug)
    except NotFound:
        return gone(request)
    return await _page(request, firm, step)


async def _page(
    request: Request,
    firm: Presented,
    step: str,
    form: Form | None = None,
    *,
    locale: str | None = None,
    token: str = "",
    status: int = 200,
) -> Response:
    language = language_of(request, locale, firm.locale)
    answer = await open_page(request, firm, language, TEMPLATE, form, step=step, token=token, minutes=MINUTES)
    answer.status_code = max(status, answer.status_code)
    return answer
