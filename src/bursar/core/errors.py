"""What a verb says when it refuses: typed, with a status for HTTP and a text that can be translated.

A refusal changes nothing. Doors translate it once: `message` is a gettext msgid whose `%(name)s`
places are filled from `params` after translation.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


def N_(text: str) -> str:  # noqa: N802  the name under which gettext's extractor knows it
    """Mark `text` for the translation catalogue without translating it here."""
    return text


class Counted(dict[str, int]):
    """How many there are of each; the keys are msgids. A place of a refusal's message may be filled with it."""

    def __str__(self) -> str:
        return ", ".join(f"{word}: {many}" for word, many in self.items())


class Sentences(tuple[tuple[str, Mapping[str, Any]], ...]):
    """Several msgids, each with what fills its places; a place of a refusal's message may be filled with them."""

    __slots__ = ()

    def __str__(self) -> str:
        return "; ".join(message % params for message, params in self)


class Refusal(Exception):
    """Base of every answer "no". `code` is stable and machine-readable, `field` the input it is about."""

    status: ClassVar[int] = 422

    def __init__(self, message: str, *, code: str, field: str | None = None, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.message, self.code, self.field, self.params = message, code, field, params


class Invalid(Refusal):
    """An input that cannot be used: 422."""


class NotFound(Refusal):
    """No such thing in this tenant, or none that this actor may see: 404, the same for both."""

    status = 404

    def __init__(self, noun: str) -> None:
        super().__init__(N_("There is no such %(noun)s."), code="not_found", noun=noun)


class Conflict(Refusal):
    """The thing exists and its present condition forbids the act: 409."""

    status = 409


class IllegalMove(Conflict):
    """A move that the lifecycle does not list: 409 with machine, state, event and what is allowed."""

    def __init__(self, machine: str, state: str, event: str, allowed: tuple[str, ...]) -> None:
        super().__init__(
            N_("%(machine)s is %(state)s: cannot %(event)s"),
            code="illegal_move",
            machine=machine,
            state=state,
            event=event,
            allowed=", ".join(allowed),
        )
        self.allowed = allowed


class StaleVersion(Conflict):
    """Somebody changed it since it was read: 409 (HTTP preconditions answer 412)."""

    def __init__(self, noun: str) -> None:
        super().__init__(
            N_("This %(noun)s was changed by somebody else meanwhile. Look at it again."),
            code="stale_version",
            noun=noun,
        )


class NotAllowed(Refusal):
    """The actor is known and their role does not reach this act: 403."""

    status = 403

    def __init__(self, needed: str) -> None:
        super().__init__(N_("This needs the role %(needed)s or higher."), code="not_allowed", needed=needed)


class NotSignedIn(Refusal):
    """Nobody, or nobody any more: 401. One message for unknown account and wrong password (R135)."""

    status = 401

    def __init__(self) -> None:
        super().__init__(N_("Sign in first."), code="not_signed_in")


class TooMany(Refusal):
    """Slow down: 429; `params["seconds"]` says how long."""

    status = 429
