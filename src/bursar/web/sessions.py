"""Who is behind a request: the session its cookie names, and Works opened in that person's name."""

from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from bursar.core.errors import NotSignedIn
from bursar.core.work import Office, Origin, Work
from bursar.notifications.notifications import count_unread
from bursar.tenancy.accounts import memberships_of
from bursar.tenancy.rules import SESSION_LONGEST
from bursar.tenancy.sessions import NewSession, SignedIn, session_actor
from bursar.web import pages
from bursar.web.security import SAFE_METHODS, SESSION_COOKIE
from bursar.web.viewing import Viewer

LONGEST_USER_AGENT = 400


def staff_router() -> APIRouter:
    """A router whose every page is for people who are signed in."""
    return APIRouter(dependencies=[Depends(enter)])


async def enter(request: Request) -> None:
    """Sets `request.state.signed` and `request.state.viewer`. Raises `NotSignedIn`."""
    office = office_of(request)
    signed = await session_actor(office, token_of(request))
    request.state.signed = signed
    unread, tenants = 0, 1
    if request.method == "GET" and not pages.wants_fragment(request):  # only whole pages show them
        async with viewer_work(request) as work:
            unread = await count_unread(work)
        tenants = len(await memberships_of(office, signed.account_id))
    request.state.viewer = Viewer(
        name=signed.agent_name,
        email=signed.email,
        tenant=signed.tenant_name,
        role=signed.role,
        time_zone=signed.time_zone,
        language=signed.locale,
        unread=unread,
        tenants=tenants,
    )


def viewer_work(request: Request, *, read_only: bool | None = None) -> AbstractAsyncContextManager[Work]:
    """One act of who is signed in. A request that only asks gets a Work that cannot write."""
    signed = signed_in(request)
    return office_of(request).work(
        signed.tenant_id,
        actor=signed.actor,
        origin=origin_of(request),
        read_only=request.method in SAFE_METHODS if read_only is None else read_only,
    )


def signed_in(request: Request) -> SignedIn:
    """Who `enter` found. Raises `NotSignedIn` on a page that did not ask."""
    signed = getattr(request.state, "signed", None)
    if signed is None:
        raise NotSignedIn
    return signed


def office_of(request: Request) -> Office:
    return request.app.state.office


def origin_of(request: Request) -> Origin:
    """What the journal keeps of a request."""
    return Origin(
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent", "")[:LONGEST_USER_AGENT] or None,
        request_id=getattr(request.state, "request_id", None),
    )


def token_of(request: Request) -> str:
    cookies = request.app.state.site.cookies
    return request.cookies.get(cookies.name(SESSION_COOKIE), "")


def keep_session(request: Request, response: Response, session: NewSession) -> Response:
    """The answer with the session's cookie; how long it really lasts is the database's to say."""
    max_age = int(SESSION_LONGEST.total_seconds())
    request.app.state.site.cookies.set(response, SESSION_COOKIE, session.token, max_age_s=max_age)
    return response


def drop_session(request: Request, response: Response) -> Response:
    request.app.state.site.cookies.drop(response, SESSION_COOKIE)
    return response
