"""One SMTP dialogue from the server's side, written from the RFCs (5321, 2920, 3207, 4954, 6152, 6531)."""

import asyncio
import base64
import binascii
import re
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from itertools import count

from bursar.sandbox.smtp.behaviour import Beat, Behaviour, HungUp
from bursar.sandbox.smtp.store import Kept, MemoryStore, Store

PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>((?: [^ ]+)*)\s*", re.IGNORECASE)


def _queued(number: int) -> str:
    return f"2.0.0 Ok: queued as {number:08X}"


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """What this server is like. `password` None: no AUTH. `username` None: whoever names an address.

    `implicit_tls`: how `context` is used, if there is one.
    """

    host: str = "127.0.0.1"
    port: int = 0
    context: ssl.SSLContext | None = None
    implicit_tls: bool = False
    username: str | None = "sender"
    password: str | None = None
    ways: str = "PLAIN LOGIN"
    extensions: frozenset[str] = frozenset({"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"})
    max_size: int = 32 * 1024 * 1024
    latency: float = 0.0  # seconds before each final 250
    max_connections: int | None = None
    max_messages: int | None = None  # on one connection; then 421
    idle: float = 300.0  # seconds; then 421
    accepted: Callable[[int], str] = _queued  # the words after the final 250


@dataclass(slots=True)
class Desk:
    """What all dialogues of one server share."""

    settings: SinkSettings = field(default_factory=SinkSettings)
    store: Store = field(default_factory=MemoryStore)
    behaviour: Behaviour = field(default_factory=Behaviour)
    number: Callable[[], int] = field(init=False)

    def __post_init__(self) -> None:
        self.number = count(len(self.store.kept) + 1).__next__


