"""What FETCH may ask of a message, and the answer in its words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.policy import compat32
from typing import Any

from bursar.sandbox.imap.boxes import Stored
from bursar.sandbox.imap.grammar import Malformed, Word, or_nil, quoted, text
from bursar.sandbox.mailboxes import reading
from bursar.sandbox.mailboxes.reading import parsed

MACROS = {
    "ALL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
    "FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
    "FULL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"],
}
SECTION = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<from>\d+)\.(?P<most>\d+)>)?", re.IGNORECASE
)
OLDER = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}


@dataclass(frozen=True)
class Item:
    """`sees`: whether asking marks the message as read."""

    name: str
    sees: bool
    tell: Callable[[Stored], bytes]


def items(asked: Word) -> list[Item]:
    """Raises `Malformed`."""
    if isinstance(asked, str) and asked.upper() in MACROS:
        return [_item(name) for name in MACROS[asked.upper()]]
    each = asked if isinstance(asked, list) else [asked]
    return [_item(text(one)) for one in each]


def told(message: Stored, wanted: Sequence[Item], number: int, *, with_uid: bool) -> bytes:
    """One untagged FETCH."""
    parts = [item.name.encode() + b" " + item.tell(message) for item in wanted]
    if with_uid and all(item.name != "UID" for item in wanted):
        parts.insert(0, b"UID %d" % message.uid)
    return b"* %d FETCH (%s)" % (number, b" ".join(parts))


def _item(asked: str) -> Item:
    name = asked.upper()
    if name in SIMPLE:
        return Item(name, sees=False, tell=SIMPLE[name])
    found = SECTION.fullmatch(OLDER.get(name, asked))
    if not found:
        raise Malformed(asked)
    section, start = found["section"], found["from"]
    shown = name if name in OLDER else f"BODY[{section}]" + (f"<{start}>" if start else "")
    sees = not found["peek"]

    def tell(message: Stored) -> bytes:
        raw = part(message.raw, section)
        if start:
            raw = raw[int(start) : int(start) + int(found["most"])]
        return b"{%d}\r\n%s" % (len(raw), raw)

    return Item(shown, sees, tell)


def head_and_body(raw: bytes) -> tuple[bytes, bytes]:
    head, mark, body = raw.partition(b"\r\n\r\n")
    return head + mark, body


def part(raw: bytes, section: str) -> bytes:
    """The octets of a section; one that is not there is empty."""
    upper = section.upper()
    head, body = head_and_body(raw)
    if not section:
        return raw
    if upper == "HEADER":
        return head
    if upper == "TEXT":
        return body
    fields = re.fullmatch(r"HEADER\.FIELDS(?P<other>\.NOT)? \((?P<names>[^)]*)\)", upper)
    if fields:
        return _fields(head, set(fields["names"].replace('"', "").split()), other=bool(fields["other"]))
    return _numbered(parsed(raw), body, upper)


def _fields(head: bytes, names: set[str], *, other: bool) -> bytes:
    lines = re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", head)
    kept = [
        line
        for line in lines
        if (line.partition(b":")[0].decode("ascii", "replace").upper() in names) != other
    ]
    return b"".join(kept) + b"\r\n"


def _numbered(message: Message, body: bytes, section: str) -> bytes:
    numbers = re.match(r"\d+(?:\.\d+)*", section)
    if not numbers:
        return b""
    kind = section[numbers.end() :].lstrip(".")
    if numbers[0] == "1" and not message.is_multipart():
        return body if not kind else b""
    here: Any = message
    for number in map(int, numbers[0].split(".")):
        inner = here.get_payload()
        if not isinstance(inner, list) or not 0 < number <= len(inner):
            return b""
        here = inner[number - 1]
    if kind == "MIME":
        return b"".join(f"{name}: {value}\r\n".encode() for name, value in here.items()) + b"\r\n"
    if here.is_multipart():
        return head_and_body(here.as_bytes(policy=compat32.clone(linesep="\r\n")))[1]
    return str(here.get_payload()).encode("utf-8", "surrogateescape")


def flags(message: Stored) -> bytes:
    return b"(" + " ".join(sorted(message.flags)).encode() + b")"


def _date(message: Stored) -> bytes:
    at = datetime.fromtimestamp(message.received_at, UTC)
    return at.strftime('"%d-%b-%Y %H:%M:%S +0000"').encode()


def _envelope(message: Stored) -> bytes:
    head = parsed(head_and_body(message.raw)[0])
    people = [_people(head, name) for name in ("From", "Sender", "Reply-To", "To", "Cc", "Bcc")]
    people[1:3] = [each if each != b"NIL" else people[0] for each in people[1:3]]
    date, subject, answered, own = (
        or_nil(reading.header(head, name)) for name in ("Date", "Subject", "In-Reply-To", "Message-ID")
    )
    return b"(" + b" ".join([date, subject, *people, answered, own]) + b")"


def _people(head: Message, header: str) -> bytes:
    each = [
        b"(%s NIL %s %s)" % (or_nil(name), quoted(local), quoted(host))
        for name, address in reading.people(head, header)
        for local, _, host in [address.rpartition("@")]
    ]
    return b"(" + b"".join(each) + b")" if each else b"NIL"


def _structure(message: Stored) -> bytes:
    return structure(parsed(message.raw))


def structure(part: Message) -> bytes:
    """BODYSTRUCTURE without its extensions."""
    inner = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(inner, list):
        kinds = b"".join(structure(one) for one in inner if isinstance(one, Message))
        return b"(" + kinds + b" " + quoted(part.get_content_subtype().upper()) + b")"
    raw = str(inner).encode("utf-8", "surrogateescape")
    try:
        charset = part.get_content_charset() or "us-ascii"
    except reading.FAULTS:
        charset = "unknown-8bit"
    told = [
        quoted(part.get_content_maintype().upper()),
        quoted(part.get_content_subtype().upper()),
        b'("CHARSET" ' + quoted(charset) + b")",
        or_nil(reading.header(part, "Content-ID")),
        b"NIL",
        quoted((reading.header(part, "Content-Transfer-Encoding") or "7BIT").upper()),
        b"%d" % len(raw),
    ]
    told += [b"%d" % raw.count(b"\n")] if part.get_content_maintype() == "text" else []
    return b"(" + b" ".join(told) + b")"


SIMPLE: dict[str, Callable[[Stored], bytes]] = {
    "UID": lambda message: b"%d" % message.uid,
    "FLAGS": flags,
    "INTERNALDATE": _date,
    "RFC822.SIZE": lambda message: b"%d" % len(message.raw),
    "ENVELOPE": _envelope,
    "BODY": _structure,
    "BODYSTRUCTURE": _structure,
}
