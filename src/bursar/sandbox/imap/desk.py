"""What all dialogues of one IMAP server share."""

import ssl
from dataclasses import dataclass, field
from hmac import compare_digest

from bursar.sandbox.cloud.troubles import Troubles
from bursar.sandbox.imap.boxes import Boxes

TROUBLES = frozenset({"no", "bad", "bye", "unavailable", "auth", "inuse"})
"""Answers beside the ways: refused, not understood, the server closes, down, not signed in, too many connections."""


@dataclass(frozen=True)
class ImapSettings:
    """`password` is everybody's. `context`: TLS, at once or by STARTTLS; nobody signs in before it then."""

    host: str = "127.0.0.1"
    port: int = 0
    password: str = "sandbox"
    context: ssl.SSLContext | None = None
    implicit_tls: bool = False
    idle_s: float = 1800.0
    largest: int = 40 * 1024 * 1024


@dataclass
class Desk:
    settings: ImapSettings
    boxes: Boxes
    troubles: Troubles = field(default_factory=Troubles)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of OAuth, each good for an address."""
    connections: int = 0
    commands: list[tuple[int, str]] = field(default_factory=list)
    """Of which connection, and without passwords."""

    def knows(self, address: str, password: str) -> bool:
        return "@" in address and compare_digest(password.encode(), self.settings.password.encode())

    def holds(self, address: str, token: str) -> bool:
        return self.tokens.get(token, "").lower() == address.lower() != ""
