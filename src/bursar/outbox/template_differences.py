"""What two versions say differently, line by line, as a person reads it."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bursar.core.errors import Invalid
from bursar.outbox.blocks.kinds import (
    Block,
    Button,
    ButtonTarget,
    Columns,
    Footer,
    Heading,
    Image,
    Invoices,
    Text,
)
from bursar.outbox.blocks.reading import read_blocks
from bursar.outbox.template_words import VersionInput


class Change(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Line:
    change: Change
    text: str


_CHANGES = {"  ": Change.SAME, "- ": Change.GONE, "+ ": Change.NEW}


def differences(before: VersionInput, after: VersionInput) -> list[Line]:
    """All lines of both in order. The first two are the subject and the preheader; blocks are written as lines."""
    told = difflib.ndiff(_lines(before), _lines(after))
    return [Line(_CHANGES[line[:2]], line[2:]) for line in told if line[:2] in _CHANGES]


def _lines(given: VersionInput) -> list[str]:
    head = [given.subject, *([given.preheader] if given.preheader else []), ""]
    if given.body_format != "blocks":
        return head + given.body.splitlines()
    try:
        blocks = read_blocks(given.body)
    except Invalid:  # a draft from a time that knew other blocks is shown as it is
        return head + given.body.splitlines()
    return head + [line for block in blocks for line in _of_block(block)]


def _of_block(block: Block) -> Iterator[str]:
    if block.when != "always":
        yield f"[{block.when}]"
    match block:
        case Heading() | Text() | Footer():
            yield from block.text.splitlines()
        case Invoices():
            yield f"[{', '.join(block.columns)}{' + totals' if block.totals else ''}]"
        case Button():
            yield f"[{block.label} → {block.address if block.to is ButtonTarget.ADDRESS else block.to}]"
        case Image():
            yield f"[{block.alt} {block.src}]"
        case Columns():
            for column in block.columns:
                yield "|"
                for one in column:
                    yield from _of_block(one)
        case _:
            yield "---"
    yield ""
