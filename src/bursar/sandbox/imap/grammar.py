"""Commands of IMAP (RFC 3501) as words: atoms, quoted strings, literals, and lists in brackets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LITERAL = re.compile(rb"\{(\d{1,9})(\+?)\}\r?\n?\Z")
ATOM = re.compile(rb"[^\s()\"{\[]*(?:\[[^\]]*\](?:<[\d.]+>)?)?[^\s()\"{]*")

Word = str | bytes | list["Word"]
"""str: an atom; bytes: a string, quoted or literal."""


class Malformed(Exception):
    """No command of IMAP looks like this."""


@dataclass
class Reader:
    """Takes the pieces of one command, a line or a literal each, and makes words of them."""

    top: list[Word]
    open: list[list[Word]]

    @classmethod
    def new(cls) -> "Reader":
        top: list[Word] = []
        return cls(top, [top])

    def line(self, told: bytes) -> None:
        """Raises `Malformed`."""
        at = 0
        while at < len(told):
            at = self._word(told, at)

    def literal(self, told: bytes) -> None:
        self.open[-1].append(told)

    def words(self) -> list[Word]:
        """Raises `Malformed` if a bracket is open."""
        if len(self.open) != 1:
            raise Malformed("an open bracket")
        return self.top

    def _word(self, told: bytes, at: int) -> int:
        match told[at : at + 1]:
            case b" ":
                return at + 1
            case b"(":
                inner: list[Word] = []
                self.open[-1].append(inner)
                self.open.append(inner)
                return at + 1
            case b")":
                if len(self.open) == 1:
                    raise Malformed("a bracket that was never open")
                self.open.pop()
                return at + 1
            case b'"':
                return self._quoted(told, at)
            case _:
                found = ATOM.match(told, at)
                if not found or found.end() == at:
                    raise Malformed(told[at : at + 20].decode("ascii", "replace"))
                self.open[-1].append(found[0].decode("utf-8", "replace"))
                return found.end()

    def _quoted(self, told: bytes, at: int) -> int:
        found = re.compile(rb'"((?:[^"\\\r\n]|\\["\\])*)"').match(told, at)
        if not found:
            raise Malformed("a quote without an end")
        self.open[-1].append(re.sub(rb"\\(.)", rb"\1", found[1]))
        return found.end()


def text(word: Word) -> str:
    """Raises `Malformed` for a list."""
    if isinstance(word, list):
        raise Malformed("a list where a word belongs")
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else word


def numbers(told: str, largest: int) -> Iterator[tuple[int, int]]:
    """Ranges of a set like 1,3:5,9:*; `*` is the largest there is. Raises `Malformed`."""
    for part in told.split(","):
        found = re.fullmatch(r"(\d{1,10}|\*)(?::(\d{1,10}|\*))?", part)
        if not found:
            raise Malformed(told)
        ends = [largest if end == "*" else int(end) for end in (found[1], found[2] or found[1])]
        yield min(ends), max(ends)


def is_in(ranges: Sequence[tuple[int, int]], number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)


def quoted(told: str) -> bytes:
    """As a string in an answer; what does not fit between quotes is a literal."""
    raw = told.encode("utf-8", "replace")
    if re.search(rb"[\r\n\x80-\xff]", raw):
        return b"{%d}\r\n%s" % (len(raw), raw)
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def or_nil(told: str | None) -> bytes:
    return b"NIL" if not told else quoted(told)
