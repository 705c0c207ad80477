"""What reading a mailbox asks of the outside: somebody who looks into it and leaves no trace."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bursar.outbox.ports import AccountRef, Health


class Mail(NamedTuple):
    """One message of a mailbox, its first bytes at least. `thread`: its provider's name for the conversation."""

    received_at: datetime | None
    raw: bytes
    thread: str | None = None


class Pile(NamedTuple):
    """What one look into a folder gave. `position` is the reader's own word for where it stopped.

    `read_until`: the newest message it saw, wanted or not. `more`: it stopped because it was enough for once.
    """

    mails: Sequence[Mail]
    position: Mapping[str, Any]
    read_until: datetime | None
    more: bool = False


class MailboxReader(Protocol):
    """Looks into one mailbox and leaves no trace: nothing is marked as read, moved or deleted."""

    async def check(self, folder: str) -> Health:
        """Whether this folder can be read just now."""
        ...

    async def read(
        self, folder: str, position: Mapping[str, Any], since: datetime, wanted: Callable[[bytes], bool]
    ) -> Pile:
        """What came after `position`; if that means nothing any more, what came after `since`.

        Only messages whose head is `wanted` are fetched. Raises `NoAnswer`, `SignedOut`.
        """
        ...

    async def close(self) -> None: ...


class ReaderFactory(Protocol):
    """Makes the reader of one account; None where we were not let in to read."""

    def __call__(
        self, kind: str, settings: Mapping[str, Any], secret: bytes | None, account: AccountRef, /
    ) -> MailboxReader | None: ...
