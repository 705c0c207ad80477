"""Paying an invoice from its public page: to the provider's page, and back to what is known of the payment.

Paying is a POST, since scanners of mails follow every link. Coming back proves nothing: the provider is asked (R129).
"""

import contextlib
import time

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.billing import hosted, hosted_paying
from bursar.billing.documents.keeping import logo_of
from bursar.billing.hosted import Hosted
from bursar.billing.states import InvoiceState, PaidFor
from bursar.billing.tills.checkouts import NewCheckout
from bursar.billing.tills.rules import Standing
from bursar.core.errors import Conflict, NotFound, Refusal
from bursar.core.kinds import ActorType
from bursar.core.work import Actor, Work
from bursar.tenancy import throttle
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.public import answering, invoice_view
from bursar.web.public.answering import Way, asked_language, house_of
from bursar.web.public.gone import gone
from bursar.web.public.lately import Lately
from bursar.web.public.page_headers import headers_of
from bursar.web.public.wording import spoken
from bursar.web.sessions import office_of, origin_of

CHECKOUT = "checkout"
LOOKS = 9
"""How often the page looks again by itself before it leaves that to whoever waits."""
asked_lately = Lately(seconds=2)

_SAID = {
    Standing.PAID: ("thanks", None, "good"),
    Standing.PROCESSING: ("under_way", "under_way_text", "good"),
    Standing.OPEN: ("looking", "looking_text", "busy"),
    Standing.MISMATCHED: ("looked_at", "looked_at_text", "busy"),
}
_NOT_PAID = ("not_paid", "not_paid_text", "watch")


async def pay(request: Request, way: Way) -> Response:
    """A fresh page of the provider; what speaks against it is said on the invoice's own."""
    office, origin, house = office_of(request), origin_of(request), house_of(request)
    try:
        opened = await way.enter()
    except NotFound:
        return gone(request)

    async def begin(work: Work) -> NewCheckout:
        if not opened.may_act:
            raise hosted.acts_closed()
        told = await hosted.show(work, opened)
        language = spoken(request.query_params.get("lang"), told.locale)
        lang = f"?lang={language.code}"
        base = house.settings.base_url.rstrip("/")
        return await hosted_paying.checkout_of(
            work,
            opened.invoice_id,
            words=invoice_view.words(language.code)["checkout_of"],
            locale=language.code,
            success_url=f"{base}{way.path}/{CHECKOUT}{lang}",
            cancel_url=f"{base}{way.back or way.path}{lang}",
        )

    actor = Actor(ActorType.CUSTOMER, opened.customer_id)
    try:
        await throttle.count(
            office, *throttle.counters("hosted invoice", f"{opened.invoice_id} {CHECKOUT}", origin.ip)
        )
        url = await house.cashier.open(opened.tenant_id, begin, actor=actor, origin=origin)
    except NotFound:
        return gone(request)
    except Refusal as refusal:
        return await answering.page(request, way, "invoice", Form().refused(refusal))
    return RedirectResponse(url, status_code=303)


async def look(request: Request, way: Way) -> Response:
    """Ask the provider, and go back to what is known then."""
    house = house_of(request)
    try:
        opened = await way.enter()
    except NotFound:
        return gone(request)
    if asked_lately.may(opened.invoice_id, time.monotonic()):
        with contextlib.suppress(Conflict):  # somebody else is writing it down right now
            await house.cashier.look_at_latest(opened.tenant_id, PaidFor.INVOICE, opened.invoice_id)
    lang = asked_language(request) or "?"
    return RedirectResponse(f"{way.path}/{CHECKOUT}{lang}&turn={_turn(request) + 1}", status_code=303)


async def come_back(request: Request, way: Way) -> Response:
    """What we know. Reading it changes nothing: the page has the provider asked, by a script or by a button."""
    house, office = house_of(request), office_of(request)
    try:
        opened = await way.enter()
    except NotFound:
        return gone(request)
    async with opened.work(office, read_only=True) as work:
        told = await hosted.show(work, opened)
    standing = _standing(told)
    if standing is None:
        return RedirectResponse(way.path + asked_language(request), status_code=303)
    logo = await logo_of(house.press, opened.tenant_id, told.branding.get("logo_file_id"))
    return _rendered(request, way, told, standing, logo)


def _standing(told: Hosted) -> Standing | None:
    """How the payment is; None where nobody ever tried."""
    if told.invoice.state is InvoiceState.PAID:
        return Standing.PAID
    return told.paying.standing


def _rendered(request: Request, way: Way, told: Hosted, standing: Standing, logo: str | None) -> Response:
    language = spoken(request.query_params.get("lang"), told.locale)
    here, turn = f"{way.path}/{CHECKOUT}", _turn(request)
    title, text, tone = _SAID.get(standing, _NOT_PAID)
    html = (
        pages.environment("en")
        .get_template("public/paying.html")
        .render(
            **invoice_view.shown(told, language, way.path, logo),
            here=here,
            back=way.back,
            said_title=title,
            said_text=text,
            said_tone=tone,
            looks=standing is Standing.OPEN,
            looking=standing is Standing.OPEN and turn < LOOKS,
            turn=turn,
        )
    )
    return HTMLResponse(html, headers=headers_of(request, language.code, looks=True))


def _turn(request: Request) -> int:
    text = request.query_params.get("turn", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) == 1 else 0
