"""What guards every answer and every change: headers, cross-site requests, size, request ids, cookies.

All of it is plain ASGI: it sees each request before a route does, also those no route answers, and it
leaves streams alone.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ONE_YEAR_S = 365 * 24 * 3600
FORM_LIMIT_BYTES = 1024 * 1024
UPLOAD_LIMIT_BYTES = 21 * 1024 * 1024  # a sheet of 20 MB (tenancy.grids) and the form around it

DOCUMENT_POLICY = "sandbox; default-src 'none'"
"""For downloads and other bytes that are not ours: nothing in them runs (R142)."""

PREVIEW_POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
"""For a mail shown inside one of our pages: its own styles and embedded pictures, no script, no request."""


@dataclass(frozen=True, slots=True)
class Site:
    """How people reach this installation, as the guards need to know it.

    `exempt` lists the path prefixes where a token in the address is the whole right to act and cookies
    mean nothing (one-click unsubscribe): other sites may post there. `uploads` lists those that may
    bring a file. Pages below `pays` may send who pays on to one of `checkout_hosts`; a browser holds that
    against the form's policy also after our redirect.
    """

    base_url: str = "http://127.0.0.1:8000"
    trusted_origins: frozenset[str] = frozenset()
    exempt: tuple[str, ...] = ("/u/", "/i/", "/c/", "/p/", "/pay/", "/hooks/")
    token_pages: tuple[str, ...] = (
        "/u/",
        "/i/",
        "/c/",
        "/p/",
        "/pay/",
        "/l/",
        "/o/",
        "/password/",
        "/sending-accounts/consents/",
        "/portal/",
    )
    uploads: tuple[str, ...] = ("/imports", "/i/", "/templates/import", "/c/", "/portal/")
    bearer: tuple[str, ...] = ("/api/",)
    pays: tuple[str, ...] = ("/i/", "/c/", "/p/", "/pay/", "/portal/")
    checkout_hosts: tuple[str, ...] = ()
    cookies: "Cookies" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cookies", Cookies(secure=self.secure))

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Cookies that only this host can set and read (R133).

    Browsers accept the `__Host-` prefix only together with Secure, so a demo on plain http goes
    without both.
    """

    secure: bool

    def name(self, plain: str) -> str:
        return f"__Host-{plain}" if self.secure else plain

    def set(
        self, response: Response, plain: str, value: str, *, max_age_s: int, http_only: bool = True
    ) -> None:
        response.set_cookie(
            self.name(plain),
            value,
            max_age=max_age_s,
            path="/",
            secure=self.secure,
            httponly=http_only,
            samesite="lax",
        )

    def drop(self, response: Response, plain: str) -> None:
        self.set(response, plain, "", max_age_s=0)


SESSION_COOKIE = "bursar_session"


class RequestIds:
    """Gives each request an id of ours at `scope["state"]["request_id"]` and says it in the answer.

    An id from outside is not taken over: it would end up in logs and in the journal's cause.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


class SecurityHeaders:
    """Puts the headers of R143 on every answer; what a route has set itself stays.

    The nonce stands at `scope["state"]["nonce"]` for the page that is rendered.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        wanted = self._headers(nonce, scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted:
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _headers(self, nonce: str, path: str) -> list[tuple[str, str]]:
        # Where the address itself is the right to act, it must not travel on in a Referer (R126).
        referrer = "no-referrer" if path.startswith(self.site.token_pages) else "same-origin"
        leads_to = self.site.checkout_hosts if path.startswith(self.site.pays) else ()
        headers = [
            ("Content-Security-Policy", page_policy(nonce, leads_to)),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", referrer),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ("Cache-Control", "no-store"),
        ]
        if self.site.secure:
            headers.append(("Strict-Transport-Security", f"max-age={ONE_YEAR_S}; includeSubDomains"))
        return headers


def page_policy(nonce: str, leads_to: Sequence[str] = ()) -> str:
    """`leads_to`: hosts to which forms of the page may lead. Without a scheme they keep the page's, or better it."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            "frame-src 'self'",
            " ".join(("form-action 'self'", *leads_to)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class SameSite:
    """Refuses changes that another site's page asked a browser to make, in the order of R134."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._passes(scope):
            raise HTTPException(403, "cross-site request")
        await self.app(scope, receive, send)

    def _passes(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS:
            return True
        path, headers = scope["path"], Headers(scope=scope)
        if path.startswith(self.site.exempt):
            return True
        if path.startswith(self.site.bearer) and _is_bearer(headers):
            return True  # a key that no browser sends by itself
        return _came_from_us(headers, self.site.trusted_origins)


def _is_bearer(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ") and "cookie" not in headers


def _came_from_us(headers: Headers, trusted: frozenset[str]) -> bool:
    origins = headers.getlist("origin")
    if len(origins) > 1:
        return False
    origin = origins[0] if origins else None
    if origin is not None and origin in trusted:
        return True
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    if origin is not None:  # a browser too old for Sec-Fetch-Site; "null" has no host and fails
        return bool(host := urlsplit(origin).netloc) and host == headers.get("host")
    return "cookie" not in headers  # no browser: nothing that it could abuse


class BodyLimit:
    """Answers 413 as soon as a body is longer than its path may bring, announced or counted (in bytes)."""

    def __init__(
        self,
        app: ASGIApp,
        uploads: Sequence[str] = (),
        limit: int = FORM_LIMIT_BYTES,
        upload_limit: int = UPLOAD_LIMIT_BYTES,
    ) -> None:
        self.app, self.uploads = app, tuple(uploads)
        self.limit, self.upload_limit = limit, upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.upload_limit if scope["path"].startswith(self.uploads) else self.limit
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            raise HTTPException(413, "request body too large")
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, "request body too large")
            return message

        await self.app(scope, counted, send)


def is_local_path(target: str) -> bool:
    """Whether a redirect to `target` stays here; a second slash or backslash and control characters do not."""
    return (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not any(char < " " or char == "\\" for char in target)
    )
