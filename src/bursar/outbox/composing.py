"""What the outbox asks upward: the room that ordered a send says, at the claim, what is true of it now.

Apart from `ports.py`, because a composer takes Work and an adapter must never see one. What stands here is made
once a message: named tuples, which are made in a third of the time of frozen dataclasses.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from bursar.core.work import Work
from bursar.outbox.mime import Thread
from bursar.outbox.states import Purpose

NONE_DROPPED: Mapping[UUID, str] = MappingProxyType({})


class Queued(NamedTuple):
    """A send that a claim (or a preview) has in hand. `reviewed` are the facts a person saw when it was frozen."""

    id: UUID
    purpose: Purpose
    customer_id: UUID | None
    run_id: UUID | None
    locale: str
    to_address: str | None
    to_name: str | None
    template_version_id: UUID | None
    reviewed: Mapping[str, Any] | None
    edited: bool = False


class Attachment(NamedTuple):
    """A file of the tenant's that a message carries: where its bytes are and what they hash to."""

    key: str
    name: str
    media_type: str
    sha256: bytes


class Say(NamedTuple):
    """Still to be said, with these values for the template. `dropped`: subjects settled since, with why.

    `from_name` and `reply_to` replace the account's own; `thread` is the conversation it goes on with. `private_link`
    is where the tag of that name leads: it has a key in it, stands in this letter and is kept nowhere. `values` hold
    any address in its place.
    """

    values: Mapping[str, Any]
    dropped: Mapping[UUID, str] = NONE_DROPPED
    from_name: str | None = None
    reply_to: str | None = None
    attachment: Attachment | None = None
    thread: Thread | None = None
    private_link: str | None = None

    def __repr__(self) -> str:
        return f"<Say {sorted(self.values)}>"


class Silent(NamedTuple):
    """Not any more: no subject is left that may be spoken of. `reason` is the send's (lifecycles 10)."""

    reason: str
    dropped: Mapping[UUID, str] = NONE_DROPPED


class Held(NamedTuple):
    """More changed than a reviewed message may change by itself: it waits for an agent. `what` says which."""

    what: str


Verdict = Say | Silent | Held


class Composer(Protocol):
    """One room's answer for all its sends of a batch, in one query each."""

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        """A verdict for each send, from live facts read without locks."""
        ...


Composers = Mapping[Purpose, Composer]
