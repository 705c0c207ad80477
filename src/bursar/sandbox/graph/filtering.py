"""$filter, $orderby and $select, as far as we use them; what is not known here is refused."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bursar.sandbox.cloud.account import Folder, Item
from bursar.sandbox.graph.resources import id_of

Test = Callable[[Item], bool]
TERM = re.compile(r"(?P<field>[A-Za-z/]+) (?P<how>eq|ne|ge|gt|le|lt) (?P<value>'(?:[^']|'')*'|[^\s']+)")
MOMENTS = frozenset({"receivedDateTime", "sentDateTime", "createdDateTime", "lastModifiedDateTime"})
TEXTS: dict[str, Callable[[Item], str]] = {
    "internetMessageId": lambda item: item.message_id,
    "conversationId": lambda item: id_of(item.thread),
    "subject": lambda item: item.header("Subject"),
    "from/emailAddress/address": lambda item: next((each for _, each in item.addresses("From")), ""),
}
TRUTHS: dict[str, Callable[[Item], bool]] = {
    "isRead": lambda item: not item.unread,
    "isDraft": lambda item: item.folder is Folder.DRAFTS,
}


class Unfilterable(Exception):
    """A field, an operator or a value that means nothing here."""


def filtered(told: str) -> tuple[list[Test], list[str]]:
    """All of them must hold; and the fields in their order. Raises `Unfilterable`."""
    tests: list[Test] = []
    fields: list[str] = []
    rest = told.strip()
    while rest:
        found = TERM.match(rest)
        if not found:
            raise Unfilterable(f"Invalid filter clause: {rest!r}")
        tests.append(_test(found["field"], found["how"], found["value"]))
        fields.append(found["field"])
        rest = rest[found.end() :]
        if rest and not rest.startswith(" and "):
            raise Unfilterable(f"Invalid filter clause: {rest!r}")
        rest = rest.removeprefix(" and ")
    return tests, fields


def _test(field: str, how: str, value: str) -> Test:
    if field in MOMENTS:
        at = _moment(value)
        compare: dict[str, Callable[[int], bool]] = {
            "eq": lambda told: told == at,
            "ne": lambda told: told != at,
            "ge": lambda told: told >= at,
            "gt": lambda told: told > at,
            "le": lambda told: told <= at,
            "lt": lambda told: told < at,
        }
        return lambda item: compare[how](int(item.received_at))
    if how not in {"eq", "ne"}:
        raise Unfilterable(f"{how} does not go with {field}")
    if field in TRUTHS and value in {"true", "false"}:
        truth = TRUTHS[field]
        return lambda item: (truth(item) == (value == "true")) == (how == "eq")
    if field in TEXTS and value.startswith("'"):
        wanted, text = value[1:-1].replace("''", "'"), TEXTS[field]
        return lambda item: (text(item) == wanted) == (how == "eq")
    raise Unfilterable(f"Could not find a property named {field!r}, or {value} is none of its values")


def _moment(value: str) -> int:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)", value):
        raise Unfilterable(f"Invalid date {value}")
    told = datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return int(told.timestamp())


def ordered(told: str, fields: Sequence[str]) -> tuple[bool, bool]:
    """Whether the newest come first, and whether the filter allows to sort so (it names the same field first)."""
    found = re.fullmatch(r"(?P<field>\w+)(?: (?P<way>asc|desc))?", told.strip())
    if not found or found["field"] not in MOMENTS:
        raise Unfilterable(f"Invalid $orderby {told!r}")
    return found["way"] == "desc", not fields or fields[0] == found["field"]


def names(told: str, known: Sequence[str]) -> list[str]:
    """Of $select. Raises `Unfilterable`."""
    wanted = [name.strip() for name in told.split(",")] if told else []
    strange = [name for name in wanted if name not in known]
    if strange:
        raise Unfilterable(
            f"Could not find a property named {strange[0]!r} on type 'microsoft.graph.message'"
        )
    return wanted