class Dialogue:
    """One connection, from banner to QUIT."""

    def __init__(
        self, desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._desk, self._settings = desk, desk.settings
        self._reader, self._writer, self._number = reader, writer, number
        self._tls = self._settings.implicit_tls
        self._user: str | None = None
        self._greeted = False
        self._accepted = 0
        self._forget()
        self._verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
        }

    @property
    def _in_clear(self) -> bool:
        """Whether encryption is offered and not yet used: then no password is asked for (RFC 4954 4)."""
        return self._settings.context is not None and not self._tls

    def _forget(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._parameters: set[str] = set()

    async def turn_away(self) -> None:
        """The house is full."""
        await self._say("421 4.7.0 Too many connections")

    async def run(self) -> None:
        """Raises `HungUp` when the rules say so, `ConnectionError` and the like when the client goes."""
        refusal = await self._beat(Beat.CONNECT)
        await self._say(refusal or "220 sink.invalid ESMTP of the sandbox")
        while refusal is None:
            try:
                line = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), self._settings.idle)
            except TimeoutError:
                await self._say("421 4.4.2 Idle for too long")
                return
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 2.0.0 Bye")
                return
            handle = self._verbs.get(verb.upper())
            await (handle(rest) if handle else self._say("500 5.5.2 Unknown command"))

    async def _say(self, *lines: str) -> None:
        """Raises `HungUp` after a 421, as the server that says it closes."""
        for line in lines:
            self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()
        if lines[-1].startswith("421"):
            raise HungUp

    async def _beat(self, beat: Beat, recipient: str = "") -> str | None:
        sender = self._sender or ""
        behaviour = self._desk.behaviour
        return await behaviour.at(beat, connection=self._number, sender=sender, recipient=recipient)

    async def _noop(self, _: str) -> None:
        await self._say("250 2.0.0 Ok")

    async def _rset(self, _: str) -> None:
        self._forget()
        await self._say("250 2.0.0 Forgotten")

    async def _helo(self, _: str) -> None:
        self._greeted = True
        self._forget()
        await self._say("250 sink.invalid")

    async def _ehlo(self, _: str) -> None:
        refusal = await self._beat(Beat.EHLO)
        if refusal:
            await self._say(refusal)
            return
        self._greeted = True
        self._forget()
        offers = [*sorted(self._settings.extensions), f"SIZE {self._settings.max_size}"]
        if self._in_clear:
            offers.append("STARTTLS")
        elif self._settings.password is not None:
            offers.append(f"AUTH {self._settings.ways}")
        lines = ["sink.invalid", *offers]
        await self._say(*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")

    async def _starttls(self, _: str) -> None:
        context = self._settings.context
        if context is None or self._tls:
            await self._say("502 5.5.1 Not here")
            return
        await self._say("220 2.0.0 Go ahead")
        await self._writer.start_tls(context)
        self._tls, self._greeted = True, False
        self._forget()

    async def _auth(self, rest: str) -> None:
        way, _, initial = rest.partition(" ")
        refusal = await self._beat(Beat.AUTH)
        if self._settings.password is None:
            refusal = "502 5.5.1 No AUTH here"
        elif self._in_clear:
            refusal = "538 5.7.11 Not without encryption"
        if refusal:
            await self._say(refusal)
            return
        try:
            if way.upper() not in self._settings.ways.split():
                await self._say("504 5.5.4 Unknown mechanism")
                return
            if way.upper() == "PLAIN":
                user, password = (await self._secret(initial, "")).split("\0")[1:3]
            else:
                user = await self._secret(initial, "VXNlcm5hbWU6")
                password = await self._secret("", "UGFzc3dvcmQ6")
        except (ValueError, binascii.Error):
            await self._say("501 5.5.2 Cannot decode this")
            return
        named = "@" in user if self._settings.username is None else user == self._settings.username
        if not named or password != self._settings.password:
            await self._say("535 5.7.8 Wrong user name or password")
            return
        self._user = user
        await self._say("235 2.7.0 Welcome")

    async def _secret(self, given: str, prompt: str) -> str:
        if not given:
            await self._say(f"334 {prompt}")
            given = (await self._reader.readuntil(b"\r\n")).decode("ascii").strip()
        return base64.b64decode(given, validate=True).decode()

    async def _mail(self, rest: str) -> None:
        match = PATH.fullmatch(rest)
        refusal = await self._beat(Beat.MAIL)
        if not self._greeted or self._sender is not None:
            refusal = "503 5.5.1 Not now"
        elif self._settings.password is not None and self._user is None:
            refusal = "530 5.7.0 Sign in first"
        elif not match:
            refusal = "501 5.1.7 Not an address"
        if match and refusal is None:
            self._parameters = set(match[2].upper().split())
            refusal = self._unwanted_parameter()
        if match and refusal is None:
            self._sender = match[1]
        await self._say(refusal or "250 2.1.0 Ok")

    def _unwanted_parameter(self) -> str | None:
        for parameter in self._parameters:
            name, _, value = parameter.partition("=")
            if name == "SIZE" and value.isdigit():
                if int(value) > self._settings.max_size:
                    return "552 5.3.4 Too big"
            elif not (
                (name == "BODY" and "8BITMIME" in self._settings.extensions)
                or (name == "SMTPUTF8" and "SMTPUTF8" in self._settings.extensions)
            ):
                return "555 5.5.4 Unknown parameter"
        return None

    async def _rcpt(self, rest: str) -> None:
        match = PATH.fullmatch(rest)
        if self._sender is None or not match:
            await self._say("503 5.5.1 MAIL first" if match else "501 5.1.3 Not an address")
            return
        if not match[1].isascii() and "SMTPUTF8" not in self._parameters:
            await self._say("553 5.6.7 Not without SMTPUTF8")
            return
        refusal = await self._beat(Beat.RCPT, match[1])
        if refusal is None:
            self._recipients.append(match[1])
        await self._say(refusal or "250 2.1.5 Ok")

    async def _data(self, _: str) -> None:
        if not self._recipients:
            await self._say(
                "503 5.5.1 RCPT first" if self._sender is None else "554 5.5.1 No valid recipients"
            )
            return
        first = self._recipients[0]
        refusal = await self._beat(Beat.DATA, first)
        if refusal:
            await self._say(refusal)
            return
        await self._say("354 End with a dot on a line of its own")
        raw = await self._body()
        refusal = await self._beat(Beat.BODY, first) or self._unwanted_body(raw)
        if refusal:
            self._forget()
            await self._say(refusal)
            return
        message = self._kept(raw)
        await self._desk.store.keep(message, raw)
        if self._settings.latency:
            await asyncio.sleep(self._settings.latency)
        await self._beat(Beat.BEFORE_250, first)
        self._forget()
        self._accepted += 1
        await self._say(f"250 {self._settings.accepted(message.number)}")
        await self._beat(Beat.AFTER_250, first)
        if self._accepted == self._settings.max_messages:
            await self._say("421 4.7.0 Enough for one connection")

    async def _body(self) -> bytes:
        lines: list[bytes] = []
        while (line := await self._reader.readuntil(b"\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _unwanted_body(self, raw: bytes) -> str | None:
        if raw.count(b"\n") != raw.count(b"\r\n"):
            return "550 5.6.11 Bare line feeds"
        if not raw.isascii() and not self._parameters & {"BODY=8BITMIME", "SMTPUTF8"}:
            return "554 5.6.1 8bit content was not declared"
        return "552 5.3.4 Too big" if len(raw) > self._settings.max_size else None

    def _kept(self, raw: bytes) -> Kept:
        headers = BytesHeaderParser().parsebytes(raw)
        return Kept(
            number=self._desk.number(),
            connection=self._number,
            sender=self._sender or "",
            recipients=self._recipients,
            received_at=time.time(),
            message_id=str(headers.get("Message-ID", "")).strip(),
            user=self._user,
            tls=self._tls,
            size=len(raw),
        )
