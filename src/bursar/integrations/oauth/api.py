"""Calls to a provider's API in the name of one mailbox: signed with its token, which is renewed once if refused."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from bursar.core.errors import N_
from bursar.integrations.oauth.endpoint import as_object, read_capped
from bursar.outbox.ports import NoAnswer, SignedOut, Tokens

log = logging.getLogger(__name__)

NO_TOKEN = N_("The mailbox's permission could not be read. We try again.")
TIMEOUT = httpx2.Timeout(60, connect=10)  # seconds; to take a message in may last
LARGEST = 4 * 1024 * 1024  # bytes of an answer, where the caller expects no message
LONGEST_WAIT = timedelta(days=1)

# Nothing of the request can have arrived when these are raised.
BEFORE = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.LocalProtocolError,
)


class Unsent(Exception):
    """The request never left this machine."""


class Lost(Exception):
    """The request left, and no answer to it came: nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The body as a JSON object; empty for anything else."""
        return as_object(self.body)

    def retry_after(self, now: datetime) -> timedelta | None:
        """What the provider wants us to wait, in seconds or until a date (RFC 9110, 10.2.3); None without either."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit() and len(text) < 9:
            wait = timedelta(seconds=int(text))
        else:
            try:
                until = parsedate_to_datetime(text)
            except (ValueError, TypeError):
                return None
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
        return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


class Api:
    """One mailbox at one provider. Holds a connection pool; close it."""

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        *,
        connections: int = 4,
        timeout: httpx2.Timeout = TIMEOUT,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._tokens = tokens
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            limits=httpx2.Limits(max_connections=connections + 1),
            transport=transport,
            follow_redirects=False,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = LARGEST,
    ) -> Answer:
        """One request, or two if the first token was refused: a 401 says that nothing was done.

        Raises `Unsent`, `Lost`, and what asking for tokens raises: `NoAnswer`, `SignedOut`.
        """
        request: dict[str, Any] = {"params": params, "json": json, "content": content}
        token = await self._token()
        answer = await self._once(method, path, request, headers, token, limit)
        if answer.status == httpx2.codes.UNAUTHORIZED:
            token = await self._token(instead_of=token)
            answer = await self._once(method, path, request, headers, token, limit)
        return answer

    async def close(self) -> None:
        await self._http.aclose()

    async def _token(self, *, instead_of: str | None = None) -> str:
        """Whatever goes wrong here, a busy row or a lost database, the letter has not left."""
        try:
            return await self._tokens.access(instead_of=instead_of)
        except (NoAnswer, SignedOut):
            raise
        except Exception as error:
            log.exception("no_token")
            raise NoAnswer(NO_TOKEN) from error

    async def _once(
        self,
        method: str,
        path: str,
        request: Mapping[str, Any],
        headers: Mapping[str, str] | None,
        token: str,
        limit: int,
    ) -> Answer:
        signed = {**(headers or {}), "Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            async with self._http.stream(method, path, headers=signed, **request) as response:
                return Answer(response.status_code, response.headers, await read_capped(response, limit))
        except BEFORE as error:
            raise Unsent(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise Lost(type(error).__name__) from error
