"""The search box of Gmail, as far as we use it: an operator we do not know is refused rather than guessed at."""

import re
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bursar.sandbox.cloud.account import Folder, Item

Test = Callable[[Item], bool]
PLACES = {"inbox": Folder.INBOX, "sent": Folder.SENT, "drafts": Folder.DRAFTS, "draft": Folder.DRAFTS}
SECONDS = {"h": 3600, "d": 86_400, "m": 30 * 86_400, "y": 365 * 86_400}


class Unsearchable(Exception):
    """Words of the search that mean nothing here."""


def search(words: str) -> list[Test]:
    """All of them must hold. Raises `Unsearchable`."""
    try:
        terms = shlex.split(words)
    except ValueError as error:
        raise Unsearchable(str(error)) from None
    return [_negated(term) for term in terms]


def _negated(term: str) -> Test:
    if term.startswith("-"):
        inner = _test(term[1:])
        return lambda item: not inner(item)
    return _test(term)


def _test(term: str) -> Test:
    operator, mark, value = term.partition(":")
    if not mark:
        return lambda item: term.casefold() in f"{item.header('Subject')} {item.text()}".casefold()
    test = OPERATORS.get(operator.lower())
    if test is None:
        raise Unsearchable(term)
    return test(value)


def _message_id(value: str) -> Test:
    wanted = value.strip("<>")
    return lambda item: item.message_id.strip("<>") == wanted


def _holds(name: str) -> Callable[[str], Test]:
    return lambda value: lambda item: value.casefold() in item.header(name).casefold()


def _since(value: str) -> Test:
    at = _moment(value)
    return lambda item: item.received_at >= at


def _until(value: str) -> Test:
    at = _moment(value)
    return lambda item: item.received_at < at


def _newer_than(value: str) -> Test:
    since = time.time() - _span(value)
    return lambda item: item.received_at >= since


def _older_than(value: str) -> Test:
    until = time.time() - _span(value)
    return lambda item: item.received_at < until


def _place(value: str) -> Test:
    if value in {"anywhere", "all"}:
        return lambda _: True
    if value in {"unread", "read"}:
        return lambda item: item.unread == (value == "unread")
    if value in PLACES:
        return lambda item: item.folder is PLACES[value]
    raise Unsearchable(value)


def _moment(value: str) -> float:
    """Seconds since 1970, or a day like 2026/11/20 by UTC."""
    if re.fullmatch(r"\d{6,}", value):
        return float(value)
    try:
        return datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Unsearchable(value) from None


def _span(value: str) -> float:
    found = re.fullmatch(r"(\d{1,5})([hdmy])", value)
    if not found:
        raise Unsearchable(value)
    return int(found[1]) * SECONDS[found[2]]


OPERATORS: dict[str, Callable[[str], Test]] = {
    "rfc822msgid": _message_id,
    "in": _place,
    "label": _place,
    "is": _place,
    "from": _holds("From"),
    "to": _holds("To"),
    "subject": _holds("Subject"),
    "after": _since,
    "newer": _since,
    "before": _until,
    "older": _until,
    "newer_than": _newer_than,
    "older_than": _older_than,
}
