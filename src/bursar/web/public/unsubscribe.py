"""No more reminders: the page behind the link in a mail, and the button that mail programs press (RFC 8058)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Form as Typed
from starlette.responses import PlainTextResponse, Response

from bursar.core.errors import NotFound
from bursar.outbox import readers, suppressions
from bursar.outbox.letters import UNSUBSCRIBE_PATH
from bursar.web import pages
from bursar.web.public.gone import gone
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=UNSUBSCRIBE_PATH.rstrip("/"))
ONE_CLICK = "One-Click"


@router.get("/{token}")
async def ask(request: Request, token: str) -> Response:
    """Changes nothing: scanners of mails follow every link (R89)."""
    try:
        told = await suppressions.look_at_token(office_of(request), token)
        return await _page(request, token, told=told, step="stopped" if told.again else "ask")
    except NotFound:
        return gone(request)


@router.post("/{token}")
async def stop(
    request: Request, token: str, pressed: Annotated[str, Typed(alias="List-Unsubscribe")] = ""
) -> Response:
    """A mail program gets a plain 200, never a redirect (R88); a person the confirming page. Twice is once."""
    office, agent = office_of(request), request.headers.get("user-agent")
    try:
        told = await suppressions.unsubscribe_by_token(
            office, token, user_agent=agent, origin=origin_of(request)
        )
        if pressed == ONE_CLICK:
            return PlainTextResponse("unsubscribed\n")
        return await _page(request, token, told=told, step="stopped")
    except NotFound:
        return gone(request)


@router.post("/{token}/return")
async def come_back(request: Request, token: str) -> Response:
    """Whoever pressed by mistake takes it back."""
    office = office_of(request)
    try:
        await readers.resubscribe_by_token(office, token, origin=origin_of(request))
        told = await suppressions.look_at_token(office, token)
        return await _page(request, token, told=told, step="stopped" if told.again else "back")
    except NotFound:
        return gone(request)


async def _page(request: Request, token: str, **shown: Any) -> Response:
    writer = await readers.writer_to(office_of(request), token)
    path = UNSUBSCRIBE_PATH + token
    request.state.spoken, request.state.here = writer.locale, path
    return pages.render(request, "public/unsubscribe.html", firm=writer.firm, path=path, **shown)
