"""No more reminders: the page behind the link in a mail, and the button that mail programs press (RFC 8058)."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Form as Typed
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from bursar.billing.documents.page import colour_of
from bursar.core.errors import NotFound
from bursar.outbox import readers, suppressions
from bursar.outbox.letters import UNSUBSCRIBE_PATH
from bursar.outbox.states import Scope
from bursar.outbox.suppressions import Unsubscribed
from bursar.web import pages, reading
from bursar.web.public.gone import gone
from bursar.web.public.page_headers import HEADERS
from bursar.web.public.reader_words import words
from bursar.web.public.wording import LANGUAGES, spoken
from bursar.web.sessions import office_of, origin_of

router = APIRouter(prefix=UNSUBSCRIBE_PATH.rstrip("/"))
ONE_CLICK = "One-Click"
OFFERED = (Scope.REMINDERS, Scope.MARKETING, Scope.ALL)
"""What a reader may end. Invoices, receipts and answers are none of it: they asked for those."""


@router.get("/{token}")
async def ask(request: Request, token: str) -> Response:
    """Changes nothing: scanners of mails follow every link (R89)."""
    try:
        told = await suppressions.look_at_token(office_of(request), token)
        return await _page(request, token, told, "stopped" if told.again else "ask")
    except NotFound:
        return gone(request)


@router.post("/{token}")
async def stop(
    request: Request,
    token: str,
    pressed: Annotated[str, Typed(alias="List-Unsubscribe")] = "",
    scope: Annotated[str, Typed()] = "",
) -> Response:
    """A mail program gets a plain 200, never a redirect (R88); a person the confirming page. Twice is once.

    Without a choice of their own it is the stream of the message.
    """
    office, agent = office_of(request), request.headers.get("user-agent")
    chosen = reading.one_of(scope, OFFERED)
    try:
        await suppressions.unsubscribe_by_token(
            office,
            token,
            scope=Scope(chosen) if chosen else None,
            user_agent=agent,
            origin=origin_of(request),
        )
        if pressed == ONE_CLICK:
            return PlainTextResponse("unsubscribed\n")
        return await _page(request, token, await suppressions.look_at_token(office, token), "stopped")
    except NotFound:
        return gone(request)


@router.post("/{token}/return")
async def come_back(request: Request, token: str) -> Response:
    """Whoever pressed by mistake takes it back."""
    office = office_of(request)
    try:
        await readers.resubscribe_by_token(office, token, origin=origin_of(request))
        told = await suppressions.look_at_token(office, token)
        return await _page(request, token, told, "stopped" if told.again else "back")
    except NotFound:
        return gone(request)


async def _page(request: Request, token: str, told: Unsubscribed, step: str) -> Response:
    writer = await readers.writer_to(office_of(request), token)
    language = spoken(request.query_params.get("lang"), writer.locale)
    path = UNSUBSCRIBE_PATH + token
    html = (
        pages.environment("en")
        .get_template("public/unsubscribe.html")
        .render(
            t=words(language.code),
            language=language,
            languages=tuple(LANGUAGES.values()),
            here=path,
            path=path,
            lang=f"?lang={language.code}",
            firm=writer.firm,
            colour=colour_of(writer.branding),
            logo=None,
            told=told,
            step=step,
            ended=_ended(told),
            offered=[one for one in OFFERED if one not in told.stopped],
        )
    )
    return HTMLResponse(html, headers={**HEADERS, "Content-Language": language.code})


def _ended(told: Unsubscribed) -> Scope:
    """What the headline says has ended: everything, or what the message was of, or what was chosen in its place."""
    if Scope.ALL in told.stopped:
        return Scope.ALL
    return told.scope if told.scope in told.stopped or not told.stopped else next(iter(told.stopped))
