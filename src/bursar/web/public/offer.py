"""An offer's page for whoever has its link: what it is, who they are, what they agree to, and on to pay (R126).

Asking changes nothing, since scanners of mails follow every link. What is wrong with a link, and one that is over:
one page for all of it.
"""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing.documents.keeping import logo_of
from bursar.core.errors import Conflict, NotFound, Refusal
from bursar.onboarding import order_page, registering
from bursar.onboarding.addresses import OFFER_PATH, ORDER_PATH
from bursar.onboarding.offers import Offer, OfferStanding, find_offer
from bursar.onboarding.order_page import Firm, OpenedOrder
from bursar.onboarding.registering import Agreed, MailSent, Prospect, Registered, Registration
from bursar.tenancy import throttle
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.public import offer_view
from bursar.web.public.answering import asked_language, house_of
from bursar.web.public.gone import gone
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
    try:
        prospect = await registering.prospect_of(office_of(request), token)
        return await _page(request, token, prospect)
    except NotFound:
        return gone(request)


@router.post("/{token}")
async def register(request: Request, token: str) -> Response:
    """Once, and on to the provider's page; what was refused is shown beside its field."""
    office, origin = office_of(request), origin_of(request)
    try:
        prospect = await registering.prospect_of(office, token)
    except NotFound:
        return gone(request)
    typed, counters = await reading.typed(request), throttle.counters("offer", token, origin.ip)
    try:
        await throttle.count(office, *counters)
        language = await _language(request, prospect, token)
        async with prospect.work(office, origin=origin) as work:
            firm = await order_page.firm_of(work)
            done = await registering.register(work, token, _registration(typed, language, firm.name))
    except NotFound:
        return gone(request)
    except Refusal as refusal:
        return await _page(request, token, prospect, Form(typed).refused(refusal))
    if isinstance(done, MailSent):
        return await _page(request, token, prospect, step="mailed")
    await throttle.forgive(office, *counters)
    return await _to_pay(request, prospect, done)


@router.post("/{token}/mail")
async def mail_a_way_in(request: Request, token: str) -> Response:
    """To the address that the offer was made to, whoever presses."""
    office, origin = office_of(request), origin_of(request)
    try:
        prospect = await registering.prospect_of(office, token)
    except NotFound:
        return gone(request)
    try:
        await throttle.count(office, *throttle.counters("offer mail", token, origin.ip))
        async with office.work(prospect.tenant_id, origin=origin) as work:
            await registering.mail_a_way_in(work, token)
    except NotFound:
        return gone(request)
    except Refusal as refusal:
        return await _page(request, token, prospect, Form().refused(refusal))
    return await _page(request, token, prospect, step="mailed")


def _registration(typed: dict[str, str], language: str, firm: str) -> Registration:
    ticked = typed.get("terms") == "yes"
    return Registration(
        agreed=Agreed(
            price=offer_view.price_read(typed.get("price", "")),
            terms=typed.get("terms_version", "") if ticked else None,
            resume=typed.get("resume", "")[:100],
        ),
        full_name=typed.get("full_name", ""),
        company_name=typed.get("company_name", ""),
        phone=typed.get("phone", ""),
        locale=language,
        consents={
            channel: offer_view.consent_said(language, firm, channel)
            for channel in offer_view.CHANNELS
            if typed.get(f"news_{channel}") == "yes"
        },
        consent_version=CONSENT_VERSION,
    )


async def _to_pay(request: Request, prospect: Prospect, done: Registered) -> Response:
    """The provider's page; where there is none just now, the order's own, which says so and lets them try again."""
    opened = OpenedOrder(prospect.tenant_id, done.order_id, done.customer_id, may_pay=True)
    try:
        target = await open_checkout(request, opened)
    except Refusal:
        async with opened.work(office_of(request), read_only=True) as work:
            token = await order_page.token_of(work, opened)
        target = ORDER_PATH + token + asked_language(request)
    return RedirectResponse(target, status_code=303)


async def _language(request: Request, prospect: Prospect, token: str) -> str:
    async with office_of(request).work(prospect.tenant_id, read_only=True) as work:
        offer = await find_offer(work, token)
    return spoken(request.query_params.get("lang"), offer.locale).code


async def _page(
    request: Request, token: str, prospect: Prospect, form: Form | None = None, *, step: str | None = None
) -> Response:
    """Raises `NotFound` for an offer that is over."""
    async with office_of(request).work(prospect.tenant_id, read_only=True) as work:
        offer, firm = await find_offer(work, token), await order_page.firm_of(work)
    if offer.standing in OVER:
        raise NotFound("link")
    logo = await logo_of(house_of(request).press, prospect.tenant_id, firm.branding.get("logo_file_id"))
    return _rendered(request, token, offer, firm, form or Form({}), step or STEPS[offer.standing], logo)


def _rendered(
    request: Request, token: str, offer: Offer, firm: Firm, form: Form, step: str, logo: str | None
) -> Response:
    language = spoken(request.query_params.get("lang"), offer.locale)
    path = OFFER_PATH + token
    shown = offer_view.shown(offer, firm, language, path, logo)
    refusals = {one.field or "": refusal_words(language.code, one) for one in form.refusals}
    fresh = offer_view.hidden(offer, firm)
    values = {"full_name": offer.prospect_name or "", **form.values}
    kept = fresh | {"resume": str(values.get("resume") or fresh["resume"])}
    if any(isinstance(one, Conflict) and one.code == "terms_changed" for one in form.refusals):
        values.pop("terms", None)
    html = (
        pages.environment("en")
        .get_template("public/offer.html")
        .render(**shown, here=path, step=step, form=Form(values), refusals=refusals, kept=kept)
    )
    return HTMLResponse(html, status_code=form.status, headers=headers_of(request, language.code))
