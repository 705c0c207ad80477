"""What the outbox asks of the outside: somebody who carries letters and says honestly what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from uuid import UUID


class Letter(NamedTuple):
    """One finished message for one recipient: all its bytes, lines ended by CRLF, not dot-stuffed."""

    send_id: UUID
    sender: str
    recipient: str
    message: bytes


class Result(StrEnum):
    """What an adapter knows about a letter after the call.

    ACCEPTED  the other side took responsibility (SMTP: final 250; HTTP: an id)
    DEFERRED  "not now": 4xx, 421, 450, 429, or a timeout before the hand-over; the try is given back
    ERROR     never handed over: refused or lost connection, or 5xx that is about us and passing
    REJECTED  a final no about this recipient or message (5xx)
    REFUSED   a final no about the account: authentication, policy, quota; the recipient is innocent
    UNKNOWN   handed over, no answer: only evidence can tell
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    ERROR = "error"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Outcome(NamedTuple):
    """What became of one letter. `code` is the basic reply ("550"), `enhanced` RFC 3463 ("5.1.1") if there was one."""

    send_id: UUID
    result: Result
    code: str | None = None
    enhanced: str | None = None
    text: str = ""
    provider_id: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an account could sign in just now; `code` and `text` are for people, never the server's banner (R136)."""

    ok: bool
    code: str | None = None
    text: str = ""


class Sender(Protocol):
    """One account's way out. Keeps its connections open between calls; never raises for a letter's fate."""

    async def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand over each letter once; one outcome a letter, in any order. Has its own deadlines."""
        ...

    async def check(self) -> Health:
        """Sign in and say goodbye, sending nothing."""
        ...

    async def close(self) -> None:
        """Let go of connections politely."""
        ...


class SenderFactory(Protocol):
    """Makes the way out of one account; bound to adapters in app.py. `secret` is the vault's plaintext."""

    def __call__(self, kind: str, settings: Mapping[str, Any], secret: bytes | None) -> Sender: ...
