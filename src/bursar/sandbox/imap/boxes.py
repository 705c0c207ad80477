"""Mailboxes that IMAP shows: the inbox is what the SMTP server took for the address, other folders are the client's."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bursar.sandbox.smtp.store import Kept, Store

INBOX = "INBOX"
FIRST_VALIDITY = 1_700_000_000


@dataclass
class Stored:
    """A message in a folder. `received_at`: seconds since 1970."""

    uid: int
    raw: bytes
    received_at: float
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    name: str
    validity: int = FIRST_VALIDITY
    next_uid: int = 1
    messages: list[Stored] = field(default_factory=list)

    def add(self, raw: bytes, received_at: float, flags: set[str] | None = None) -> Stored:
        stored = Stored(self.next_uid, raw, received_at, flags or set())
        self.next_uid += 1
        self.messages.append(stored)
        return stored

    def renumber(self) -> None:
        """As after a restore from a backup: every number that a reader remembers means something else now."""
        self.validity += 1
        for uid, message in enumerate(self.messages, start=1):
            message.uid = uid
        self.next_uid = len(self.messages) + 1


@dataclass
class Mailbox:
    """`read`: so many of the server's messages were looked at for this address."""

    address: str
    folders: dict[str, Folder] = field(default_factory=lambda: {INBOX: Folder(INBOX), "Sent": Folder("Sent")})
    read: int = 0


@dataclass
class Boxes:
    """Whoever signs in with the password has a mailbox."""

    store: Store
    held: dict[str, Mailbox] = field(default_factory=dict)
    start: int = 0

    def of(self, address: str) -> Mailbox:
        """With what came since somebody looked last."""
        mailbox = self.held.setdefault(address.lower(), Mailbox(address, read=self.start))
        kept = self.store.kept
        for message in kept[mailbox.read :]:
            if address.lower() in {_plain(recipient) for recipient in message.recipients}:
                inbox = mailbox.folders[INBOX]
                inbox.add(self.store.raw(message.number), message.received_at)
        mailbox.read = len(kept)
        return mailbox

    def folder(self, address: str, name: str) -> Folder | None:
        """INBOX is INBOX however it is written."""
        return self.of(address).folders.get(INBOX if name.upper() == INBOX else name)

    async def put(
        self, address: str, name: str, raw: bytes, flags: set[str], at: float | None
    ) -> Stored | None:
        """Into a folder; None if there is none of that name."""
        folder = self.folder(address, name)
        if folder is None:
            return None
        moment = time.time() if at is None else at
        if folder.name != INBOX:
            return folder.add(raw, moment, flags)
        await self._deliver(address, raw, moment)
        stored = self.of(address).folders[INBOX].messages[-1]
        stored.flags |= flags
        return stored

    async def _deliver(self, address: str, raw: bytes, at: float) -> None:
        number = len(self.store.kept) + 1
        kept = Kept(number, 0, "", [address], at, "", None, tls=True, size=len(raw))
        await self.store.keep(kept, raw)

    def forget(self) -> None:
        """Everything that came so far; later mail is numbered from one, under another validity."""
        for mailbox in self.held.values():
            for folder in mailbox.folders.values():
                folder.messages.clear()
                folder.renumber()
        self.start = len(self.store.kept)
        for mailbox in self.held.values():
            mailbox.read = self.start

    def all(self) -> Iterator[Mailbox]:
        for address in list(self.held):
            yield self.of(address)


def _plain(recipient: str) -> str:
    """Without what stands after a plus: such mail lies in the same inbox."""
    local, _, host = recipient.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{host}"
