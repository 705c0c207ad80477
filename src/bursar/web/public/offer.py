"""An offer's page for whoever has its link: what it is, who they are, what they agree to, and on to pay (R126).

Asking changes nothing, since scanners of mails follow every link. What is wrong with a link, and one that is over:
one page for all of it.
"""

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing.documents.keeping import logo_of
from bursar.core.errors import NotFound, NotSignedIn, Refusal
from bursar.core.kinds import ActorType
from bursar.core.work import Actor
from bursar.onboarding import order_page, registering
from bursar.onboarding.addresses import OFFER_PATH, ORDER_PATH
from bursar.onboarding.offers import OfferStanding, find_offer
from bursar.onboarding.order_page import OpenedOrder
from bursar.onboarding.registering import Agreed, MailSent, Prospect, Registered, Registration
from bursar.tenancy import throttle
from bursar.tenancy.portal_sign_in import Guest, guest_of
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.guest_cookies import token_of
from bursar.web.public import offer_view
from bursar.web.public.answering import asked_language, house_of
from bursar.web.public.offer_words import CONSENT_VERSION, refusal_words
from bursar.web.public.order_page import open_checkout
from bursar.web.public.page_headers import headers_of
from bursar.web.public.wording import spoken
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=OFFER_PATH.rstrip("/"))

OVER = frozenset({OfferStanding.USED, OfferStanding.EXPIRED, OfferStanding.REVOKED})
STEPS = {OfferStanding.OPEN: "offer", OfferStanding.UNAVAILABLE: "closed", OfferStanding.CLAIMED: "begun"}


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(request: Request, token: str) -> Response:
    """The offer. Whoever is signed in and has taken it already is led to their order."""
    try:
        tenant_id = registering.firm_named_by(token)
        guest = await guest_at(request, tenant_id)
        if guest is not None and (order := await _order_of(request, token, guest)) is not None:
            return RedirectResponse(await _order_address(request, order), status_code=303)
        return await _page(request, token, tenant_id, guest=guest)
    except NotFound:
        return _gone(request, token)


@router.post("/{token}")
async def register(request: Request, token: str) -> Response:
    """Once, and on to the provider's page; what was refused is shown beside its field."""
    office, origin = office_of(request), origin_of(request)
    try:
        prospect = await registering.prospect_of(office, token)
    except NotFound:
        return _gone(request, token)
    typed, counters = await reading.typed(request), throttle.counters("offer", token, origin.ip)
    guest = await guest_at(request, prospect.tenant_id)
    try:
        await throttle.count(office, *counters)
        done = await _take(request, token, prospect, guest, typed)
    except NotFound:
        return _gone(request, token)
    except Refusal as refusal:
        return await _page(request, token, prospect.tenant_id, Form(typed).refused(refusal), guest=guest)
    if isinstance(done, MailSent):
        return await _page(request, token, prospect.tenant_id, step="mailed")
    await throttle.forgive(office, *counters)
    return await _to_pay(request, prospect.tenant_id, done)


@router.post("/{token}/mail")
async def mail_a_way_in(request: Request, token: str) -> Response:
    """To the address that the offer was made to, whoever presses."""
    office, origin = office_of(request), origin_of(request)
    try:
        prospect = await registering.prospect_of(office, token)
    except NotFound:
        return _gone(request, token)
    try:
        await throttle.count(office, *throttle.counters("offer mail", token, origin.ip))
        async with office.work(prospect.tenant_id, origin=origin) as work:
            await registering.mail_a_way_in(work, token)
    except NotFound:
        return _gone(request, token)
    except Refusal as refusal:
        return await _page(request, token, prospect.tenant_id, Form().refused(refusal))
    return await _page(request, token, prospect.tenant_id, step="mailed")


@router.post("/{token}/again")
async def ask_again(request: Request, token: str) -> Response:
    """The same answer for every address, whatever it was."""
    office, origin = office_of(request), origin_of(request)
    await throttle.count(office, *throttle.counters("offer again", token, origin.ip))
    await registering.ask_again(office, token, origin=origin)
    return _gone(request, token, asked=True)


async def guest_at(request: Request, tenant_id: UUID) -> Guest | None:
    """Who is signed in at this firm's portal."""
    try:
        guest = await guest_of(office_of(request), token_of(request))
    except NotSignedIn:
        return None
    return guest if guest.tenant_id == tenant_id else None


