"""Stripe's API by its own library, as far as we use it (`contract.json`): each method one request of one account.

The library is synchronous, so a call runs in a thread. What it would do by itself is switched off: it tries nothing
twice (the three beats decide that), takes no proxy from the environment, and tells nobody about this machine.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from ssl import SSLContext
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import stripe
from anyio.lowlevel import RunVar

from bursar.billing.tills.ports import TillUnauthorised
from bursar.integrations.stripe.errors import WORDS

VERSION = "2026-10-28.endive"
"""Of the API. Webhooks come in the version of their endpoint, so it is told to who makes one there."""

KEY = re.compile(r"(?:sk|rk)_(test|live)_[!-~]{4,250}")
TIMEOUT = httpx2.Timeout(30, connect=10)  # seconds
LARGEST = 4 * 1024 * 1024  # bytes of an answer; a list of a hundred refunds is 200 kB
THREADS = (
    16  # of this process for all accounts; Stripe allows one account 25 requests a second in its sandbox
)
PAGE = 100

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it repeats what was posted, addresses too

Told = dict[str, Any]
_threads: RunVar[anyio.CapacityLimiter] = RunVar("stripe_threads")


@cache
def _trusted() -> SSLContext:
    """Read once: it takes 17 ms, and a till is made for each call."""
    return httpx2.create_ssl_context(trust_env=False)


class Lost(Exception):
    """No answer came; whether the request arrived nobody knows."""


class Nonsense(Exception):
    """An answer that is no object of Stripe's."""


class Wire(stripe.HTTPClient):
    """The library's way out: one pool, no proxy, no redirect, no answer without end. Safe in several threads."""

    name = "httpx2"

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        super().__init__()
        self._http = httpx2.Client(
            timeout=TIMEOUT,
            limits=httpx2.Limits(max_connections=THREADS),
            verify=_trusted(),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )

    def request(  # pyright: ignore[reportIncompatibleMethodOverride]  its own clients leave out `_usage` too
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Raises `Lost`."""
        sent = {**(headers or {}), "User-Agent": f"Bursar stripe-python/{stripe.VERSION}"}
        sent.pop("X-Stripe-Client-User-Agent", None)
        try:
            with self._http.stream(method.upper(), url, headers=sent, content=post_data) as response:
                body = _capped(response)
        except httpx2.HTTPError as error:
            raise Lost(type(error).__name__) from error
        told = response.headers.copy()
        told.pop("stripe-notice", None)  # the library makes a warning of it, and a warning may be an error
        return body, response.status_code, told

    def close(self) -> None:
        self._http.close()


class StripeApi:
    """One account. Holds connections; close it.

    Every method raises `Lost`, `Nonsense`, what the library raises for a refusal, and `TillUnauthorised` for what
    can be no secret key: it never travels.
    """

    def __init__(self, key: str, base_url: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        mode = KEY.fullmatch(key)
        self.live = mode is not None and mode[1] == "live"
        self._usable = mode is not None
        self._wire = Wire(transport)
        self._stripe = stripe.StripeClient(
            key if self._usable else "unusable",
            stripe_version=VERSION,
            base_addresses={"api": base_url},
            max_network_retries=0,
            http_client=self._wire,
        )

    async def account(self) -> Told:
        return await self._ask(lambda v1: v1.accounts.retrieve_current())

    async def create_session(self, params: Any, *, key: str) -> Told:
        return await self._ask(lambda v1: v1.checkout.sessions.create(params, {"idempotency_key": key}))

    async def session(self, session_id: str) -> Told:
        """With its payment intent: that alone tells a delayed payment under way from one that did not come."""
        return await self._ask(
            lambda v1: v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        )

    async def sessions_of(self, payment_intent: str) -> list[Told]:
        """At most one: an intent belongs to one checkout, or to none."""
        return _listed(
            await self._ask(
                lambda v1: v1.checkout.sessions.list({"payment_intent": payment_intent, "limit": 1})
            )
        )

    async def expire_session(self, session_id: str) -> Told:
        return await self._ask(lambda v1: v1.checkout.sessions.expire(session_id))

    async def intent(self, payment_intent: str) -> Told:
        return await self._ask(lambda v1: v1.payment_intents.retrieve(payment_intent))

    async def create_refund(self, params: Any, *, key: str) -> Told:
        return await self._ask(lambda v1: v1.refunds.create(params, {"idempotency_key": key}))

    async def refunds_of(self, payment_intent: str) -> list[Told]:
        return _listed(
            await self._ask(lambda v1: v1.refunds.list({"payment_intent": payment_intent, "limit": PAGE}))
        )

    async def disputes_of(self, payment_intent: str) -> list[Told]:
        return _listed(
            await self._ask(lambda v1: v1.disputes.list({"payment_intent": payment_intent, "limit": PAGE}))
        )

    async def close(self) -> None:
        await anyio.to_thread.run_sync(self._wire.close)

    async def _ask(self, what: Callable[[Any], stripe.StripeObject]) -> Told:
        """Whoever is cancelled does not wait for the answer; its row does, and asks again under the same key."""
        if not self._usable:
            raise TillUnauthorised(WORDS["no_key"], code="not_a_secret_key")
        found = await anyio.to_thread.run_sync(
            what, self._stripe.v1, abandon_on_cancel=True, limiter=_limiter()
        )
        if not isinstance(found, stripe.StripeObject):
            raise Nonsense(type(found).__name__)
        return found.to_dict()


def _limiter() -> anyio.CapacityLimiter:
    try:
        return _threads.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(THREADS)
        _threads.set(limiter)
        return limiter


def _listed(told: Told) -> list[Told]:
    found = told.get("data")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Nonsense("list")
    return found


def _capped(response: httpx2.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise httpx2.ReadError("the answer is too long", request=response.request)
    return bytes(body)
