"""The mail between mailboxes: what one sends lies in another's inbox, and every message where the pages show it."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from bursar.sandbox.cloud import headers
from bursar.sandbox.cloud.account import Accounts, Folder
from bursar.sandbox.mailboxes.letters import delivery_report, out_of_office
from bursar.sandbox.smtp.store import Kept, MemoryStore, Store

TELLING = re.compile(r"(?P<action>bounce|defer)-(?P<status>[45]\.\d{1,3}\.\d{1,3})\b")
"""Addresses that carry their own fate: bounce-5.1.1@…, defer-4.2.2@…; away@… is out of office."""
AWAY = re.compile(r"away\b")


@dataclass
class Post:
    """A store of messages (the SMTP sink may keep in it, too) that brings them to the mailboxes they name."""

    accounts: list[Accounts] = field(default_factory=list)
    inner: Store = field(default_factory=MemoryStore)
    delivers: bool = True
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of the messages in all mailboxes."""

    @property
    def kept(self) -> list[Kept]:
        return self.inner.kept

    def raw(self, number: int) -> bytes:
        return self.inner.raw(number)

    def close(self) -> None:
        self.inner.close()

    async def keep(self, message: Kept, raw: bytes) -> None:
        await self.inner.keep(replace(message, number=len(self.inner.kept) + 1), raw)
        if self.delivers:
            self._into_inboxes(message.recipients, raw)

    async def carry(self, raw: bytes, *, sender: str, to: str) -> None:
        """What people and machines write at the pages; from nobody if `sender` is empty."""
        await self.hand_over(sender, [to], raw, user=None)

    async def hand_over(
        self, sender: str, recipients: Sequence[str], raw: bytes, *, user: str | None
    ) -> None:
        """Out of a mailbox into the world; what cannot arrive comes back to the sender as a report."""
        public = headers.without(raw, "Bcc")  # nobody sees who else got it in secret
        for recipient in recipients:
            kept = Kept(
                number=0,  # given when it is kept
                connection=0,
                sender=sender,
                recipients=[recipient],
                received_at=time.time(),
                message_id=headers.first(raw, "Message-ID"),
                user=user,
                tls=True,
                size=len(public),
            )
            fate = TELLING.match(recipient)
            if fate is None or fate["action"] == "defer":
                await self.keep(kept, public)
            if fate is not None:
                self._into_inboxes([sender], delivery_report(public, recipient, fate["status"]))
            elif AWAY.match(recipient):
                self._into_inboxes([sender], out_of_office(public, recipient))

    def _into_inboxes(self, recipients: Iterable[str], raw: bytes) -> None:
        for recipient in recipients:
            for accounts in self.accounts:
                account = accounts.of(recipient)
                if account is not None:
                    account.put(Folder.INBOX, raw)
