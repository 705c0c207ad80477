"""Who stands at the portal: a customer's own session, in a cookie of its own, good for one firm's portal."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from bursar.core.errors import NotSignedIn
from bursar.tenancy.portal_links import PATH
from bursar.tenancy.portal_sign_in import Guest, guest_of
from bursar.tenancy.rules import PORTAL_LONGEST
from bursar.tenancy.sessions import NewSession
from bursar.web.guest_cookies import PORTAL_COOKIE, token_of
from bursar.web.sessions import office_of


def portal_router() -> APIRouter:
    """A router of pages below a firm's portal."""
    return APIRouter(prefix=PATH + "{slug}")


async def enter(request: Request, slug: str) -> Guest:
    """Who is signed in at the firm of this address. Raises `NotSignedIn`, at another firm's too."""
    guest = await guest_of(office_of(request), token_of(request))
    if guest.firm.slug != slug:
        raise NotSignedIn
    return guest


Signed = Annotated[Guest, Depends(enter)]
"""A page of the portal: who is not signed in is led to the sign-in of the firm (`web.errors`)."""


def keep(request: Request, response: Response, session: NewSession) -> Response:
    """The answer with the session's cookie; how long it really lasts is the database's to say."""
    max_age = int(PORTAL_LONGEST.total_seconds())
    request.app.state.site.cookies.set(response, PORTAL_COOKIE, session.token, max_age_s=max_age)
    return response


def drop(request: Request, response: Response) -> Response:
    request.app.state.site.cookies.drop(response, PORTAL_COOKIE)
    return response


def path_of(slug: str, *below: object) -> str:
    """An address of the portal."""
    return PATH + "/".join(str(one) for one in (slug, *below))
