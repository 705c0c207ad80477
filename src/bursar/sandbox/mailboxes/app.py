"""The pages: every mailbox as its owner would see it, with the buttons a person has. They work without JavaScript.

Programs get the same addresses as JSON, if they say so in Accept.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.sandbox.mailboxes.box import Box, NoSuchMail
from bursar.sandbox.mailboxes.mail import Mail
from bursar.sandbox.mailboxes.readers import Deed, program_of, worked
from bursar.sandbox.mailboxes.replying import usual_words

PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
MAIL_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A mail's own styles and embedded pictures: what lies at the sender's is fetched by the button only."""
STYLE = (resources.files("bursar.sandbox.mailboxes") / "style.css").read_text("utf-8")
LANGUAGES = {"ar": "Arabic", "en": "English", "fr": "French", "he": "Hebrew"}
REPORTS = {
    "5.1.1": "No such user",
    "5.2.2": "Mailbox full",
    "5.7.1": "Refused by policy",
    "4.2.2": "Full, tried again",
    "4.4.1": "Host silent, tried again",
}
"""Reports that a person can have a server write."""
TEMPLATES = Environment(
    loader=PackageLoader("bursar.sandbox.mailboxes"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)

Act = Callable[[Box, Mail, Any], Awaitable[Deed]]


def pages(box: Box) -> Starlette:
    """GET / · /mailboxes/{address} · /messages/{number} · its /body · POST its /openings, /clicks, /scans,
    /unsubscription, /replies, /absences, /reports.
    """
    TEMPLATES.globals.update(
        clock=_clock,
        languages=LANGUAGES,
        program=_program_name,
        reports=REPORTS,
        worked=worked,
        usual_words=usual_words,
    )
    app = Starlette(
        routes=[
            Route("/", _all),
            Route("/style.css", _style),
            Route("/mailboxes/{address}", _mailbox),
            Route("/messages/{number:int}", _message),
            Route("/messages/{number:int}/body", _body),
            Route("/messages/{number:int}/openings", _doing(_open), methods=["POST"]),
            Route("/messages/{number:int}/clicks", _doing(_click), methods=["POST"]),
            Route("/messages/{number:int}/scans", _doing(_scan), methods=["POST"]),
            Route("/messages/{number:int}/unsubscription", _doing(_unsubscribe), methods=["POST"]),
            Route("/messages/{number:int}/replies", _doing(_reply), methods=["POST"]),
            Route("/messages/{number:int}/absences", _doing(_be_away), methods=["POST"]),
            Route("/messages/{number:int}/reports", _doing(_bounce), methods=["POST"]),
        ],
        middleware=[Middleware(OwnButtons)],
        exception_handlers={NoSuchMail: _missing},
    )
    app.state.box = box
    return app


class OwnButtons:
    """Only these pages press these buttons: a page of another site, open in the same browser, may not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        foreign = headers.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"}
        if scope["type"] == "http" and scope["method"] == "POST" and foreign:
            await Response("Press the button on the page itself.", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


async def _all(request: Request) -> Response:
    box, wanted = _box(request), request.query_params.get("q", "").strip()
    found = box.mailboxes(wanted)
    if _for_program(request):
        told = [{"address": one.address, "messages": [mail.number for mail in one.mails]} for one in found]
        return JSONResponse(told)
    return _page(request, "all.html", title="Mailboxes")


async def _mailbox(request: Request) -> Response:
    address = request.path_params["address"].lower()
    found = [one for one in _box(request).mailboxes() if one.address.lower() == address]
    if not found:
        raise NoSuchMail(address)
    return _page(request, "mailbox.html", title=found[0].name or found[0].address, mailbox=found[0])


async def _message(request: Request) -> Response:
    box = _box(request)
    mail = box.mail(request.path_params["number"])
    if _for_program(request):
        return JSONResponse({**asdict(mail), "deeds": [asdict(deed) for deed in box.deeds(mail.number)]})
    shown = request.query_params.get("show", "mail")
    return _page(
        request, "message.html", title=mail.subject, mail=mail, deeds=box.deeds(mail.number), shown=shown
    )


async def _body(request: Request) -> Response:
    mail = _box(request).mail(request.path_params["number"])
    return HTMLResponse(mail.html, headers={"Content-Security-Policy": MAIL_POLICY})


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=60"})


def _doing(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def pressed(request: Request) -> Response:
        box = _box(request)
        mail = box.mail(request.path_params["number"])
        deed = await act(box, mail, await request.form())
        if _for_program(request):
            return JSONResponse(asdict(deed) | {"worked": worked(deed.fetched)}, status_code=201)
        return RedirectResponse(f"/messages/{mail.number}#deeds", status_code=303)

    return pressed


async def _open(box: Box, mail: Mail, _: Any) -> Deed:
    return await box.open(mail)


async def _click(box: Box, mail: Mail, form: Any) -> Deed:
    position = str(form.get("position", ""))
    return await box.click(mail, int(position) if position.isdecimal() else -1)


async def _scan(box: Box, mail: Mail, _: Any) -> Deed:
    return await box.scan(mail)


async def _unsubscribe(box: Box, mail: Mail, _: Any) -> Deed:
    return await box.unsubscribe(mail)


async def _reply(box: Box, mail: Mail, form: Any) -> Deed:
    return await box.reply(mail, str(form.get("words", "")).strip() or usual_words(mail))


async def _be_away(box: Box, mail: Mail, _: Any) -> Deed:
    return await box.be_away(mail)


async def _bounce(box: Box, mail: Mail, form: Any) -> Deed:
    return await box.bounce(mail, str(form.get("status", "5.1.1")))


def _missing(request: Request, _: Exception) -> Response:
    return _page(request, "missing.html", title="Nothing here", status=404)


def _page(request: Request, name: str, *, title: str, status: int = 200, **shown: Any) -> Response:
    box, wanted = _box(request), request.query_params.get("q", "").strip()
    html = TEMPLATES.get_template(name).render(
        title=title,
        box=box,
        mailboxes=box.mailboxes(wanted),
        wanted=wanted,
        total=len(box.mails()),
        **{"mailbox": None, "mail": None, **shown},
    )
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=status, headers=headers)


def _box(request: Request) -> Box:
    return request.app.state.box


def _for_program(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _clock(seconds: float, pattern: str = "%H:%M:%S") -> str:
    """By the clock of this machine."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime(pattern)


def _program_name(address: str) -> str:
    """What a person would call the program that reads this mailbox."""
    agent = program_of(address)
    names = {"Thunderbird": "Thunderbird on Windows", "iPhone": "Mail on an iPhone", "Android": "Android"}
    usual = "Apple Mail" if "Macintosh" in agent else "Chrome on Windows"
    return next((name for sign, name in names.items() if sign in agent), usual)