async def _order_of(request: Request, token: str, guest: Guest) -> OpenedOrder | None:
    """What they have ordered by this offer already."""
    async with office_of(request).work(guest.tenant_id, read_only=True) as work:
        offer = await find_offer(work, token)
    if offer.order_id is None or offer.customer_id != guest.customer_id:
        return None
    return OpenedOrder(guest.tenant_id, offer.order_id, guest.customer_id, may_pay=True)


async def _take(
    request: Request, token: str, prospect: Prospect, guest: Guest | None, typed: dict[str, str]
) -> Registered | MailSent:
    """As the customer who is signed in, if the offer is theirs; else as somebody new."""
    office, origin = office_of(request), origin_of(request)
    async with office.work(prospect.tenant_id, read_only=True) as work:
        offer, firm = await find_offer(work, token), await order_page.firm_of(work)
        known = guest is not None and await registering.is_made_to(work, offer, guest.customer_id)
    if guest is not None and known:
        actor = Actor(ActorType.CUSTOMER, guest.customer_id)
        async with office.work(prospect.tenant_id, actor=actor, origin=origin) as work:
            return await registering.order_as_customer(work, token, _agreed(typed))
    language = spoken(request.query_params.get("lang"), offer.locale).code
    async with prospect.work(office, origin=origin) as work:
        return await registering.register(work, token, _registration(typed, language, firm.name))


def _gone(request: Request, token: str, *, asked: bool = False) -> Response:
    """One page for a link that was used, ran out, was revoked, was another's, or never was."""
    path = OFFER_PATH + quote(token, safe="")
    return pages.render(request, "public/offer_gone.html", status=404, path=path, asked=asked)


def _agreed(typed: dict[str, str]) -> Agreed:
    ticked = typed.get("terms") == "yes"
    return Agreed(
        price=offer_view.price_read(typed.get("price", "")),
        terms=typed.get("terms_version", "") if ticked else None,
        resume=typed.get("resume", "")[:100],
    )


def _registration(typed: dict[str, str], language: str, firm: str) -> Registration:
    return Registration(
        agreed=_agreed(typed),
        full_name=typed.get("full_name", ""),
        company_name=typed.get("company_name", ""),
        phone=typed.get("phone", ""),
        address_lines=typed.get("address_lines", ""),
        city=typed.get("city", ""),
        locale=language,
        consents={
            channel: offer_view.consent_said(language, firm, channel)
            for channel in offer_view.CHANNELS
            if typed.get(f"news_{channel}") == "yes"
        },
        consent_version=CONSENT_VERSION,
    )


async def _to_pay(request: Request, tenant_id: UUID, done: Registered) -> Response:
    """The provider's page; where there is none just now, the order's own, which says so and lets them try again."""
    opened = OpenedOrder(tenant_id, done.order_id, done.customer_id, may_pay=True)
    try:
        target = await open_checkout(request, opened)
    except Refusal:
        target = await _order_address(request, opened)
    return RedirectResponse(target, status_code=303)


async def _order_address(request: Request, opened: OpenedOrder) -> str:
    async with opened.work(office_of(request), read_only=True) as work:
        token = await order_page.token_of(work, opened)
    return ORDER_PATH + token + asked_language(request)


async def _page(
    request: Request,
    token: str,
    tenant_id: UUID,
    form: Form | None = None,
    *,
    step: str | None = None,
    guest: Guest | None = None,
) -> Response:
    """Raises `NotFound` for an offer that is over."""
    async with office_of(request).work(tenant_id, read_only=True, must_exist=False) as work:
        offer, firm = await find_offer(work, token), await order_page.firm_of(work)
        known = guest is not None and await registering.is_made_to(work, offer, guest.customer_id)
    if offer.standing in OVER:
        raise NotFound("link")
    logo = await logo_of(house_of(request).press, tenant_id, firm.branding.get("logo_file_id"))
    language = spoken(request.query_params.get("lang"), offer.locale)
    path, form = OFFER_PATH + token, form or Form()
    html = (
        pages.environment("en")
        .get_template("public/offer.html")
        .render(
            **offer_view.shown(offer, firm, language, path, logo),
            here=path,
            step=step or STEPS[offer.standing],
            known=guest.name if guest is not None and known else None,
            form=offer_view.filled(offer, form),
            kept=offer_view.hidden(offer, firm, form),
            refusals={one.field or "": refusal_words(language.code, one) for one in form.refusals},
        )
    )
    return HTMLResponse(html, status_code=form.status, headers=headers_of(request, language.code))
