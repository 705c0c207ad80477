"""A signed-in connection: reached at a judged address, greeted, encrypted, known by name."""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from bursar.core.errors import N_, Invalid
from bursar.integrations.smtp import guard
from bursar.integrations.smtp.errors import WORDS, Stage, judge, words_for
from bursar.integrations.smtp.protocol import Lost, Nonsense, Reply, Slow, Wire
from bursar.outbox.ports import Result

Tls = Literal["starttls", "implicit", "none"]
FORBIDDEN = frozenset("\r\n\0")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One account's server. `allowed_networks`: those of BURSAR_PRIVATE_HOSTS; `helo_name`: our own name.

    Raises `Invalid` for a name that could break a command.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "starttls"
    connections: int = 8
    allowed_networks: tuple[str, ...] = ()
    helo_name: str = "localhost"

    def __post_init__(self) -> None:
        if not self.helo_name.isascii() or not self.helo_name.isprintable() or " " in self.helo_name:
            raise ValueError("helo_name is not a host name")
        for name, value in (("username", self.username), ("password", self.password)):
            if value and FORBIDDEN & set(value):
                raise Invalid(
                    N_("This contains a line break or another sign that cannot be typed."),
                    code="control_character",
                    field=name,
                )


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. `data`: to take a message in and answer its dot; after `call` no further letter is begun."""

    connect: float = 10
    command: float = 30
    data: float = 120
    call: float = 240


class Trouble(Exception):
    """No session, so no letter was handed over: `result` is what each of them gets."""

    def __init__(self, result: Result, text: str, reply: Reply | None = None) -> None:
        super().__init__(text)
        self.result, self.text = result, text
        self.code = f"{reply.code}" if reply else None
        self.enhanced = reply.enhanced if reply else None


@dataclass(slots=True)
class Session:
    """A `Wire` and what its server can do.

    `resting_since` is loop time; `rested`: it has served a call before. `dirty`: a refused letter's
    envelope is still open on the server.
    """

    wire: Wire
    deadlines: Deadlines
    extensions: dict[str, str] = field(default_factory=dict)
    resting_since: float = 0.0
    rested: bool = False
    dirty: bool = False

    async def ask(self, command: bytes) -> Reply:
        """One command, one answer. Raises `Lost`."""
        self.wire.write(command + b"\r\n")
        return await self.wire.reply(self.deadlines.command)

    async def is_alive(self) -> bool:
        """Whether a rested session still answers."""
        try:
            return self.wire.is_fresh and (await self.ask(b"NOOP")).code // 100 == 2
        except Lost:
            return False

    async def quit(self) -> None:
        """Say goodbye; a server that does not answer is left all the same."""
        with suppress(Lost):
            self.wire.write(b"QUIT\r\n")
            await self.wire.reply(min(2.0, self.deadlines.command))
        self.wire.hang_up()


async def open_session(
    settings: SmtpSettings,
    deadlines: Deadlines,
    *,
    lookup: guard.Lookup = guard.system_lookup,
    trust: ssl.SSLContext | None = None,
) -> Session:
    """Resolve, dial, greet, encrypt, sign in. Raises `Trouble`, never in the banner's words (R136)."""
    wire: Wire | None = None
    try:
        wire = await _dial(settings, deadlines, lookup, trust)
        session = Session(wire, deadlines)
        _expect(Stage.CONNECT, await wire.reply(deadlines.connect))
        await _greet(session, settings)
        if settings.tls == "starttls":
            await _start_tls(session, settings, trust)
            await _greet(session, settings)
        if settings.username:
            await _sign_in(session, settings.username, settings.password or "")
    except BaseException as error:
        if wire is not None:
            wire.drop()
        named = _trouble(error)
        if named is error:
            raise
        raise named from error
    return session


