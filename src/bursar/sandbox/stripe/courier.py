"""Brings events to the firms' webhook endpoints: signed, again until they are taken, and as badly as it is told to."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import Any

import httpx2

from bursar.sandbox.stripe import signing
from bursar.sandbox.stripe.clock import Clock
from bursar.sandbox.stripe.ledger import Thing, new_id

PATIENCE_S = 20.0
REMEMBERED = 50_000
FORGERIES = frozenset({None, "signature", "body", "unsigned"})
ORDERS = frozenset({"as_is", "backwards", "shuffled"})


@dataclass
class Behaviour:
    """How deliveries go.

    `duplicates`: each so many times more. `twins`: each change told by so many further events, with ids of their own.
    `hold`: nothing leaves until somebody flushes. `delay_s` before the first attempt, and up to `jitter_s` more by
    chance, which shuffles. `attempts` in all, `retry_s` before the second and twice as long before each next.
    `skew_s` is added to the signed time. `forge`: "signature" (another secret), "body" (written anew after it was
    signed) or "unsigned". `seed`: of chance.
    """

    duplicates: int = 0
    twins: int = 0
    hold: bool = False
    delay_s: float = 0.0
    jitter_s: float = 0.0
    attempts: int = 4
    retry_s: float = 0.2
    skew_s: int = 0
    forge: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.forge not in FORGERIES:
            raise ValueError(f"there is no forgery {self.forge!r}")


@dataclass
class Endpoint:
    """Where a firm listens, in one mode. The newest secret is the last; several sign while one is rotated."""

    account: str
    live: bool
    url: str
    secrets: list[str]
    events: list[str]
    id: str = field(default_factory=lambda: new_id("we"))


@dataclass
class Delivery:
    """An event on its way to an endpoint. `statuses`: of every attempt; None: no answer."""

    number: int
    event: str
    type: str
    object: str
    endpoint: str
    statuses: list[int | None] = field(default_factory=list)
    is_done: bool = False


@dataclass
class Parcel:
    """What is carried; its text is written when it is handed over."""

    delivery: Delivery
    endpoint: Endpoint
    body: bytes


def new_secret() -> str:
    return f"whsec_{token_urlsafe(24)}"


def written(event: Thing) -> bytes:
    """With line breaks, so that whoever writes it anew before checking has other bytes."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


@dataclass
class Courier:
    clock: Clock
    behaviour: Behaviour = field(default_factory=Behaviour)
    endpoints: list[Endpoint] = field(default_factory=list)
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    held: list[Parcel] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _count: int = 0
    _client: httpx2.AsyncClient | None = None

    def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._chance.seed(behaviour.seed)

    def listening(self, account: str, type_: str, *, live: bool) -> list[Endpoint]:
        """Who wants to know of this."""
        return [
            one
            for one in self.endpoints
            if one.account == account and one.live == live and ("*" in one.events or type_ in one.events)
        ]

    def hand_over(self, event: Thing, endpoints: Sequence[Endpoint], *, times: int | None = None) -> int:
        """To all of them, as often as the behaviour says or `times`; how many are on their way or held."""
        often = 1 + self.behaviour.duplicates if times is None else times
        parcels = [self.parcel(event, one) for one in endpoints for _ in range(often)]
        if self.behaviour.hold and times is None:
            self.held += parcels
        else:
            for parcel in parcels:
                self.start(self.bring(parcel))
        return len(parcels)

    def parcel(self, event: Thing, endpoint: Endpoint, body: bytes | None = None) -> Parcel:
        """`body`: bytes to carry instead of the event's own."""
        self._count += 1
        about = event.get("data", {}).get("object", {}).get("id", "")
        delivery = Delivery(self._count, event.get("id", ""), event.get("type", ""), about, endpoint.id)
        self.deliveries.append(delivery)
        return Parcel(delivery, endpoint, written(event) if body is None else body)

    def flush(self, order: str) -> int:
        """What was held goes, each after the first attempt of the one before; how many."""
        held, self.held = self.held, []
        match order:
            case "backwards":
                held.reverse()
            case "shuffled":
                self._chance.shuffle(held)
            case _:
                pass
        self.start(self._one_by_one(held))
        return len(held)

    async def idle(self, seconds: float) -> bool:
        """Until nothing is on its way; False if the time was over before."""
        try:
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        except TimeoutError:
            return False
        return True

    def forget(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.behave(Behaviour())
        self.endpoints, self.held = [], []
        self.deliveries.clear()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one_by_one(self, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            if not await self._attempt(parcel):
                self.start(self._retry(parcel))

    async def bring(self, parcel: Parcel) -> None:
        wait = self.behaviour.delay_s + self._chance.random() * self.behaviour.jitter_s
        if wait:
            await asyncio.sleep(wait)
        if not await self._attempt(parcel):
            await self._retry(parcel)

    async def _retry(self, parcel: Parcel) -> None:
        """Anything but 2xx is no, a redirect too."""
        behaviour = self.behaviour
        for attempt in range(1, behaviour.attempts):
            await asyncio.sleep(behaviour.retry_s * 2 ** (attempt - 1))
            if await self._attempt(parcel):
                return
        parcel.delivery.is_done = True

    async def _attempt(self, parcel: Parcel) -> bool:
        """Whether it was taken."""
        status = await self._post(parcel)
        parcel.delivery.statuses.append(status)
        taken = status is not None and 200 <= status < 300
        parcel.delivery.is_done = taken or parcel.delivery.is_done
        return taken

    async def _post(self, parcel: Parcel) -> int | None:
        if self._client is None:
            limits = httpx2.Limits(max_connections=64)
            self._client = httpx2.AsyncClient(timeout=PATIENCE_S, trust_env=False, limits=limits)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (sandbox)"}
        body, signature = self._signed(parcel)
        headers |= {"Stripe-Signature": signature} if signature else {}
        try:
            answer = await self._client.post(parcel.endpoint.url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return None
        return answer.status_code

    def _signed(self, parcel: Parcel) -> tuple[bytes, str | None]:
        """Anew at each attempt, with the time it is then."""
        at = self.clock.now() + self.behaviour.skew_s
        match self.behaviour.forge:
            case "unsigned":
                return parcel.body, None
            case "signature":
                return parcel.body, signing.header([f"whsec_{token_hex(16)}"], at, parcel.body)
            case "body":
                anew = json.dumps(json.loads(parcel.body), separators=(",", ":")).encode()
                return anew, signing.header(parcel.endpoint.secrets, at, parcel.body)
            case _:
                return parcel.body, signing.header(parcel.endpoint.secrets, at, parcel.body)
