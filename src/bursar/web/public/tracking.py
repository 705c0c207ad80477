"""The picture in a mail and its links: counted, and answered alike for everybody."""

import logging
from base64 import b64decode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bursar.outbox.letters import LINK_PATH, PIXEL_PATH
from bursar.outbox.tracking import Tracking, Visitor
from bursar.web.public.gone import gone

router = APIRouter()
logger = logging.getLogger(__name__)
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SHOWN_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""A webmail shows the picture inside its own pages."""


@router.api_route(PIXEL_PATH + "{token}", methods=["GET", "HEAD"])
async def show_pixel(request: Request, token: str) -> Response:
    """The same picture for every token. HEAD never counts (R106)."""
    if request.method == "GET":
        try:
            await _tracking(request).opened(token, _visitor(request))
        except Exception:  # a mail must not look broken because we could not count
            logger.exception("an opening was not stored")
    return Response(PIXEL, media_type="image/gif", headers=SHOWN_ANYWHERE)


@router.api_route(LINK_PATH + "{token}", methods=["GET", "HEAD"])
async def follow(request: Request, token: str) -> Response:
    """To the target that was stored with the send, and nowhere else (R106)."""
    tracking = _tracking(request)
    if request.method == "HEAD":
        target = await tracking.target_of(token)
    else:
        target = await tracking.clicked(token, _visitor(request))
    return RedirectResponse(target, status_code=302) if target else gone(request)


def _tracking(request: Request) -> Tracking:
    return request.app.state.tracking


def _visitor(request: Request) -> Visitor:
    headers = request.headers
    purposes = (headers.get(name) for name in ("sec-purpose", "purpose", "x-moz"))
    return Visitor(
        user_agent=headers.get("user-agent", ""),
        ip=request.client.host if request.client else None,
        purpose=next(filter(None, purposes), ""),
    )
