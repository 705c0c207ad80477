"""A signed-in IMAP connection: reached at a judged address, encrypted, let in."""

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from typing import Literal

from bursar.core.errors import N_, Invalid
from bursar.integrations.imap.protocol import Lost, Refused, Wire, quoted
from bursar.integrations.smtp import guard
from bursar.outbox.ports import NoAnswer, SignedOut

Tls = Literal["starttls", "implicit", "none"]
CONNECT_S, COMMAND_S = 10.0, 30.0
LINE_LIMIT = 1 << 20

UNREACHABLE = N_("The mail server cannot be reached. Check host and port.")
NOT_IMAP = N_("What answers there is no IMAP server. Check host, port and encryption.")
NO_TLS = N_(
    "This server offers no encryption, so the password was not sent. Ask its operator for the right port."
)
PLAIN_OUTSIDE = N_("Without encryption only servers of your own network are read.")
CERTIFICATE = N_("The server's certificate is not valid for this host name.")
REFUSED = N_("The mail server refused user name or password.")
HOST = N_("This host must not be reached from here. Use one that the internet can reach, at port 993 or 143.")


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One mailbox's server. `allowed_networks`: those of BURSAR_PRIVATE_HOSTS."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: Tls = "implicit"
    allowed_networks: tuple[str, ...] = ()


async def open_session(
    settings: ImapSettings,
    *,
    lookup: guard.Lookup = guard.system_lookup,
    trust: ssl.SSLContext | None = None,
) -> Wire:
    """Dial, encrypt, sign in. Raises `NoAnswer`, and `SignedOut` where only a person can help; never in the
    banner's words (R136).
    """
    try:
        wire = await _dial(settings, lookup, trust)
    except Invalid as refusal:
        raise (NoAnswer(UNREACHABLE) if refusal.code == "host_not_found" else SignedOut(HOST)) from refusal
    except ssl.SSLCertVerificationError as error:
        raise SignedOut(CERTIFICATE) from error
    except (OSError, TimeoutError) as error:  # TLS errors are among them
        raise NoAnswer(UNREACHABLE) from error
    try:
        await _enter(wire, settings, trust)
    except (Lost, ssl.SSLError) as error:
        await wire.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise SignedOut(CERTIFICATE) from error
        raise NoAnswer(NOT_IMAP) from error
    except BaseException:
        await wire.close()
        raise
    return wire


async def _dial(settings: ImapSettings, lookup: guard.Lookup, trust: ssl.SSLContext | None) -> Wire:
    """The first judged address that answers."""
    networks = settings.allowed_networks
    secure = settings.tls == "implicit"
    async with asyncio.timeout(CONNECT_S):
        addresses = await guard.resolve(settings.host, settings.port, networks, "imap", lookup=lookup)
        if settings.tls == "none" and not all(guard.is_inside(one, networks) for one in addresses):
            raise SignedOut(PLAIN_OUTSIDE)
        for nth, address in enumerate(addresses, 1):
            try:
                reader, writer = await asyncio.open_connection(
                    address,
                    settings.port,
                    limit=LINE_LIMIT,
                    ssl=trust or ssl.create_default_context() if secure else None,
                    server_hostname=guard.plain_name(settings.host) if secure else None,
                )
            except ssl.SSLError:
                raise
            except OSError:
                if nth == len(addresses):
                    raise
            else:
                return Wire(reader, writer, COMMAND_S)
    raise OSError("no address")


async def _enter(wire: Wire, settings: ImapSettings, trust: ssl.SSLContext | None) -> None:
    hello = (await wire.greeting()).text.upper()
    if not hello.startswith((b"* OK", b"* PREAUTH")):
        raise Lost("not IMAP")
    can = await _capabilities(wire)
    if settings.tls == "starttls":
        if b"STARTTLS" not in can or hello.startswith(b"* PREAUTH"):
            raise SignedOut(
                NO_TLS
            )  # no way back to plain text: whoever strips the offer would read the password
        await wire.ask(b"STARTTLS")
        await wire.encrypt(trust or ssl.create_default_context(), guard.plain_name(settings.host))
        can = await _capabilities(wire)
    try:
        if b"AUTH=PLAIN" in can or b"LOGINDISABLED" in can:
            secret = f"\0{settings.username}\0{settings.password}".encode()
            await wire.ask(b"AUTHENTICATE PLAIN", base64.b64encode(secret))
        else:
            await wire.ask(b"LOGIN " + quoted(settings.username) + b" " + quoted(settings.password))
    except Refused as refusal:
        if refusal.code in ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"):
            raise NoAnswer(UNREACHABLE) from refusal
        raise SignedOut(REFUSED) from refusal
    except ValueError as odd:
        raise SignedOut(REFUSED) from odd


async def _capabilities(wire: Wire) -> set[bytes]:
    for line in await wire.ask(b"CAPABILITY"):
        if line.text.upper().startswith(b"CAPABILITY"):
            return set(line.text.upper().split()[1:])
    return set()
