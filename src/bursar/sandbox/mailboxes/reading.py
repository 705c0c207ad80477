"""Messages as they really come: torn headers, unknown charsets, broken encodings. What cannot be read is shown raw."""

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses

FAULTS = (LookupError, ValueError, TypeError, AttributeError, MessageError)
"""What Python's library raises over mail that no standard foresees."""


def parsed(raw: bytes) -> Message:
    return BytesParser(policy=compat32).parsebytes(raw)


def plain(value: object) -> str:
    """One header's value in words, on one line."""
    told = re.sub(r"\r?\n[ \t]*", " ", str(value))
    try:
        words = str(make_header(decode_header(told)))
    except FAULTS:
        words = told
    words = words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"[\x00-\x1f\x7f]", " ", words).strip()


def headers(message: Message) -> list[tuple[str, str]]:
    """All of them, in their order."""
    return [(name, plain(value)) for name, value in message.raw_items()]


def every(message: Message, name: str) -> list[str]:
    return [value for known, value in headers(message) if known.lower() == name.lower()]


def header(message: Message, name: str) -> str:
    """The first of that name; empty if there is none."""
    return next(iter(every(message, name)), "")


def people(message: Message, *names: str) -> list[tuple[str, str]]:
    """Display name and address of everybody in these headers."""
    told = [value for name in names for value in every(message, name)]
    return [(name, address) for name, address in getaddresses(told) if address]


def content_type(message: Message) -> str:
    try:
        return message.get_content_type()
    except FAULTS:
        return "text/plain"


def parts(message: Message) -> list[Message]:
    """Those directly inside; none of a message that has only itself."""
    inner = message.get_payload()
    return [part for part in inner if isinstance(part, Message)] if isinstance(inner, list) else []


def content(message: Message) -> bytes:
    """Of one part, without its transfer encoding."""
    try:
        raw = message.get_payload(decode=True)
    except FAULTS:
        raw = None
    return raw if isinstance(raw, bytes) else b""


def text(message: Message, kind: str) -> str:
    """The first text of this kind (plain or html) that is no attachment."""
    for part in message.walk():
        if content_type(part) == f"text/{kind}" and not _is_attached(part):
            raw = content(part)
            try:
                return raw.decode(part.get_content_charset() or "utf-8", "replace").replace("\r\n", "\n")
            except FAULTS:
                return raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return ""


def _is_attached(part: Message) -> bool:
    return header(part, "Content-Disposition").lower().startswith("attachment")


def file_name(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except FAULTS:
        return ""
