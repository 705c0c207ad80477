"""A stranger's message taken apart, within bounds: so many octets, parts and levels, and never an exception.

Not the library's parser: with hostile boundaries its work grows with depth times lines, and it raises on some
headers. What is read here is little: heads, texts, a delivery report, and the head of what was returned.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bursar.outbox.incoming.decoding import decoded, shown, text_of, words_of

LARGEST = 512 * 1024  # octets of a message that are looked at
LONGEST_VALUE = 4_000  # characters of one header; a long thread's References are some 2,000
MOST_HEADERS = 300
MOST_PARTS = 60
DEEPEST = 6

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_PARAMETER = re.compile(r';\s*([\w*-]{1,60})\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)')
_HEADS_ONLY = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_MESSAGES = frozenset({"message/rfc822", "message/global"})

Headers = Mapping[str, tuple[str, ...]]
"""Unfolded values by name in lower case, in the order in which they stand; encoded words are not read yet."""


@dataclass(frozen=True, slots=True)
class Part:
    """A message or a part of one. `body` is as it came; `parts` are those inside."""

    headers: Headers
    type: str
    parameters: Mapping[str, str]
    body: bytes
    parts: "tuple[Part, ...]" = ()

    def first(self, name: str) -> str:
        """The first header of this name, or nothing."""
        return self.headers.get(name, ("",))[0]

    @property
    def octets(self) -> bytes:
        return decoded(self.body, self.first("content-transfer-encoding"))

    @property
    def text(self) -> str:
        return text_of(self.octets, self.parameters.get("charset"))

    @property
    def attached(self) -> bool:
        return self.first("content-disposition").lower().lstrip().startswith("attachment")

    def walk(self) -> "Iterator[Part]":
        """Itself and the parts in it, as they stand; what stands in an attached message was written by others."""
        yield self
        if self.type not in _MESSAGES:
            for part in self.parts:
                yield from part.walk()


class _Budget:
    """How many parts may still be opened, over all levels of one message."""

    def __init__(self) -> None:
        self.left = MOST_PARTS


def open_mail(raw: bytes) -> Part:
    """The message as a tree; whatever it is, it is something."""
    return _opened(raw[:LARGEST], "text/plain", DEEPEST, _Budget())


def read_headers(head: bytes) -> Headers:
    """The lines of a head; those that are none are passed over."""
    found: dict[str, list[str]] = {}
    name, pieces, many = "", [], 0

    def keep() -> None:
        if name:
            found.setdefault(name, []).append(" ".join(pieces)[:LONGEST_VALUE])

    for line in head.splitlines():
        if line[:1] in (b" ", b"\t"):
            if sum(map(len, pieces[-80:])) < LONGEST_VALUE and len(pieces) < 80:
                pieces.append(_plain(line.strip()))
            continue
        keep()
        before, colon, after = line.partition(b":")
        many += 1
        if not colon or many > MOST_HEADERS or not before or len(before) > 80:
            name = ""
            continue
        name, pieces = _plain(before.strip()).lower(), [_plain(after.strip()[:LONGEST_VALUE])]
    keep()
    return {key: tuple(values) for key, values in found.items()}


def parameters_of(value: str) -> tuple[str, dict[str, str]]:
    """A Content-Type's type and its parameters, names in lower case; continued ones (RFC 2231) joined."""
    kind = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    for said, given in _PARAMETER.findall(value):
        bare = given[1:-1].replace("\\", "") if given.startswith('"') else given
        name, star, _ = said.lower().partition("*")
        found[name] = found.get(name, "") + bare if star else found.get(name) or bare
    return (kind if "/" in kind else ""), found


def _plain(octets: bytes) -> str:
    return shown(text_of(octets, None))


def _opened(raw: bytes, usual: str, levels: int, budget: _Budget) -> Part:
    head, body = _halves(raw)
    headers = read_headers(head)
    kind, parameters = parameters_of(headers.get("content-type", ("",))[0])
    kind = kind or usual
    if levels <= 0:
        return Part(headers, kind, parameters, body)
    if kind.startswith("multipart/") and (boundary := parameters.get("boundary", "")[:200]):
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        parts = [_opened(one, inner, levels - 1, budget) for one in _cut(body, boundary, budget)]
        return Part(headers, kind, parameters, body, tuple(parts))
    if kind in _MESSAGES or kind in _HEADS_ONLY:
        octets = decoded(body, headers.get("content-transfer-encoding", ("",))[0])
        if kind in _HEADS_ONLY:
            octets = octets.strip() + b"\r\n\r\n"
        return Part(
            headers, kind, parameters, body, (_opened(octets.lstrip(), "text/plain", levels - 1, budget),)
        )
    return Part(headers, kind, parameters, body)


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", raw.lstrip(b"\r\n")
    end = _HEAD_ENDS.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def _cut(body: bytes, boundary: str, budget: _Budget) -> Iterator[bytes]:
    """What stands between the delimiters; a last part without its end is one too (a message cut short)."""
    line = rb"(?:\A|\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*\r?(?=\n|\Z)"
    start = None
    for found in re.finditer(line, body):
        if start is not None:
            if budget.left <= 0:
                return
            budget.left -= 1
            yield body[start : found.start()].removesuffix(b"\r")
        start = None if found[1] else found.end() + 1
        if found[1]:
            return
    if start is not None and budget.left > 0:
        budget.left -= 1
        yield body[start:]


def subject_of(mail: Part) -> str:
    return words_of(mail.first("subject"))[:500]
