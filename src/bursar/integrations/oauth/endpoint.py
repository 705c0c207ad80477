"""A provider's token endpoint (RFC 6749, 7009): a code or a refresh token goes in, a grant comes out.

What the provider says about itself in English stays out of our answers: a person is told what to do next.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx2

from bursar.core.errors import N_
from bursar.outbox.ports import Grant, NoAnswer, SignedOut

TIMEOUT = httpx2.Timeout(20, connect=10)  # seconds
LARGEST = 256 * 1024  # bytes of an answer; tokens are a few kilobytes
USUAL = timedelta(minutes=30)  # how long a token is taken to hold whose provider does not say
LONGEST = timedelta(days=1)

# Only the mailbox's owner can do something about these. Whatever else it may be, it is not theirs to mend.
GONE = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})

WORDS = {
    "gone": N_(
        "Its provider lets us in no more: the permission was withdrawn or has run out. Sign in again."
    ),
    "ours": N_("The provider does not know this installation. Its operator must check client id and secret."),
    "later": N_("The provider's sign-in gives no answer at present. We try again."),
}


class TokenEndpoint:
    """Asked seldom, so each request has a connection of its own."""

    def __init__(
        self,
        url: str,
        *,
        client_id: str,
        client_secret: str,
        revoke_url: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._url, self._revoke_url = url, revoke_url
        self._known = {"client_id": client_id, "client_secret": client_secret}
        self._transport = transport

    async def grant(
        self,
        form: Mapping[str, str],
        *,
        asked: frozenset[str],
        address: Callable[[Mapping[str, Any]], str | None],
    ) -> Grant:
        """What `form` is good for. `asked` are the scopes if the answer names none; `address` reads the mailbox.

        Raises `SignedOut` when only a person can help, `NoAnswer` when waiting may.
        """
        told = await self._post(self._url, {**self._known, **form})
        access = told.get("access_token")
        if not isinstance(access, str) or not usable(access):
            raise NoAnswer(WORDS["later"])
        refresh, scope = told.get("refresh_token"), told.get("scope")
        return Grant(
            access_token=access,
            expires_in=_lasts(told.get("expires_in")),
            refresh_token=refresh if isinstance(refresh, str) and usable(refresh) else None,
            scopes=frozenset(scope.split()) if isinstance(scope, str) and scope.strip() else asked,
            address=address(told),
        )

    async def revoke(self, token: str) -> None:
        """Raises `NoAnswer`. A token that is gone already is as it should be (RFC 7009, 2.2)."""
        if self._revoke_url is None:
            return
        try:
            await self._post(self._revoke_url, {"token": token})
        except SignedOut:
            return

    async def _post(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        try:
            async with (
                httpx2.AsyncClient(timeout=TIMEOUT, transport=self._transport) as http,
                http.stream("POST", url, data=dict(form)) as response,
            ):
                body = await read_capped(response, LARGEST)
        except httpx2.HTTPError as error:
            raise NoAnswer(WORDS["later"]) from error
        told = as_object(body)
        if response.status_code == httpx2.codes.OK:
            return told
        error = told.get("error")
        if error in GONE or (url == self._revoke_url and error == "invalid_token"):
            raise SignedOut(WORDS["gone"])
        if error in {"invalid_client", "unauthorized_client"}:
            raise NoAnswer(WORDS["ours"])
        raise NoAnswer(WORDS["later"])


async def read_capped(response: httpx2.Response, limit: int) -> bytes:
    """The body. Raises `httpx2.ReadError` for one that is longer than anything we asked for."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise httpx2.ReadError("the answer is too long", request=response.request)
    return bytes(body)


def as_object(body: bytes) -> dict[str, Any]:
    """A JSON object; what is none says nothing."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def claims_of(id_token: object) -> dict[str, Any]:
    """What an id token says. It came over TLS from the endpoint itself, which stands for its signature
    (OpenID Connect Core 3.1.3.7, 6).
    """
    parts = id_token.split(".") if isinstance(id_token, str) else []
    if len(parts) != 3:
        return {}
    try:
        return as_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}


def usable(token: str) -> bool:
    """Whether it can stand in a header of ours and in a form."""
    return 0 < len(token) <= 8192 and token.isascii() and token.isprintable() and " " not in token


def _lasts(seconds: object) -> timedelta:
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) < 9:
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        return USUAL
    return min(timedelta(seconds=min(seconds, 10**8)), LONGEST)
