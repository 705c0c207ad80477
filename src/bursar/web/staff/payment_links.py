"""Payment links: the list with what happened to each, one of them, and new ones."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.catalog import products
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.journal import timeline
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.onboarding import link_list, payment_links
from bursar.onboarding.link_fields import HOLDS_FOR, NewLink
from bursar.onboarding.link_list import LinkFilter
from bursar.onboarding.states import PaymentLinkState
from bursar.outbox.template_words import LOCALES
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.link_issuing import mail_too, show_issued
from bursar.web.staff.products import CURRENCIES
from bursar.web.staff.telling import tell

router = staff_router()
PAGE = 50
ONE = "/payment-links/{link_id:uuid}"
MAILED = {"yes": True, "no": False}


@router.get("/payment-links")
async def show_links(
    request: Request, q: str = "", state: str = "", product: str = "", mailed: str = "", after: str = ""
) -> Response:
    chosen = reading.one_of(state, PaymentLinkState)
    wanted = LinkFilter(
        PaymentLinkState(chosen) if chosen else None,
        reading.cursor(product),
        MAILED.get(mailed),
        reading.search(q),
    )
    async with viewer_work(request) as work:
        page = await link_list.list_links(work, wanted, cursor=reading.cursor(after), limit=PAGE)
        counts = await link_list.count_links(work, wanted)
        sold = await products.offered_products(work)
    asked = {"q": q, "state": chosen or "", "product": product, "mailed": mailed}
    return pages.render(
        request,
        "staff/payment_links.html",
        fragment="results",
        page_of=page,
        counts={str(state): many for state, many in counts.items()},
        products=sold,
        asked=asked,
    )


@router.get("/payment-links/new")
async def new_link(request: Request, product: str = "", email: str = "", name: str = "") -> Response:
    async with viewer_work(request) as work:
        until = (work.now + HOLDS_FOR).astimezone(work.zone).date()
    values = {"product": product, "email": email, "name": name, "until": until.isoformat(), "mail": "yes"}
    return await _form(request, Form(values))


@router.post("/payment-links")
async def create_link(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            work.allow(AgentRole.AGENT)  # before what was typed is read
            wanted = await _wanted(work, typed)
            issued = await payment_links.create_link(work, wanted)
            mailed = await mail_too(work, issued.link_id, typed)
    except (Invalid, Conflict) as refusal:
        return await _form(request, Form(typed).refused(refusal))
    return await show_issued(request, issued, mailed=mailed)


@router.get(ONE)
async def show_link(request: Request, link_id: UUID) -> Response:
    async with viewer_work(request) as work:
        values: dict[str, Any] = {
            "link": await link_list.get_link(work, link_id),
            "mails": await link_list.mails_of(work, link_id),
            "told": await tell(work, request, await timeline(work, "payment_link", link_id)),
        }
    return pages.render(request, "staff/payment_link.html", **values)


async def _wanted(work: Work, typed: dict[str, str]) -> NewLink:
    """Raises `Invalid` by field."""
    product_id = reading.cursor(typed.get("product"))
    if product_id is None:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="product")
    try:
        product = await products.get_product(work, product_id)
    except NotFound:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field="product") from None
    currency = typed.get("currency") or product.currency
    return NewLink(
        product_id,
        typed.get("email", ""),
        typed.get("name"),
        reading.one_of(typed.get("locale", ""), LOCALES),
        reading.amount_or_none(typed, currency, "price"),
        typed.get("note"),
        reading.day_or_none(typed, "until"),
    )


async def _form(request: Request, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        sold = await products.offered_products(work, active=True)
        firm = await this_tenant(work)
    return pages.render(
        request,
        "staff/payment_link_form.html",
        status=form.status,
        form=form,
        products=sold,
        currencies=CURRENCIES,
        firm=firm,
    )
