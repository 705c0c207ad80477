"""What differs between the two vendors who let people sign in: names, scopes, words, and what comes with a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bursar.sandbox.cloud.tokens import Grant, Invalid


@dataclass(frozen=True)
class Permission:
    """A scope as people read it. `optional`: they may leave it out; one that only identifies is not asked about."""

    words: str
    optional: bool = True
    silent: bool = False


@dataclass(frozen=True)
class Asked:
    """A program's question at the consent page, understood."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    nonce: str
    offline: bool
    hint: str = ""
    told: Mapping[str, str] = field(default_factory=dict)


class Manner(Protocol):
    """One vendor."""

    title: str
    authorise_path: str
    answer_path: str
    token_path: str
    permissions: Mapping[str, Permission]
    asked_with: frozenset[str]
    """Parameters of the authorise address that it knows."""
    redeemed_with: frozenset[str]
    """Fields that the token address knows."""

    def scope(self, told: str) -> str:
        """By its full name."""
        ...

    def is_offline(self, told: Mapping[str, str], scopes: tuple[str, ...]) -> bool:
        """Whether the program gets a refresh token."""
        ...

    def comes_back(self, base: str, granted: tuple[str, ...]) -> dict[str, str]:
        """What the redirect says beside code and state."""
        ...

    def denied(self) -> dict[str, str]: ...

    def told(self, grant: Grant, base: str, tokens: Mapping[str, str], *, first: bool) -> dict[str, Any]:
        """The answer of the token address. `tokens`: access_token, perhaps refresh_token."""
        ...

    def refused(self, invalid: Invalid) -> dict[str, Any]: ...
