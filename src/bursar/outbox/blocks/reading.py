"""Blocks as they are stored: a JSON list of objects, each with its `kind`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any, TypeVar, cast

from bursar.core.errors import N_, Invalid
from bursar.outbox.blocks.kinds import (
    IN_COLUMNS,
    KINDS,
    Block,
    Button,
    ButtonTarget,
    Columns,
    Divider,
    Footer,
    Heading,
    Image,
    InvoiceColumn,
    Invoices,
    Leaf,
    Text,
    When,
    kind_of,
)
from bursar.outbox.bodies import refuse_controls

MOST_BLOCKS = 60
MOST_COLUMNS = 3
WIDEST_IMAGE = 600  # pixels: the width of the sheet
E = TypeVar("E", bound=StrEnum)


def read_blocks(body: str) -> tuple[Block, ...]:
    """Raises `Invalid` (field "body") that names the first block that is not right, counted from 1."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list):
        raise Invalid(N_("Blocks are a list."), code="blocks_unreadable", field="body")
    if not 0 < len(given) <= MOST_BLOCKS:
        raise Invalid(
            N_("A message has between 1 and %(most)s blocks."),
            code="blocks_count",
            field="body",
            most=MOST_BLOCKS,
        )
    return tuple(_Reader(number, one).block(frozenset(KINDS)) for number, one in enumerate(given, 1))


def written(blocks: Sequence[Block]) -> str:
    """As `read_blocks` reads them."""
    return json.dumps([_document(block) for block in blocks], ensure_ascii=False)


def texts_of(blocks: Sequence[Block]) -> list[str]:
    """Everything in them that a person wrote, in order: each is Liquid for itself."""
    texts: list[str] = []
    for block in blocks:
        match block:
            case Heading() | Text() | Footer():
                texts.append(block.text)
            case Button():
                texts += (block.label, block.address)
            case Columns():
                texts += (text for column in block.columns for text in texts_of(column))
            case _:
                pass
    return texts


def _document(block: Block) -> dict[str, Any]:
    if isinstance(block, Columns):
        told: dict[str, Any] = {"columns": [[_document(one) for one in column] for column in block.columns]}
    else:
        told = asdict(block)
    told.pop("when", None)
    if block.when is not When.ALWAYS:
        told["when"] = block.when
    return {"kind": kind_of(block), **told}


class _Reader:
    """One object of the list. `number` is the block's, also for what stands in its columns."""

    def __init__(self, number: int, given: Any) -> None:
        self._number = number
        self._given: dict[str, Any] = given if isinstance(given, dict) else {}

    def block(self, allowed: frozenset[str]) -> Block:
        kind = self._given.get("kind")
        if not isinstance(kind, str) or kind not in allowed:
            raise self._refused(N_("Block %(number)s is of no kind that can stand here."), "block_kind")
        return self._of_kind(kind, self._choice("when", When, When.ALWAYS))

    def _of_kind(self, kind: str, when: When) -> Block:
        block: Block
        match kind:
            case "heading":
                block = Heading(self._text("text"), when)
            case "text":
                block = Text(self._text("text"), when)
            case "footer":
                block = Footer(self._text("text"), when)
            case "invoices":
                block = Invoices(self._invoice_columns(), self._given.get("totals") is not False, when)
            case "button":
                block = self._button(when)
            case "image":
                block = Image(self._address("src"), self._text("alt", may_be_empty=True), self._width(), when)
            case "columns":
                block = Columns(self._columns(), when)
            case _:
                block = Divider(when)
        return block

    def _button(self, when: When) -> Button:
        to = self._choice("to", ButtonTarget, ButtonTarget.PAY)
        address = self._address("address") if to is ButtonTarget.ADDRESS else ""
        return Button(self._text("label"), to, address, when)

    def _text(self, name: str, *, may_be_empty: bool = False) -> str:
        value = self._given.get(name, "")
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise self._refused(
                N_("Block %(number)s says nothing. Write something or remove it."), "block_empty"
            )
        refuse_controls(value)
        return value

    def _address(self, name: str) -> str:
        value = self._given.get(name)
        if not isinstance(value, str) or not value.strip().lower().startswith("https://"):
            raise self._refused(
                N_("Block %(number)s needs a full web address that begins with https://."), "block_address"
            )
        refuse_controls(value)
        return value.strip()

    def _width(self) -> int:
        value = self._given.get("width", WIDEST_IMAGE)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= WIDEST_IMAGE:
            raise self._refused(
                N_("The picture of block %(number)s is between 1 and 600 pixels wide."), "block_width"
            )
        return value

    def _invoice_columns(self) -> tuple[InvoiceColumn, ...]:
        given = self._given.get("columns")
        known = set(InvoiceColumn)
        if not isinstance(given, list) or not given or not all(one in known for one in given):
            raise self._refused(N_("Choose what the table of block %(number)s shows."), "block_columns")
        return tuple(dict.fromkeys(InvoiceColumn(one) for one in given))

    def _columns(self) -> tuple[tuple[Leaf, ...], ...]:
        given = self._given.get("columns")
        if not isinstance(given, list) or not 2 <= len(given) <= MOST_COLUMNS:
            raise self._refused(N_("Block %(number)s has two or three columns."), "block_columns")
        columns = [one if isinstance(one, list) else [] for one in given]
        if not all(0 < len(one) <= MOST_BLOCKS for one in columns):
            raise self._refused(N_("A column of block %(number)s is empty."), "block_columns")
        return tuple(
            tuple(cast("Leaf", _Reader(self._number, one).block(IN_COLUMNS)) for one in column)
            for column in columns
        )

    def _choice(self, name: str, kind: type[E], usual: E) -> E:
        value = self._given.get(name, usual)
        if value not in set(kind):
            raise self._refused(N_("Block %(number)s has a setting that does not exist."), "block_setting")
        return kind(value)

    def _refused(self, message: str, code: str) -> Invalid:
        return Invalid(message, code=code, field="body", number=self._number)
