"""A claim in hand: the sends it locked, what is decided about each, and the letters that come of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from bursar.outbox.composing import Attachment
from bursar.outbox.letters import Letterhead
from bursar.outbox.mime import Thread
from bursar.outbox.ports import Letter
from bursar.outbox.queries.claims import Taken
from bursar.outbox.skeletons import Composed


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a claim, and what its letters and its pace need."""

    id: UUID
    kind: str
    head: Letterhead
    settings: Mapping[str, Any]
    secret_id: UUID | None
    batch_interval: timedelta
    validated_at: datetime | None  # when it last signed in for a person
    ailing: bool  # its last trouble is still written down


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch that has left the queue: its letters are on their way or nobody knows.

    Without letters nothing is on its way: facts had overtaken all that was due.
    """

    id: UUID
    tenant_id: UUID
    account: Account
    letters: tuple[Letter, ...]
    tries: Mapping[UUID, int]
    claimed_at: datetime
    full: bool  # as many as the batch allows: there may be more
    attachments: Mapping[UUID, Attachment] = field(default_factory=dict)  # by send, not in the letters yet


class Said(NamedTuple):
    """One message, the values that made it, and who signs it if not the account."""

    composed: Composed
    merge_data: dict[str, Any]
    from_name: str | None
    reply_to: str | None
    attachment: Attachment | None = None
    thread: Thread | None = None
    private_link: str | None = None

    def __repr__(self) -> str:
        return f"<Said {self.composed.subject!r}>"

    def head(self, account: Letterhead) -> Letterhead:
        if self.from_name is None and self.reply_to is None:
            return account
        return replace(
            account, name=self.from_name or account.name, reply_to=self.reply_to or account.reply_to
        )


@dataclass(slots=True)
class Batch:
    """What the claim decides about each send it locked. A send stands in one of the lists only."""

    rows: dict[UUID, Taken]
    suppressed: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    delayed: dict[datetime, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    passed_over: dict[datetime, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    changed: list[UUID] = field(default_factory=list)
    broken: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def leave(self, ids: Iterable[UUID]) -> None:
        for one in ids:
            self.rows.pop(one, None)
