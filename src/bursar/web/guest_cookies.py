"""The cookie in which a customer's own session stands, good for one firm's portal and for the offers made to them."""

from fastapi import Request

PORTAL_COOKIE = "bursar_portal"


def token_of(request: Request) -> str:
    return request.cookies.get(request.app.state.site.cookies.name(PORTAL_COOKIE), "")
