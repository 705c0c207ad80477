"""What surrounds every answer of the API: an id, headers, a limit for bodies, HEAD, and the last resort."""

import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bursar.api import problems
from bursar.core.errors import N_, Invalid

JSON_LIMIT_BYTES = 1024 * 1024
UPLOAD_LIMIT_BYTES = 26 * 1024 * 1024
"""A sheet of the largest size that is read, and the form around it."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ONE_YEAR_S = 365 * 24 * 3600


class BodyTooLarge(Invalid):
    """More bytes than this address takes; the rest is not read."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            N_("The body is larger than %(kilobytes)s kB. Send it in parts."),
            code="body_too_large",
            kilobytes=limit // 1024,
        )


class Guard:
    """Plain ASGI around the whole API, so that it sees requests that no route answers.

    `uploads` are the paths that take a file; everything else is JSON and short.
    """

    def __init__(self, app: ASGIApp, *, secure: bool, uploads: Sequence[str]) -> None:
        self.app, self.uploads = app, tuple(uploads)
        self.headers = dict(HEADERS)
        if secure:
            self.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR_S}; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        request_id = state.setdefault("request_id", secrets.token_hex(8))
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope["method"] = "GET"
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, self._counted(scope, receive), guarded)
        except Exception as failure:
            if started:  # half an answer is out; only breaking the connection tells the reader so
                raise
            response = problems.broken(Request(scope), failure)
            await response(scope, receive, guarded)

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        is_upload = scope["path"].removeprefix(scope.get("root_path", "")).startswith(self.uploads)
        limit = UPLOAD_LIMIT_BYTES if is_upload else JSON_LIMIT_BYTES
        announced = Headers(scope=scope).get("content-length", "0")
        received = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
        received = received if received > limit else 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge(limit)
            return message

        return counted
