"""The editor of blocks is a form like every other: fields by their place, and buttons that move, add and remove.

A field of the third block is called `b2-text`; of the second piece in its first column `b2c0i1-text`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bursar.outbox.blocks.kinds import InvoiceColumn
from bursar.outbox.blocks.reading import MOST_BLOCKS, WIDEST_IMAGE

Document: TypeAlias = dict[str, Any]
_FIELD = re.compile(r"b(\d{1,3})(?:c(\d)i(\d{1,3}))?-(\w+)")
_PLACE = re.compile(r"b(\d{1,3})(?:c(\d)(?:i(\d{1,3}))?)?")
_FRESH: dict[str, Document] = {
    "invoices": {"columns": ["number", "due_date", "days_overdue", "balance"], "totals": True},
    "button": {"label": "", "to": "pay"},
    "image": {"src": "", "alt": "", "width": WIDEST_IMAGE},
    "columns": {"columns": [[{"kind": "text", "text": ""}], [{"kind": "text", "text": ""}]]},
    "divider": {},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One block in the form: `key` begins its fields' names, `columns` are the keys and pieces of each column."""

    key: str
    number: int
    document: Document
    first: bool
    last: bool
    columns: tuple[tuple[str, tuple["Shown", ...]], ...] = ()

    @property
    def kind(self) -> str:
        return str(self.document.get("kind", ""))


def body_of(typed: Mapping[str, str]) -> str:
    """What was typed as the body of a version; `read_blocks` judges it."""
    return json.dumps(documents_of(typed), ensure_ascii=False)


def documents_of(typed: Mapping[str, str]) -> list[Document]:
    fields: dict[tuple[int, int, int], dict[str, str]] = {}
    for name, value in typed.items():
        found = _FIELD.fullmatch(name)
        if found:
            place = (int(found[1]), int(found[2] or -1), int(found[3] or -1))
            fields.setdefault(place, {})[found[4]] = value
    documents: list[Document] = []
    for place in sorted(one for one in fields if one[1] < 0):
        document = _document(fields[place])
        if document["kind"] == "columns":
            many = 3 if fields[place].get("many") == "3" else 2
            document["columns"] = [
                [_document(fields[one]) for one in sorted(fields) if one[0] == place[0] and one[1] == column]
                for column in range(many)
            ]
        documents.append(document)
    return documents


def _document(fields: Mapping[str, str]) -> Document:
    kind = fields.get("kind", "")
    told: Document = {"kind": kind}
    match kind:
        case "heading" | "text" | "footer":
            told["text"] = fields.get("text", "").replace("\r\n", "\n")
        case "button":
            told |= {name: fields.get(name, "") for name in ("label", "to", "address")}
        case "image":
            width = fields.get("width", "")
            told |= {"src": fields.get("src", ""), "alt": fields.get("alt", "")}
            told["width"] = int(width) if width.isascii() and width.isdigit() and len(width) < 5 else 0
        case "invoices":
            told["columns"] = [column.value for column in InvoiceColumn if f"shows_{column}" in fields]
            told["totals"] = "totals" in fields
        case _:
            pass
    if fields.get("when", "always") != "always":
        told["when"] = fields["when"]
    return told


def acted(documents: list[Document], act: str, typed: Mapping[str, str]) -> tuple[list[Document], str]:
    """The blocks after a press of a button, and where the cursor is then: a block's key, or a button of one as "up:b1".

    `act` is "up:b2", "down:b2c0i1", "remove:b2", "add" or "add:b2c0"; one that fits nothing changes nothing.
    """
    verb, _, key = act.partition(":")
    found = _PLACE.fullmatch(key)
    row, position, prefix = _row(documents, found)
    if verb == "add":
        column = found is not None and found[2] is not None
        return _added(
            documents, row if column else documents, typed.get(f"{key if column else 'b'}-add", ""), key
        )
    if row is None or not 0 <= position < len(row):
        return documents, ""
    if verb == "remove":
        del row[position]
        return documents, f"{prefix}{max(position - 1, 0)}"
    target = position + {"up": -1, "down": 1}.get(verb, 0)
    if target == position or not 0 <= target < len(row):
        return documents, key
    row[position], row[target] = row[target], row[position]
    if target in (0, len(row) - 1):  # that button does nothing any more
        verb = "down" if verb == "up" else "up"
    return documents, f"{verb}:{prefix}{target}"


def _row(documents: list[Document], found: re.Match[str] | None) -> tuple[list[Document] | None, int, str]:
    """The list that a place is in, where in it, and how the keys of that list begin."""
    if found is None or int(found[1]) >= len(documents):
        return None, -1, ""
    if found[2] is None:
        return documents, int(found[1]), "b"
    columns = documents[int(found[1])].get("columns", [])
    if documents[int(found[1])].get("kind") != "columns" or int(found[2]) >= len(columns):
        return None, -1, ""
    return columns[int(found[2])], int(found[3] or -1), f"b{found[1]}c{found[2]}i"


def _added(
    documents: list[Document], row: list[Document] | None, kind: str, key: str
) -> tuple[list[Document], str]:
    if row is None or len(row) >= MOST_BLOCKS:
        return documents, ""
    fresh = json.loads(json.dumps(_FRESH.get(kind, {"text": ""})))
    row.append({"kind": kind, **fresh})
    return documents, f"{key}i{len(row) - 1}" if key else f"b{len(row) - 1}"


def shown(documents: list[Document]) -> tuple[Shown, ...]:
    return tuple(
        _shown(f"b{number}", number, document, len(documents)) for number, document in enumerate(documents)
    )


def _shown(key: str, number: int, document: Document, many: int) -> Shown:
    columns: tuple[tuple[str, tuple[Shown, ...]], ...] = ()
    if document.get("kind") == "columns":
        columns = tuple(
            (
                f"{key}c{column}",
                tuple(_shown(f"{key}c{column}i{at}", at, one, len(row)) for at, one in enumerate(row)),
            )
            for column, row in enumerate(document.get("columns", []))
        )
    return Shown(key, number + 1, document, number == 0, number == many - 1, columns)


def stored(body: str) -> list[Document]:
    """The blocks of a version, for the form; none for what is no list of blocks."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
