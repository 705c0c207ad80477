"""Codes and tokens of one vendor: given once, bound to what was asked, good for a while, and taken back."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe


class Stale(Exception):
    """The token is not, or no longer, good."""


class Invalid(Exception):
    """OAuth's own refusal: `error` as RFC 6749 names it, `why` in the vendor's words, `number` of Microsoft's list."""

    def __init__(self, error: str, why: str, *, number: int = 0, status: int = 400) -> None:
        super().__init__(error, why)
        self.error, self.why, self.number, self.status = error, why, number, status


@dataclass(frozen=True)
class Client:
    """A program that was registered with the vendor. No redirect addresses: any will do."""

    id: str
    secret: str
    redirects: tuple[str, ...] = ()


@dataclass
class Grant:
    """What a person allowed a program."""

    client_id: str
    mailbox: str
    scopes: frozenset[str]
    offline: bool
    nonce: str = ""
    revoked: bool = False


@dataclass
class Code:
    """What the program has to show again when it redeems it. `expires_at` by this process's clock."""

    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: float
    used: bool = False


@dataclass
class Access:
    grant: Grant
    expires_at: float


@dataclass
class Refresh:
    """`until`: when one that was rotated stops being good."""

    grant: Grant
    until: float | None = None


@dataclass
class Tokens:
    """`overlap_s`: how long a rotated refresh token stays good; None: it is not rotated, as Google's are not."""

    clients: dict[str, Client] = field(default_factory=dict)
    access_prefix: str = ""
    refresh_prefix: str = ""
    access_s: float = 3599
    code_s: float = 600
    overlap_s: float | None = None
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Access] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    clock: Callable[[], float] = time.time

    usual: tuple[float, float, float | None] = field(init=False)

    def __post_init__(self) -> None:
        self.usual = (self.access_s, self.code_s, self.overlap_s)

    def forget(self) -> None:
        """No token was ever given; the times are as at the start."""
        self.access_s, self.code_s, self.overlap_s = self.usual
        for held in (self.codes, self.access, self.refreshes):
            held.clear()

    def code(self, grant: Grant, *, redirect_uri: str, challenge: str) -> str:
        code = f"4/0A{token_urlsafe(40)}"
        self.codes[code] = Code(grant, redirect_uri, challenge, self.clock() + self.code_s)
        return code

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Grant:
        """Once. Raises `Invalid`; a code that comes twice takes back what it gave (RFC 6749 4.1.2)."""
        held = self.codes.get(code)
        if held is None or held.grant.client_id != client_id:
            raise Invalid("invalid_grant", "Malformed auth code.", number=9002313)
        if held.used:
            held.grant.revoked = True
            raise Invalid("invalid_grant", "The code was redeemed before.", number=54005)
        held.used = True
        if self.clock() > held.expires_at:
            raise Invalid("invalid_grant", "The code has expired.", number=70008)
        if held.redirect_uri != redirect_uri:
            raise Invalid("redirect_uri_mismatch", "Bad Request", number=50011)
        if not 43 <= len(verifier) <= 128 or not compare_digest(challenge_of(verifier), held.challenge):
            raise Invalid("invalid_grant", "Invalid code verifier.", number=501481)
        return held.grant

    def give_access(self, grant: Grant) -> str:
        token = self.access_prefix + token_urlsafe(48)
        self.access[token] = Access(grant, self.clock() + self.access_s)
        return token

    def give_refresh(self, grant: Grant) -> str:
        token = self.refresh_prefix + token_urlsafe(48)
        self.refreshes[token] = Refresh(grant)
        return token

    def refresh(self, token: str, *, client_id: str) -> tuple[Grant, str | None]:
        """What it stands for, and the token that follows it, if this vendor rotates. Raises `Invalid`."""
        held = self.refreshes.get(token)
        now = self.clock()
        if held is None or held.grant.client_id != client_id:
            raise Invalid("invalid_grant", "Bad Request", number=9002313)
        if held.grant.revoked:
            raise Invalid("invalid_grant", "Token has been expired or revoked.", number=50173)
        if held.until is not None and now > held.until:
            raise Invalid("invalid_grant", "Token has been expired or revoked.", number=70008)
        if self.overlap_s is None:
            return held.grant, None
        held.until = held.until if held.until is not None else now + self.overlap_s
        return held.grant, self.give_refresh(held.grant)

    def holder(self, token: str) -> Grant:
        """Who may use the interface with it. Raises `Stale`."""
        held = self.access.get(token)
        if held is None or held.grant.revoked or self.clock() >= held.expires_at:
            raise Stale
        return held.grant

    def revoke(self, token: str) -> bool:
        """By the program that holds it; whether there was such a token. Everything of its grant goes."""
        held = self.refreshes.get(token) or self.access.get(token)
        if held is None or held.grant.revoked:
            return False
        held.grant.revoked = True
        return True

    def expire(self, mailbox: str) -> int:
        """Access tokens of a mailbox that are good no longer; how many."""
        mine = [one for one in self.access.values() if one.grant.mailbox.lower() == mailbox.lower()]
        for one in mine:
            one.expires_at = 0
        return len(mine)

    def take_back(self, mailbox: str) -> int:
        """As if the person removed the program from the account; how many grants."""
        held = [*self.access.values(), *self.refreshes.values(), *self.codes.values()]
        mine = {id(one.grant): one.grant for one in held if one.grant.mailbox.lower() == mailbox.lower()}
        for grant in mine.values():
            grant.revoked = True
        return len(mine)

    def client(self, client_id: str, secret: str) -> Client:
        """Raises `Invalid`."""
        known = self.clients.get(client_id)
        if known is None or not compare_digest(known.secret.encode(), secret.encode()):
            why = "The provided client secret is invalid."
            raise Invalid("invalid_client", why, number=7000215, status=401)
        return known


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii", "replace")).digest()).rstrip(b"=").decode()
