"""SEARCH: which messages of the selected folder meet every key."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bursar.sandbox.imap.boxes import Stored
from bursar.sandbox.imap.fetching import head_and_body
from bursar.sandbox.imap.grammar import Malformed, Word, is_in, numbers, text
from bursar.sandbox.mailboxes import reading

Test = Callable[[int, Stored], bool]
"""Of a message and its number in the folder."""
FLAGS = {
    "SEEN": "\\Seen",
    "ANSWERED": "\\Answered",
    "FLAGGED": "\\Flagged",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
}
HEADERS = {"FROM": "From", "TO": "To", "CC": "Cc", "BCC": "Bcc", "SUBJECT": "Subject"}


class Keys:
    """The words of one SEARCH, taken one by one. `most`: messages there are; `last_uid`: the largest."""

    def __init__(self, words: Sequence[Word], most: int, last_uid: int) -> None:
        self._words = list(words)
        self._most, self._last_uid = most, last_uid

    def tests(self) -> list[Test]:
        """Raises `Malformed`."""
        found = []
        while self._words:
            found.append(self._key())
        return found

    def _take(self) -> str:
        if not self._words:
            raise Malformed("a key without its value")
        return text(self._words.pop(0))

    def _key(self) -> Test:
        first = self._words[0]
        if isinstance(first, list):
            self._words.pop(0)
            inner = Keys(first, self._most, self._last_uid).tests()
            return lambda number, message: all(test(number, message) for test in inner)
        key = self._take().upper()
        if key in FLAGS:
            return lambda _, message: FLAGS[key] in message.flags
        if key.startswith("UN") and key[2:] in FLAGS:
            return lambda _, message: FLAGS[key[2:]] not in message.flags
        if key in HEADERS:
            return self._header(HEADERS[key], self._take())
        if key[0].isdigit() or key[0] == "*":
            ranges = list(numbers(key, self._most))
            return lambda number, _: is_in(ranges, number)
        return self._other(key)

    def _other(self, key: str) -> Test:
        match key:
            case "ALL" | "OLD":
                return _any
            case "CHARSET":
                self._take()
                return _any
            case "NOT" | "OR":
                return self._combined(key)
            case "UID":
                ranges = list(numbers(self._take(), self._last_uid))
                return lambda _, message: is_in(ranges, message.uid)
            case "HEADER":
                return self._header(self._take(), self._take())
            case _:
                return self._measured(key)

    def _measured(self, key: str) -> Test:
        match key:
            case "TEXT" | "BODY":
                return self._text(key, self._take())
            case "SINCE" | "BEFORE" | "ON":
                return _day(key, self._take())
            case "LARGER" | "SMALLER":
                size, more = int(self._take()), key == "LARGER"
                return lambda _, message: (len(message.raw) > size) if more else (len(message.raw) < size)
            case _:
                raise Malformed(f"unknown search key {key}")

    def _combined(self, key: str) -> Test:
        one = self._key()
        if key == "NOT":
            return lambda number, message: not one(number, message)
        other = self._key()
        return lambda number, message: one(number, message) or other(number, message)

    @staticmethod
    def _header(name: str, wanted: str) -> Test:
        """An empty word asks only whether the header is there."""

        def holds(_: int, message: Stored) -> bool:
            told = reading.every(reading.parsed(head_and_body(message.raw)[0]), name)
            return any(wanted.casefold() in value.casefold() for value in told)

        return holds

    @staticmethod
    def _text(key: str, wanted: str) -> Test:
        def holds(_: int, message: Stored) -> bool:
            raw = head_and_body(message.raw)[1] if key == "BODY" else message.raw
            return wanted.casefold() in raw.decode("utf-8", "replace").casefold()

        return holds


def _any(_: int, __: Stored) -> bool:
    return True


def _day(key: str, told: str) -> Test:
    try:
        day = datetime.strptime(told, "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        raise Malformed(told) from None

    def holds(_: int, message: Stored) -> bool:
        at = datetime.fromtimestamp(message.received_at, UTC).date()
        return {"SINCE": at >= day, "BEFORE": at < day, "ON": at == day}[key]

    return holds
