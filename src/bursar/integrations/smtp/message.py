"""What goes into an envelope and what follows DATA, made safe for the wire (R138, RFC 5321 4.5.2)."""

import base64
import email
import email.policy
import re
import unicodedata
from functools import lru_cache

ASCII_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?"
)
FORBIDDEN = frozenset("<>()[]\\,;:\"'")


class BadAddress(ValueError):
    """Not exactly one plain address: it could end a command, or name somebody else."""


class NeedsUtf8(ValueError):
    """The part before the @ has no ASCII form, and the server offers no SMTPUTF8."""


@lru_cache(maxsize=4096)
def envelope_address(address: str, *, utf8: bool) -> bytes:
    """The bytes between < and >. Raises `BadAddress`, or `NeedsUtf8` unless `utf8` may be used.

    Stricter than RFC 5321 on purpose: quoted local parts and address literals are not for customers.
    """
    if ASCII_ADDRESS.fullmatch(address):
        return address.encode("ascii")
    local, at, domain = address.rpartition("@")
    plain = all(unicodedata.category(c)[0] not in "CZ" and c not in FORBIDDEN for c in address)
    if (
        not (at and local and domain and plain and "@" not in local)
        or len(address) > 320
        or address.isascii()
    ):
        raise BadAddress(address)
    if utf8:
        return address.encode()
    if not local.isascii():
        raise NeedsUtf8(address)
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}".encode("ascii")
    except UnicodeError:
        raise BadAddress(address) from None


def stuffed(message: bytes) -> bytes:
    """The message with every line end CRLF and every leading dot doubled, ready for the terminating dot.

    A bare CR or LF is made whole: servers differ on whether it ends a line, and a lone dot between
    two bare ones would end this message and start another (SMTP smuggling). Cutting at all three ends and
    joining by the whole one takes half the time of looking for bare ones.
    """
    message = b"\r\n".join([*message.splitlines(), b""]) or b"\r\n"
    if b"\r\n." in message:
        message = message.replace(b"\r\n.", b"\r\n..")
    return b"." + message if message.startswith(b".") else message


def has_8bit_header(message: bytes) -> bool:
    """Whether the header section itself needs SMTPUTF8; only asked of messages that are not all ASCII."""
    return not message[: message.find(b"\r\n\r\n")].isascii()


def to_7bit(message: bytes) -> bytes:
    """The same mail for a server without 8BITMIME: 8bit parts in base64, raw headers as encoded words.

    Slow (it parses), and rare: every relay of the last twenty years announces 8BITMIME.
    """
    parsed = email.message_from_bytes(message, policy=email.policy.SMTP)
    for part in parsed.walk():
        declared = str(part.get("Content-Transfer-Encoding", "")).lower()
        if part.is_multipart():
            if declared:
                part.replace_header("Content-Transfer-Encoding", "7bit")
            continue
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes) or (declared not in ("8bit", "binary") and content.isascii()):
            continue
        if declared in ("base64", "quoted-printable"):
            continue
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(base64.encodebytes(content).decode("ascii"))
    refold = "long" if has_8bit_header(message) else "none"
    return parsed.as_bytes(policy=email.policy.SMTP.clone(refold_source=refold, cte_type="7bit"))
