"""All mailboxes of the sandbox: who got what, and what they did with it."""

import re
import smtplib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bursar.sandbox.mailboxes import readers
from bursar.sandbox.mailboxes.letters import delivery_report, out_of_office
from bursar.sandbox.mailboxes.mail import Mail, Store, read_mail
from bursar.sandbox.mailboxes.readers import Deed, Fetched
from bursar.sandbox.mailboxes.replying import Postman, answer_to

STATUS = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address and what lies there, the newest first."""

    address: str
    mails: Sequence[Mail]
    sent: Sequence[Mail] = ()

    @property
    def name(self) -> str:
        return next((mail.to_name for mail in self.mails if mail.to_name), "")

    @property
    def newest(self) -> Mail:
        return self.mails[0]

    def holds(self, wanted: str) -> bool:
        """Whether the words stand in the address, the name, or a mail's subject or text."""
        texts = (self.address, self.name, *(f"{mail.subject} {mail.text}" for mail in self.mails))
        return any(wanted.casefold() in text.casefold() for text in texts)


class NoSuchMail(LookupError):
    """Nothing was kept under this number."""


@dataclass(slots=True)
class Box:
    """Mails are read once; deeds are kept while the sandbox runs."""

    store: Store
    carrier: Postman
    _read: list[Mail] = field(default_factory=list)
    _deeds: dict[int, list[Deed]] = field(default_factory=lambda: defaultdict(list))

    def mails(self) -> Sequence[Mail]:
        for kept in list(self.store.kept[len(self._read) :]):
            self._read.append(read_mail(kept, self.store.raw(kept.number)))
        return self._read

    def mail(self, number: int) -> Mail:
        """Raises `NoSuchMail`."""
        found = self.mails()
        if not 1 <= number <= len(found):
            raise NoSuchMail(number)
        return found[number - 1]

    def mailboxes(self, wanted: str = "") -> list[Mailbox]:
        """Those that hold the words, the one that got something last at the top."""
        found: dict[str, list[Mail]] = {}
        for mail in reversed(self.mails()):
            found.setdefault(mail.to_address.lower(), []).append(mail)
        boxes = [
            Mailbox(mails[0].to_address, mails, self._sent_by(address)) for address, mails in found.items()
        ]
        return [box for box in boxes if box.holds(wanted)] if wanted else boxes

    def _sent_by(self, address: str) -> list[Mail]:
        return [mail for mail in reversed(self._read) if mail.from_address.lower() == address]

    def deeds(self, number: int) -> Sequence[Deed]:
        return self._deeds.get(number, ())

    def was_opened(self, number: int) -> bool:
        return any(deed.what == "opened" for deed in self.deeds(number))

    async def open(self, mail: Mail) -> Deed:
        return await self._done(mail, "opened", readers.open_mail)

    async def scan(self, mail: Mail) -> Deed:
        return await self._done(mail, "scanned", readers.scan)

    async def unsubscribe(self, mail: Mail) -> Deed:
        return await self._done(mail, "unsubscribed", readers.unsubscribe)

    async def click(self, mail: Mail, position: int) -> Deed:
        """Raises `NoSuchMail` for a link that the mail has not."""
        if not 0 <= position < len(mail.links):
            raise NoSuchMail(position)
        link = mail.links[position]
        return await self._done(mail, "clicked", lambda mail: readers.click(mail, link))

    async def reply(self, mail: Mail, words: str) -> Deed:
        """The answer goes to where the sender asked for answers, and lies in that mailbox then."""
        raw = answer_to(mail, words).as_bytes()
        return await self._carried(mail, "replied", raw, sender=mail.to_address, to=mail.reply_to)

    async def be_away(self, mail: Mail) -> Deed:
        """The mailbox answers by itself, as its owner told it to."""
        raw = out_of_office(self.store.raw(mail.number), mail.to_address)
        return await self._carried(mail, "was out of office", raw, sender="", to=mail.return_path)

    async def bounce(self, mail: Mail, status: str) -> Deed:
        """The server reports that it failed (5.x.y) or waits (4.x.y). Raises `NoSuchMail` for no such status."""
        if not STATUS.fullmatch(status):
            raise NoSuchMail(status)
        raw = delivery_report(self.store.raw(mail.number), mail.to_address, status)
        return await self._carried(mail, f"was reported with {status}", raw, sender="", to=mail.return_path)

    async def _carried(self, mail: Mail, what: str, raw: bytes, *, sender: str, to: str) -> Deed:
        """Raises `NoSuchMail` where nobody is to be written to: no machine answers another (RFC 5321 6.1)."""
        if not to:
            raise NoSuchMail(mail.number)
        status: int | None = 250
        try:
            await self.carrier.carry(raw, sender=sender, to=to)
        except smtplib.SMTPResponseException as refusal:
            status = refusal.smtp_code
        except (smtplib.SMTPException, OSError):
            status = None
        return self._noted(mail, Deed(time.time(), what, (Fetched("SMTP", to, status),)))

    async def _done(self, mail: Mail, what: str, act: Callable[[Mail], Awaitable[list[Fetched]]]) -> Deed:
        return self._noted(mail, Deed(time.time(), what, tuple(await act(mail))))

    def _noted(self, mail: Mail, deed: Deed) -> Deed:
        self._deeds[mail.number].append(deed)
        return deed