# What may happen on the way in, the special before the general (TLS and time-outs are `OSError` too).
WAYS_TO_FAIL: tuple[tuple[type[BaseException], Result, str], ...] = (
    (Slow, Result.DEFERRED, "slow"),
    (TimeoutError, Result.DEFERRED, "slow"),
    (Nonsense, Result.ERROR, "not_smtp"),
    (Lost, Result.ERROR, "lost"),
    (ssl.SSLCertVerificationError, Result.REFUSED, "certificate"),
    (ssl.SSLError, Result.ERROR, Stage.TLS),
    (OSError, Result.ERROR, "unreachable"),
)


def _trouble(error: BaseException) -> BaseException:
    """The name for what went wrong on the way in; what is not about the connection stays itself."""
    if isinstance(error, Invalid):
        if error.code == "host_not_found":
            return Trouble(Result.ERROR, WORDS["unreachable"])
        return Trouble(Result.REFUSED, WORDS["host"])
    for kind, result, key in WAYS_TO_FAIL:
        if isinstance(error, kind):
            return Trouble(result, WORDS[key])
    return error


def _expect(stage: Stage, reply: Reply) -> None:
    if reply.code // 100 != 2:
        raise Trouble(judge(stage, reply), words_for(stage, reply), reply)


@cache
def _system_trust() -> ssl.SSLContext:
    """The system's certificates, names checked. Kept, as reading them takes 20 ms a connection."""
    return ssl.create_default_context()


async def _dial(
    settings: SmtpSettings, deadlines: Deadlines, lookup: guard.Lookup, trust: ssl.SSLContext | None
) -> Wire:
    """The first judged address that answers; TCP and, if implicit, TLS within one deadline."""
    loop = asyncio.get_running_loop()
    secure = settings.tls == "implicit"
    async with asyncio.timeout(deadlines.connect):
        networks = settings.allowed_networks
        addresses = await guard.resolve(settings.host, settings.port, networks, lookup=lookup)
        if settings.tls == "none" and not all(guard.is_inside(one, networks) for one in addresses):
            raise Trouble(Result.REFUSED, WORDS["plain"])
        for nth, address in enumerate(addresses, 1):
            try:
                _, wire = await loop.create_connection(
                    Wire,
                    address,
                    settings.port,
                    ssl=trust or _system_trust() if secure else None,
                    server_hostname=guard.plain_name(settings.host) if secure else None,
                )
            except ssl.SSLError:
                raise
            except OSError:
                if nth == len(addresses):
                    raise
            else:
                return wire
    raise OSError("no address")


async def _greet(session: Session, settings: SmtpSettings) -> None:
    """EHLO, or HELO for a server that knows no extensions (RFC 5321 3.2)."""
    name = settings.helo_name.encode("ascii")
    reply = await session.ask(b"EHLO " + name)
    session.extensions.clear()
    if reply.code in (500, 502, 504):
        reply = await session.ask(b"HELO " + name)
        _expect(Stage.EHLO, reply)
        return
    _expect(Stage.EHLO, reply)
    for line in reply.lines[1:]:
        keyword, _, values = line.decode("ascii", "replace").strip().partition(" ")
        session.extensions[keyword.upper()] = values.upper()


async def _start_tls(session: Session, settings: SmtpSettings, trust: ssl.SSLContext | None) -> None:
    """No fallback to plain text: whoever strips the offer would read the password."""
    if "STARTTLS" not in session.extensions:
        raise Trouble(Result.REFUSED, WORDS["no_tls"])
    _expect(Stage.TLS, await session.ask(b"STARTTLS"))
    name = guard.plain_name(settings.host)
    await session.wire.encrypt(trust or _system_trust(), name, session.deadlines.connect)


async def _sign_in(session: Session, username: str, password: str) -> None:
    ways = session.extensions.get("AUTH", "").split()
    if "PLAIN" in ways:
        secret = base64.b64encode(f"\0{username}\0{password}".encode())
        reply = await session.ask(b"AUTH PLAIN " + secret)
    elif "LOGIN" in ways:
        reply = await session.ask(b"AUTH LOGIN")
        for answer in (username, password):
            if reply.code == 334:
                reply = await session.ask(base64.b64encode(answer.encode()))
    else:
        raise Trouble(Result.REFUSED, WORDS["no_auth"])
    _expect(Stage.AUTH, reply)
