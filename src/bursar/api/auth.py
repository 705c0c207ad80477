"""Who calls: the key of the Authorization header, how fast it may go on, and where it came from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from math import ceil
from time import monotonic

from starlette.requests import Request

from bursar.core.errors import N_, NotSignedIn, TooMany
from bursar.core.work import Office, Origin
from bursar.tenancy.api_keys import SignedByKey, api_key_actor

LONGEST_USER_AGENT = 300
MOST_BUCKETS = 10_000


class TooFast(TooMany):
    def __init__(self, seconds: int) -> None:
        super().__init__(
            N_("Too many requests. Go on in %(seconds)s seconds."), code="too_many_requests", seconds=seconds
        )


@dataclass(slots=True)
class Buckets:
    """Token buckets of one process: `burst` requests at once, then `rate` a second for each name."""

    rate: float
    burst: int
    clock: Callable[[], float] = monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, name: str) -> None:
        """One request of `name`. Raises `TooFast` with the seconds until the next one may come."""
        now = self.clock()
        level = self._level(name, now)
        if level < 1:
            raise TooFast(ceil((1 - level) / self.rate))
        self._levels[name] = (level - 1, now)
        if len(self._levels) > MOST_BUCKETS:
            self._levels = {
                each: told for each, told in self._levels.items() if self._level(each, now) < self.burst
            }

    def _level(self, name: str, now: float) -> float:
        level, at = self._levels.get(name, (float(self.burst), now))
        return min(float(self.burst), level + (now - at) * self.rate)


@dataclass(frozen=True, slots=True)
class Limits:
    """Good keys each have their own pace; whoever guesses keys is slowed down by their address."""

    keys: Buckets = field(default_factory=lambda: Buckets(rate=50, burst=300))
    strangers: Buckets = field(default_factory=lambda: Buckets(rate=1, burst=60))


async def caller_of(request: Request, office: Office, limits: Limits) -> SignedByKey:
    """The key's agent. Raises `NotSignedIn`, `TooMany`. Cookies mean nothing here."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise NotSignedIn
        caller = await api_key_actor(office, key.strip())
    except NotSignedIn:
        limits.strangers.take(request.client.host if request.client else "unknown")
        raise
    limits.keys.take(str(caller.key_id))
    return caller


def origin_of(request: Request) -> Origin:
    """For the journal; what a proxy or a test calls its address may be none."""
    host = request.client.host if request.client else None
    return Origin(
        ip=host if _is_address(host) else None,
        user_agent=_printable(request.headers.get("user-agent", "")) or None,
        request_id=request.scope["state"]["request_id"],
    )


def _is_address(text: str | None) -> bool:
    try:
        ip_address(text or "")
    except ValueError:
        return False
    return True


def _printable(text: str) -> str:
    return "".join(sign for sign in text[:LONGEST_USER_AGENT] if sign.isprintable())
