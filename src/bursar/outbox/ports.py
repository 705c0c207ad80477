"""What the outbox asks of the outside: somebody who carries letters and says honestly what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from bursar.outbox.states import Verdict


class Letter(NamedTuple):
    """One finished message for one recipient: all its bytes, lines ended by CRLF, not dot-stuffed.

    `thread`: the conversation it goes on with, as its provider calls that.
    """

    send_id: UUID
    sender: str
    recipient: str
    message: bytes
    thread: str | None = None


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
    """What became of one letter. `code` is the basic reply ("550"), `enhanced` RFC 3463 ("5.1.1") if there was one.

    Where a provider speaks HTTP, `enhanced` is the RFC's word for what it said: 5.7.8 the sign-in no longer holds,
    5.4.5 no more today, 5.7.1 not by its rules. Code 429 with DEFERRED means that the whole account waits for
    `retry_after`. `thread` is its name for the conversation, `message_id` what it put in place of ours.
    """

    send_id: UUID
    result: Result
    code: str | None = None
    enhanced: str | None = None
    text: str = ""
    provider_id: str | None = None
    retry_after: timedelta | None = None
    thread: str | None = None
    message_id: str | None = None


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


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Which account, for a way out that has to ask for tokens of it."""

    tenant_id: UUID
    id: UUID


class SenderFactory(Protocol):
    """Makes the way out of one account; bound to adapters in app.py. `secret` is the vault's plaintext.

    `account` is needed by kinds that sign in by consent; they ask for tokens and get no secret.
    """

    def __call__(
        self,
        kind: str,
        settings: Mapping[str, Any],
        secret: bytes | None,
        account: AccountRef | None = None,
        /,
    ) -> Sender: ...


@dataclass(frozen=True, slots=True)
class Trace:
    """A message of ours in the provider's own record of what was sent."""

    provider_id: str
    thread: str | None = None


class Finder(Protocol):
    """Looks into the Sent folder of one account; only where its owner lets us read."""

    async def find(self, message_id: str) -> Trace | None:
        """The message with this Message-ID, or None if it is surely not there. Raises `NoAnswer`, `SignedOut`."""
        ...

    async def close(self) -> None: ...


class FinderFactory(Protocol):
    """None for an account that cannot be searched."""

    def __call__(self, kind: str, settings: Mapping[str, Any], account: AccountRef, /) -> Finder | None: ...


class NoAnswer(Exception):
    """The provider could not be asked, or said nothing that can be read; later it may. `str()` is for people."""


class SignedOut(Exception):
    """The provider lets us in no more, and only the mailbox's owner can change that. `str()` is for people."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider gave for a consent or a refresh. Without a `refresh_token` the one before still holds.

    `address` is the mailbox it is for, where the provider said so in the same breath.
    """

    access_token: str = field(repr=False)
    expires_in: timedelta
    refresh_token: str | None = field(repr=False)
    scopes: frozenset[str]
    address: str | None = None


class Tokens(Protocol):
    """Access tokens of one account, refreshed by one of all who ask at once."""

    async def access(self, *, instead_of: str | None = None) -> str:
        """One that should hold for a minute; `instead_of` is one that was refused. Raises `NoAnswer`, `SignedOut`."""
        ...


class Identity(Protocol):
    """One provider's sign-in (OAuth 2.0 with PKCE). Never raises but `NoAnswer` and `SignedOut`."""

    @property
    def issuers(self) -> frozenset[str]:
        """Who may call itself the issuer of its answers."""
        ...

    def consent_url(self, *, state: str, challenge: str, redirect_uri: str, address: str, reads: bool) -> str:
        """The page where the mailbox's owner says yes, with as little asked for as will do."""
        ...

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Grant:
        """The grant for a code, which is good once."""
        ...

    async def refresh(self, refresh_token: str) -> Grant: ...

    async def address_of(self, grant: Grant) -> frozenset[str]:
        """The addresses by which the mailbox behind a grant is known, in small letters."""
        ...

    def may_send(self, grant: Grant) -> bool: ...

    def may_read(self, grant: Grant) -> bool: ...

    async def revoke(self, refresh_token: str) -> None:
        """Tell the provider that we are done; one that knows no such thing is left alone."""
        ...


class Identities(Protocol):
    """The provider of a kind of account. Raises `Conflict` if the operator has not made us known there."""

    def __call__(self, kind: str) -> Identity: ...


class NoticeKind(StrEnum):
    """What a provider came to say at our address: that something happened, that it wants to be let in, or goodbye."""

    EVENT = "event"
    CONFIRMATION = "confirmation"
    FAREWELL = "farewell"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a provider surely said. `topic` is where it says such things; `about` its own word for what."""

    kind: NoticeKind
    id: str
    topic: str
    about: str
    message: Mapping[str, Any]
    confirm_at: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What became of one message for one recipient; without a `verdict` its reader complained.

    `id` is the same however often it is told. `message_id` is ours, where the provider repeats it.
    """

    id: str
    provider_id: str
    message_id: str | None
    verdict: Verdict | None
    at: datetime | None
    detail: Mapping[str, Any]


class Forged(Exception):
    """Not said by whom it claims to be."""


class EventDesk(Protocol):
    """Where a provider's events arrive."""

    async def read(self, body: bytes) -> Notice:
        """What stands in a request's body. Raises `Forged`, and `NoAnswer` when that cannot be found out now."""
        ...

    async def confirm(self, notice: Notice) -> None:
        """Let it in that asked to be. Raises `Forged`, `NoAnswer`."""
        ...

    def events_of(self, message: Mapping[str, Any]) -> Sequence[ProviderEvent]:
        """What a stored message says; nothing, if it says nothing we know."""
        ...
