"""A person's own mailbox at a vendor: what lies in it, where, in which conversation, and what changed when."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from functools import cached_property
from itertools import count

from bursar.sandbox.mailboxes import reading

FIRST_HISTORY = 10_000


class Folder(StrEnum):
    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"


@dataclass
class Item:
    """One message. `number` counts over all mailboxes of a process; `changed` is the account's history then."""

    number: int
    folder: Folder
    raw: bytes
    received_at: float  # seconds since 1970
    thread: int
    changed: int
    unread: bool = False

    @cached_property
    def message(self) -> Message:
        return reading.parsed(self.raw)

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    def header(self, name: str) -> str:
        return reading.header(self.message, name)

    def addresses(self, *names: str) -> list[tuple[str, str]]:
        """Display name and address of everybody in these headers."""
        return reading.people(self.message, *names)

    def text(self) -> str:
        return reading.text(self.message, "plain")

    def html(self) -> str:
        return reading.text(self.message, "html")


def base_subject(subject: str) -> str:
    """Without the marks that answering and forwarding put before it."""
    told = subject.strip()
    while told.lower().startswith(("re:", "fw:", "fwd:", "aw:")):
        told = told.partition(":")[2].strip()
    return told


@dataclass
class Account:
    """`aliases` are further addresses it may send as; `history` grows with every change."""

    address: str
    name: str = ""
    aliases: list[str] = field(default_factory=list)
    items: dict[int, Item] = field(default_factory=dict)
    gone: list[tuple[int, Item]] = field(default_factory=list)
    history: int = FIRST_HISTORY
    oldest_history: int = FIRST_HISTORY
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def may_send_as(self, address: str) -> bool:
        return address.lower() in {one.lower() for one in (self.address, *self.aliases)}

    def put(
        self, folder: Folder, raw: bytes, *, thread: int | None = None, received_at: float | None = None
    ) -> Item:
        """Kept from now on; in the conversation it names, else the one it answers, else a new one."""
        number = next(self.numbers)
        self.history += 1
        at = time.time() if received_at is None else received_at
        item = Item(number, folder, raw, at, 0, self.history, unread=folder is Folder.INBOX)
        item.thread = thread if thread is not None else self._thread_of(item) or number
        self.items[number] = item
        return item

    def move(self, item: Item, folder: Folder) -> None:
        self.history += 1
        item.folder, item.changed = folder, self.history

    def remove(self, item: Item) -> None:
        self.history += 1
        del self.items[item.number]
        self.gone.append((self.history, item))

    def forget_history(self) -> None:
        """Readers that remember an older place have to start anew."""
        self.oldest_history = self.history

    def thread(self, number: int) -> list[Item]:
        return [item for item in self.items.values() if item.thread == number]

    def of_message_id(self, message_id: str) -> list[Item]:
        return [item for item in self.items.values() if item.message_id == message_id]

    def newest(self) -> list[Item]:
        return sorted(self.items.values(), key=lambda item: (item.received_at, item.number), reverse=True)

    def _thread_of(self, item: Item) -> int | None:
        named = set(f"{item.header('References')} {item.header('In-Reply-To')}".split())
        if not named:
            return None
        found = (one.thread for one in self.items.values() if one.message_id in named)
        return next(found, None)


@dataclass
class Accounts:
    """Everybody who has a mailbox here."""

    held: dict[str, Account] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def of(self, address: str) -> Account | None:
        return self.held.get(address.lower())

    def open(self, address: str, name: str = "") -> Account:
        """The mailbox of this address; a new one if there was none."""
        key = address.lower()
        if key not in self.held:
            self.held[key] = Account(address, name, numbers=self.numbers)
        return self.held[key]

    def all(self) -> list[Account]:
        return list(self.held.values())
