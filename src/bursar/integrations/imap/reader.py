"""`outbox.ports.MailboxReader` over IMAP: opened by EXAMINE, fetched by PEEK, so nothing in the mailbox changes."""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bursar.core.errors import N_
from bursar.integrations.imap.protocol import Line, Lost, Refused, Wire, folder_name
from bursar.integrations.imap.session import ImapSettings, open_session
from bursar.integrations.smtp import guard
from bursar.outbox.incoming.mail import LARGEST
from bursar.outbox.incoming.ports import Mail, Pile
from bursar.outbox.ports import Health, NoAnswer, SignedOut

AT_ONCE = 50  # heads asked for in one command
MOST = 400  # messages of one look
MOST_OCTETS = 16 << 20  # of one look, bodies together
LARGEST_HEAD = 64 * 1024
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_DATE = re.compile(
    rb'INTERNALDATE "([ \d]?\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})"', re.IGNORECASE
)
_QUOTED_BODY = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
NO_FOLDER = N_("There is no such folder in this mailbox.")
GONE = N_("The mail server stopped answering.")


class ImapReader:
    """One mailbox; signs in once for all that is asked of it."""

    def __init__(
        self,
        settings: ImapSettings,
        *,
        lookup: guard.Lookup = guard.system_lookup,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._settings, self._lookup, self._trust = settings, lookup, trust
        self._wire: Wire | None = None

    async def check(self, folder: str) -> Health:
        """Sign in and look at the folder."""
        try:
            await self._examine(await self._open(), folder)
        except (NoAnswer, SignedOut) as trouble:
            return Health(ok=False, text=str(trouble))
        except Lost:
            return Health(ok=False, text=GONE)
        return Health(ok=True)

    async def read(
        self, folder: str, position: Mapping[str, Any], since: datetime, wanted: Callable[[bytes], bool]
    ) -> Pile:
        """By ascending uid from where the last look stopped; by date where the server numbered anew."""
        try:
            return await self._read(await self._open(), folder, position, since, wanted)
        except Lost as lost:
            raise NoAnswer(GONE) from lost
        except Refused as refusal:
            raise NoAnswer(GONE) from refusal

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def _open(self) -> Wire:
        if self._wire is None:
            self._wire = await open_session(self._settings, lookup=self._lookup, trust=self._trust)
        return self._wire

    async def _examine(self, wire: Wire, folder: str) -> tuple[int, int]:
        """UIDVALIDITY and UIDNEXT (0 where the server does not say). Raises `SignedOut` without the folder."""
        try:
            lines = await wire.ask(b"EXAMINE " + folder_name(folder))
        except (Refused, ValueError) as refusal:
            raise SignedOut(NO_FOLDER) from refusal
        said = {found[1].upper(): int(found[2]) for line in lines for found in _NUMBER.finditer(line.text)}
        return said.get(b"UIDVALIDITY", 0), said.get(b"UIDNEXT", 0)

    async def _read(
        self,
        wire: Wire,
        folder: str,
        position: Mapping[str, Any],
        since: datetime,
        wanted: Callable[[bytes], bool],
    ) -> Pile:
        validity, upcoming = await self._examine(wire, folder)
        known = position.get("uidvalidity") == validity and isinstance(position.get("uid"), int)
        last = int(position["uid"]) if known else 0
        if known:
            uids = await self._search(wire, b"UID %d:*" % (last + 1))
            uids = [uid for uid in uids if uid > last]  # the newest one always answers to n:*
        else:
            day = since.astimezone(UTC)
            uids = await self._search(wire, f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}".encode())
        if not uids and upcoming:
            last = max(last, upcoming - 1)
        mails, newest, reached = await self._fetch(wire, uids[:MOST], wanted)
        position = {"uidvalidity": validity, "uid": max(last, reached)}
        return Pile(mails, position, newest, more=bool(uids) and reached < uids[-1])

    async def _search(self, wire: Wire, what: bytes) -> list[int]:
        found: set[int] = set()
        for line in await wire.ask(b"UID SEARCH " + what):
            words = line.text.split()
            if words[:1] and words[0].upper() == b"SEARCH":
                found |= {int(word) for word in words[1:] if word.isdigit() and len(word) <= 10}
        return sorted(found)

    async def _fetch(
        self, wire: Wire, uids: Sequence[int], wanted: Callable[[bytes], bool]
    ) -> tuple[list[Mail], datetime | None, int]:
        """The wanted ones, the newest date seen, and the uid up to which all were looked at."""
        mails: list[Mail] = []
        newest: datetime | None = None
        reached = octets = 0
        for at in range(0, len(uids), AT_ONCE):
            group = uids[at : at + AT_ONCE]
            names = b",".join(b"%d" % uid for uid in group)
            head = b"BODY.PEEK[HEADER]<0.%d>" % LARGEST_HEAD
            heads = dict(_told(await wire.ask(b"UID FETCH " + names + b" (UID INTERNALDATE " + head + b")")))
            for uid in group:
                if uid in heads:
                    date, octet_head = heads[uid]
                    newest = max(newest, date) if newest and date else date or newest
                    if wanted(octet_head):
                        raw = await self._body(wire, uid)
                        octets += len(raw)
                        mails.append(Mail(date, raw))
                reached = uid
                if octets > MOST_OCTETS:
                    return mails, newest, reached
        return mails, newest, reached

    async def _body(self, wire: Wire, uid: int) -> bytes:
        lines = await wire.ask(b"UID FETCH %d (UID BODY.PEEK[]<0.%d>)" % (uid, LARGEST))
        return next((octets for one, (_, octets) in _told(lines) if one == uid), b"")


def _told(lines: Sequence[Line]) -> Iterator[tuple[int, tuple[datetime | None, bytes]]]:
    """Uid, date and octets of each FETCH among the responses; what a server says unasked is passed over."""
    for line in lines:
        uid = _UID.search(line.text)
        if uid is None or b"FETCH" not in line.text[:40].upper():
            continue
        inline = _QUOTED_BODY.search(line.text)
        octets = line.literals[0] if line.literals else _unquoted(inline[1]) if inline else b""
        yield int(uid[1]), (_date(line.text), octets)


def _unquoted(text: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", text)


def _date(text: bytes) -> datetime | None:
    found = _DATE.search(text)
    if found is None:
        return None
    day, month, year, *rest, zone = (piece.decode("ascii", "replace").strip() for piece in found.groups())
    try:
        plain = f"{int(day):02} {MONTHS.index(month.capitalize()) + 1:02} {year} {':'.join(rest)} {zone}"
        return datetime.strptime(plain, "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return None
