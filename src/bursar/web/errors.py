"""The one place where a refusal or a failure becomes something to read."""

import logging
from urllib.parse import urlencode, urlsplit

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bursar.core.errors import N_, NotFound, NotSignedIn, Refusal, TooMany
from bursar.web import languages, pages

SIGN_IN = "/sign-in"
PORTAL = "/portal/"

TITLES = {
    400: N_("We could not read that"),
    403: N_("This is not open to you"),
    404: N_("There is nothing here"),
    405: N_("There is nothing here"),
    409: N_("That is not possible any more"),
    413: N_("That is too large"),
    422: N_("Something needs another look"),
    429: N_("One moment"),
    500: N_("Something broke on our side"),
}
TEXTS = {
    400: N_("The request arrived damaged. Go back, reload the page and try again."),
    403: N_("The request came from another site, or your role does not reach this far."),
    404: N_("The address may be old or mistyped, or what it named belongs to somebody else."),
    405: N_("The address may be old or mistyped, or what it named belongs to somebody else."),
    413: N_("Send a smaller file, or split it into several."),
    422: N_("A value is missing or has the wrong form. Go back and check what was entered."),
    500: N_("Nothing was changed. We wrote down what happened; try again in a moment."),
}
logger = logging.getLogger(__name__)


async def refused(request: Request, refusal: Refusal) -> Response:
    """A verb said no. htmx keeps the page as it is and shows a toast; a plain request gets a page."""
    if isinstance(refusal, NotSignedIn):
        return to_sign_in(request)
    if isinstance(refusal, NotFound) and request.url.path.startswith(PORTAL):
        return pages.render(
            request, "public/gone.html", status=refusal.status
        )  # no way into the staff's pages
    text = pages.refusal_text(request, refusal)
    response = _told(request, refusal.status, text)
    if isinstance(refusal, TooMany) and (seconds := refusal.params.get("seconds")):
        response.headers["Retry-After"] = str(seconds)
    return response


def to_sign_in(request: Request) -> Response:
    """Back to the page they were on after signing in; a change is never repeated by itself.

    A customer comes in by a mail, which leads to the first page of the portal of that firm.
    """
    if request.url.path.startswith(PORTAL):
        return pages.see_other(request, PORTAL + request.path_params["slug"])
    path = _page_of(request)
    came_from = f"?{urlencode({'next': path})}" if path != "/" else ""
    return pages.see_other(request, SIGN_IN + came_from)


def _page_of(request: Request) -> str:
    """The page that the browser shows: a fragment and a change tell it in their headers."""
    url = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    part = request.method != "GET" or request.headers.get("hx-request") == "true"
    if part and url.netloc != request.headers.get("host"):
        return "/"
    path, query = (url.path, url.query) if part else (request.url.path, request.url.query)
    return f"{path}?{query}" if query else path


async def http_failed(request: Request, failure: HTTPException) -> Response:
    """What the router and the guards refuse: unknown address, other site, too large."""
    response = _told(request, failure.status_code, None)
    response.headers.update(failure.headers or {})
    return response


async def unreadable(request: Request, failure: RequestValidationError) -> Response:
    """FastAPI could not make a route's parameters out of the request. A path that cannot be is 404."""
    in_path = any(error.get("loc", ("",))[0] == "path" for error in failure.errors())
    return _told(request, 404 if in_path else 422, None)


def _told(request: Request, status: int, text: str | None) -> Response:
    code = pages.page_view(request).language.code
    text = text or languages.say(code, TEXTS.get(status, TEXTS[500 if status >= 500 else 400]))
    if request.headers.get("hx-request") == "true":
        trigger = pages.toast_trigger(text, "bad")
        return Response(status_code=status, headers={"HX-Trigger": trigger, "HX-Reswap": "none"})
    return pages.render(
        request,
        "errors/error.html",
        status=status,
        code=status,
        title=languages.say(code, TITLES.get(status, TITLES[500 if status >= 500 else 400])),
        text=text,
    )


class LastResort:
    """Answers what nothing else has caught, inside the headers of R143, and tells the reader nothing of it.

    Starlette's own handler for 500 stands outside every middleware, so its answers would lack them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noticing(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except Exception as failure:
            if started:  # half an answer is out; only breaking the connection tells the reader so
                raise
            response = await _last_word(Request(scope, receive), failure)
            await response(scope, receive, send)


async def _last_word(request: Request, failure: Exception) -> Response:
    if isinstance(failure, HTTPException):
        return await http_failed(request, failure)
    request_id = getattr(request.state, "request_id", "-")
    # The route's own words, never the address as it came: it may hold a token (R126).
    place = getattr(request.scope.get("route"), "path", "an address of no route")
    logger.error("request %s failed: %s", request_id, place, exc_info=failure)
    try:
        return _told(request, 500, None)
    except Exception:
        logger.exception("the error page of request %s failed as well", request_id)
        return PlainTextResponse("Something broke on our side.", status_code=500)
