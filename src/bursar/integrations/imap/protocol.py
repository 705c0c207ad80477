"""The wire of IMAP4rev1 (RFC 3501): commands out, responses in, within bounds of time and size.

Not imaplib: that blocks, dials names that nobody judged, and takes whatever length a server announces.
"""

import asyncio
import base64
import re
import ssl
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

MAX_LINE = 1 << 20  # octets; ids of a search stand in one line
MAX_LITERAL = 640 * 1024  # octets; a message is asked for in pieces shorter than this
MAX_LINES = 5_000  # in answer to one command
_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}$")
_STATUS = re.compile(rb"(OK|NO|BAD)\b ?(.*)", re.IGNORECASE | re.DOTALL)


class Lost(Exception):
    """The connection is gone, or cannot be trusted any more."""


class Refused(Exception):
    """NO or BAD, in the server's words."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.text, self.code = text, code


class Line(NamedTuple):
    """One response. In `text` a literal stands as its announcement, `{12}`; the octets are in `literals`."""

    text: bytes
    literals: tuple[bytes, ...] = ()


class Wire:
    """One connection; one command at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._reader, self._writer, self._seconds = reader, writer, seconds
        self._number = 0

    async def greeting(self) -> Line:
        """What the server says first. Raises `Lost`."""
        async with self._in_time():
            return await self._line()

    async def ask(self, command: bytes, *answers: bytes) -> list[Line]:
        """The untagged responses to a command. `answers` go out when the server asks to go on.

        Raises `Refused`, `Lost`.
        """
        self._number += 1
        tag = b"a%d" % self._number
        waiting = list(answers)
        async with self._in_time():
            await self._send(tag + b" " + command)
            found: list[Line] = []
            while len(found) < MAX_LINES:
                line = await self._line()
                if line.text.startswith(b"+"):
                    await self._send(waiting.pop(0) if waiting else b"*")
                elif line.text.startswith(tag + b" "):
                    return _ended(line, tag, found)
                elif line.text.startswith(b"* "):
                    found.append(Line(line.text[2:], line.literals))
                else:
                    raise Lost("not IMAP")
        raise Lost("too many lines")

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """STARTTLS was agreed. What was said too early was put there by somebody in between. Raises `Lost`."""
        if self._reader._buffer:  # pyright: ignore[reportAttributeAccessIssue]  # noqa: SLF001  no other way to see it
            raise Lost("spoke before TLS")
        async with self._in_time():
            await self._writer.start_tls(context, server_hostname=host)

    async def close(self) -> None:
        """Say goodbye, as far as the other side cares to hear it."""
        with suppress(Lost, Refused):
            self._seconds = min(2.0, self._seconds)
            await self.ask(b"LOGOUT")
        self._writer.close()

    async def _send(self, line: bytes) -> None:
        self._writer.write(line + b"\r\n")
        await self._writer.drain()

    async def _line(self) -> Line:
        text, literals = b"", []
        while True:
            piece = await self._reader.readuntil(b"\n")
            text += piece.rstrip(b"\r\n")
            if len(text) > MAX_LINE:
                raise Lost("too long")
            announced = _LITERAL.search(text)
            if not announced or not piece.rstrip(b"\r\n").endswith(announced[0]):
                return Line(text, tuple(literals))
            size = int(announced[1])
            if size > MAX_LITERAL or len(literals) >= 10:
                raise Lost("too long")
            literals.append(await self._reader.readexactly(size))

    def _in_time(self) -> "_Within":
        return _Within(self._seconds)


class _Within:
    """A deadline, and one name for every way in which a connection ends."""

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError as late:
            raise Lost("no answer in time") from late
        if isinstance(error, (OSError, EOFError, asyncio.LimitOverrunError)):
            raise Lost(str(error)) from error


def _ended(line: Line, tag: bytes, found: list[Line]) -> list[Line]:
    said = _STATUS.match(line.text[len(tag) + 1 :])
    if said is None:
        raise Lost("not IMAP")
    if said[1].upper() == b"OK":
        return found
    text = said[2].decode("utf-8", "replace")
    code = re.match(r"\[([A-Z-]{1,40})", text)
    raise Refused("".join(c if c.isprintable() else " " for c in text)[:200], code[1] if code else "")


def quoted(text: str) -> bytes:
    """A string as an argument. Raises `ValueError` for what cannot stand in quotes."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(text)
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


def folder_name(name: str) -> bytes:
    """A folder's name in modified UTF-7 (RFC 3501, 5.1.3), quoted."""
    out: list[str] = []
    for plain, other in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", name):
        if plain:
            out.append(plain.replace("&", "&-"))
        else:
            coded = base64.b64encode(other.encode("utf-16-be")).decode()
            out.append("&" + coded.rstrip("=").replace("/", ",") + "-")
    return quoted("".join(out))
