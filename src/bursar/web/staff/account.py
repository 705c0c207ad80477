"""One's own account: name and language, password, second factor, sessions."""

import io
from uuid import UUID

import segno
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.work import Role
from bursar.tenancy import accounts, agents, second_factor, sessions
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import (
    keep_session,
    office_of,
    origin_of,
    signed_in,
    staff_router,
    viewer_work,
)

router = staff_router()
HERE = "/account"


@router.get(HERE)
async def show_account(request: Request) -> Response:
    return await _page(request, Form())


async def _page(request: Request, form: Form) -> Response:
    signed, office = signed_in(request), office_of(request)
    return pages.render(
        request,
        "staff/account.html",
        status=form.status,
        form=form,
        mine=Form({"name": signed.agent_name, "locale": signed.locale}),
        sessions=await sessions.list_sessions(office, signed),
        present=signed.session_id,
        second_factor=await second_factor.has_second_factor(office, signed.account_id),
    )


@router.post("/account/profile")
async def save_profile(request: Request) -> Response:
    typed, signed = await reading.typed(request), signed_in(request)
    try:
        async with viewer_work(request) as work:
            await agents.edit_agent(
                work, signed.agent_id, name=typed.get("name", ""), locale=typed.get("locale") or None
            )
    except Invalid as refusal:
        return await _page(request, Form(typed).refused(refusal))
    response = pages.see_other(request, HERE, toast=N_("Saved."))
    response.delete_cookie(languages.COOKIE)  # what the account says now counts
    return response


@router.post("/account/password")
async def change_password(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        opened = await accounts.change_password(
            office_of(request),
            signed_in(request),
            current=typed.get("current", ""),
            new=typed.get("password", ""),
            origin=origin_of(request),
        )
    except Refusal as refusal:
        return await _page(request, Form().refused(refusal))
    toast = N_("Your password is changed. Every other session has ended.")
    return keep_session(request, pages.see_other(request, HERE, toast=toast), opened)


@router.post("/account/sessions/{session_id}/end")
async def end_session(request: Request, session_id: UUID) -> Response:
    signed = signed_in(request)
    async with office_of(request).work(
        signed.tenant_id, actor=signed.actor, role=Role.SYSTEM, origin=origin_of(request)
    ) as work:
        await sessions.end_session(work, session_id)
    return pages.see_other(request, HERE, toast=N_("That session has ended."))


@router.post("/account/second-factor/offer")
async def offer_second_factor(request: Request) -> Response:
    """The secret is shown in this answer alone; it is a POST because each one makes a new secret."""
    return await _offer(request, Form())


@router.post("/account/second-factor")
async def enable_second_factor(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        codes = await second_factor.confirm_totp(
            office_of(request), signed_in(request), typed.get("code", ""), origin=origin_of(request)
        )
    except Conflict:
        raise
    except Refusal as refusal:
        return await _offer(request, Form().refused(refusal))
    return pages.render(request, "staff/recovery_codes.html", codes=codes)


@router.post("/account/second-factor/removal")
async def disable_second_factor(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        await second_factor.disable_totp(
            office_of(request), signed_in(request), typed.get("password", ""), origin=origin_of(request)
        )
    except Refusal as refusal:
        return await _page(request, Form().refused(refusal))
    return pages.see_other(request, HERE, toast=N_("The second factor is off."))


async def _offer(request: Request, form: Form) -> Response:
    offer = await second_factor.begin_totp(office_of(request), signed_in(request))
    return pages.render(
        request,
        "staff/second_factor.html",
        status=form.status,
        form=form,
        secret=offer.secret,
        picture=_picture(offer.uri),
    )


def _picture(uri: str) -> Markup:
    """As SVG with classes instead of styles, which the page's policy would refuse."""
    drawn = io.BytesIO()
    code = segno.make_qr(uri, error="m")
    code.save(
        drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, svgclass="qr", lineclass="qr-line"
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  drawn by segno from our own address
