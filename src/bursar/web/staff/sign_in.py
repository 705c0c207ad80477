"""Coming in and going out: sign-in with its second factor, which firm, and setting a password by a link."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Form as Typed
from starlette.responses import Response

from bursar.core.errors import N_, Refusal
from bursar.tenancy import accounts, sessions, sign_in
from bursar.tenancy.sign_in import CodeNeeded
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.security import is_local_path
from bursar.web.sessions import drop_session, enter, keep_session, office_of, origin_of, signed_in, token_of

router = APIRouter()
HOME = "/"


@router.get("/sign-in")
async def show_sign_in(request: Request, target: Annotated[str, Query(alias="next")] = HOME) -> Response:
    return pages.render(request, "staff/sign_in.html", form=Form({"next": _safe(target)}), code=False)


@router.post("/sign-in")
async def enter_firm(
    request: Request,
    email: Annotated[str, Typed()] = "",
    password: Annotated[str, Typed()] = "",
    code: Annotated[str, Typed()] = "",
    target: Annotated[str, Typed(alias="next")] = HOME,
) -> Response:
    form = Form({"email": email, "next": _safe(target)})
    try:
        entered = await sign_in.sign_in(
            office_of(request), email, password, code=code or None, origin=origin_of(request)
        )
    except CodeNeeded:
        return _again(request, form, code=True)
    except Refusal as refusal:
        return _again(request, form.refused(refusal), code=bool(code))
    several = len(entered.memberships) > 1
    response = pages.see_other(request, "/tenants" if several else _safe(target))
    return keep_session(request, response, entered.session)


def _again(request: Request, form: Form, *, code: bool) -> Response:
    """A 422 is swapped in by htmx and leaves the typed password alone; no password is ever written into a page."""
    status = 422 if pages.wants_fragment(request) else form.status
    return pages.render(request, "staff/sign_in.html", fragment="answer", status=status, form=form, code=code)


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    await sessions.sign_out(office_of(request), token_of(request), origin=origin_of(request))
    return drop_session(request, pages.see_other(request, "/sign-in"))


@router.get("/tenants", dependencies=[Depends(enter)])
async def choose_firm(request: Request) -> Response:
    signed = signed_in(request)
    firms = await accounts.firms_of(office_of(request), signed.account_id)
    return pages.render(request, "staff/firms.html", firms=firms, present=signed.tenant_id)


@router.post("/tenants/{tenant_id}/session", dependencies=[Depends(enter)])
async def switch_firm(request: Request, tenant_id: UUID) -> Response:
    signed = signed_in(request)
    response = pages.see_other(request, HOME)
    if tenant_id == signed.tenant_id:
        return response
    opened = await sessions.switch_tenant(office_of(request), signed, tenant_id, origin=origin_of(request))
    return keep_session(request, response, opened)


@router.get("/password/{token}")
async def show_new_password(request: Request, token: str) -> Response:
    """Looking changes nothing: scanners of mails look too (T46)."""
    holder = await accounts.holder_of(office_of(request), token)
    return pages.render(request, "staff/new_password.html", holder=holder, token=token, form=Form())


@router.post("/password/{token}")
async def set_new_password(request: Request, token: str, password: Annotated[str, Typed()] = "") -> Response:
    holder = await accounts.holder_of(office_of(request), token)
    try:
        await accounts.set_password(office_of(request), token, password, origin=origin_of(request))
    except Refusal as refusal:
        form = Form().refused(refusal)
        return pages.render(
            request, "staff/new_password.html", status=422, holder=holder, token=token, form=form
        )
    return pages.see_other(request, "/sign-in", toast=N_("Your password is set. Sign in with it."))


def _safe(target: str) -> str:
    return target if is_local_path(target) else HOME
