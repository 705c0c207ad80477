"""The head of a message as it stands on the wire, read and changed without touching the rest of it."""

import re
from email.headerregistry import Address
from email.utils import formatdate, getaddresses

from bursar.sandbox.mailboxes import reading

LINE = rb"(?im)^%s:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)"
ADDRESS = re.compile(r"[^@\s<>\",;:()\[\]]+@[A-Za-z0-9.\-\u0080-\U0010ffff]+\Z")


def _cut(raw: bytes) -> tuple[bytes, bytes]:
    """Head, with its last line's end, and what follows it."""
    found = re.search(rb"\r?\n\r?\n", raw)
    if not found:
        return raw, b""
    end = found.start() + (2 if raw[found.start() : found.start() + 2] == b"\r\n" else 1)
    return raw[:end], raw[end:]


def every(raw: bytes, name: str) -> list[str]:
    """Unfolded."""
    return reading.every(reading.parsed(_cut(raw)[0]), name)


def first(raw: bytes, name: str) -> str:
    return next(iter(every(raw, name)), "")


def addresses(raw: bytes, *names: str) -> list[str]:
    told = [value for name in names for value in every(raw, name)]
    return [address for _, address in getaddresses(told) if address]


def recipients(raw: bytes) -> list[str]:
    """Everybody it goes to, once each."""
    return list(dict.fromkeys(addresses(raw, "To", "Cc", "Bcc")))


def is_address(told: str) -> bool:
    return bool(ADDRESS.match(told))


def replaced(raw: bytes, name: str, value: str) -> bytes:
    """With this value and no other of that name."""
    head, rest = _cut(raw)
    head = re.sub(LINE % re.escape(name.encode()), b"", head)
    return f"{name}: {value}\r\n".encode() + head + rest


def renamed(raw: bytes, name: str, other: str) -> bytes:
    head, rest = _cut(raw)
    return re.sub(rb"(?im)^%s:" % re.escape(name.encode()), f"{other}:".encode(), head) + rest


def without(raw: bytes, name: str) -> bytes:
    head, rest = _cut(raw)
    return re.sub(LINE % re.escape(name.encode()), b"", head) + rest


def mailbox(name: str, address: str) -> str:
    return str(Address(name, addr_spec=address)) if name.isascii() else address


def now() -> str:
    return formatdate(localtime=False)
