"""What is shown once: a link that was made or made again, with its address; and what else is done to one."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.onboarding import link_list, link_mail, payment_links
from bursar.onboarding.addresses import offer_address
from bursar.onboarding.link_fields import HOLDS_FOR
from bursar.onboarding.payment_links import Issued
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()
ONE = "/payment-links/{link_id:uuid}"
LAST_DAY = Ask("date", "until", N_("The last day of the offer"))
WHY = (Ask("area", "because", N_("Why?"), N_("Only your colleagues see it."), required=False),)


@router.post(ONE + "/mail")
async def mail_link(request: Request, link_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await link_mail.mail_link(work, link_id)
    return pages.see_other(request, f"/payment-links/{link_id}", toast=N_("The link is on its way."))


@router.get(ONE + "/extension/new")
async def ask_extension(request: Request, link_id: UUID) -> Response:
    async with viewer_work(request) as work:
        link = await link_list.get_link(work, link_id)
    return await _ask_extension(request, link_id, Form({"until": link.until.isoformat()}))


@router.post(ONE + "/extension")
async def extend_link(request: Request, link_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await payment_links.extend_link(work, link_id, reading.day(typed, "until"))
    except Invalid as refusal:
        return await _ask_extension(request, link_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/payment-links/{link_id}", toast=N_("Saved."))


@router.get(ONE + "/reissue/new")
async def ask_reissue(request: Request, link_id: UUID) -> Response:
    async with viewer_work(request) as work:
        until = (work.now + HOLDS_FOR).astimezone(work.zone).date()
    return await _ask_reissue(request, link_id, Form({"until": until.isoformat()}))


@router.post(ONE + "/reissue")
async def reissue_link(request: Request, link_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            issued = await payment_links.reissue_link(work, link_id, reading.day_or_none(typed, "until"))
    except Invalid as refusal:
        return await _ask_reissue(request, link_id, Form(typed).refused(refusal))
    return await show_issued(request, issued, mailed=False)


@router.get(ONE + "/revocation/new")
async def ask_revocation(request: Request, link_id: UUID) -> Response:
    return await _ask_revocation(request, link_id, Form())


@router.post(ONE + "/revocation")
async def revoke_link(request: Request, link_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await payment_links.revoke_link(work, link_id, because=typed.get("because"))
    except Invalid as refusal:
        return await _ask_revocation(request, link_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/payment-links/{link_id}", toast=N_("The offer is taken back."))


async def mail_too(work: Work, link_id: UUID, typed: Mapping[str, str]) -> bool:
    """Whether a new link was mailed as well, if that was wished; where nobody can carry it, it is made all the same."""
    if typed.get("mail") != "yes":
        return False
    try:
        await link_mail.mail_link(work, link_id)
    except Conflict:
        return False
    return True


async def show_issued(request: Request, issued: Issued, *, mailed: bool) -> Response:
    """The only page that ever shows the address."""
    async with viewer_work(request, read_only=True) as work:
        link = await link_list.get_link(work, issued.link_id)
    address = offer_address(request.app.state.site.base_url, issued.token)
    return pages.render(request, "staff/payment_link_issued.html", link=link, address=address, mailed=mailed)


async def _ask_extension(request: Request, link_id: UUID, form: Form) -> Response:
    lead = N_("The address stays; who has it can use it longer.")
    act = Act(N_("Extend the offer"), N_("Extend"), f"/payment-links/{link_id}/extension", (LAST_DAY,), lead)
    return await _ask(request, link_id, act, form)


async def _ask_reissue(request: Request, link_id: UUID, form: Form) -> Response:
    lead = N_("It gets a new address; the old one opens nothing any more.")
    act = Act(
        N_("Make the link valid again"),
        N_("Make a new address"),
        f"/payment-links/{link_id}/reissue",
        (LAST_DAY,),
        lead,
    )
    return await _ask(request, link_id, act, form)


async def _ask_revocation(request: Request, link_id: UUID, form: Form) -> Response:
    lead = N_("Nobody can register or begin to pay with it any more. Money that comes all the same counts.")
    act = Act(
        N_("Take the offer back?"),
        N_("Take it back"),
        f"/payment-links/{link_id}/revocation",
        WHY,
        lead,
        tone="danger",
    )
    return await _ask(request, link_id, act, form)


async def _ask(request: Request, link_id: UUID, act: Act, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        link = await link_list.get_link(work, link_id)
    code = pages.page_view(request).language.code
    trail = [
        (languages.say(code, N_("Payment links")), "/payment-links"),
        (link.name or link.email, f"/payment-links/{link_id}"),
    ]
    return ask(request, act, form, at="payment-links", trail=trail)
