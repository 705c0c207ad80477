"""A row's cells as JSON and back: what was uploaded can be judged again, under another mapping, without the file."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bursar.core.errors import Invalid
from bursar.tenancy.grids import CellValue, Flaw
from bursar.tenancy.sheets import Row

_NUMBER, _DAY, _FLAW = "number", "day", "flaw"


def to_json(row: Row) -> Any:
    """A list of cells; a row that is refused as a whole is an object that says why."""
    cells = [_cell(value) for value in row.cells]
    if row.refusal is None:
        return cells
    refusal = row.refusal
    return {"cells": cells, "refusal": [refusal.message, refusal.code, refusal.params]}


def from_json(number: int, raw: Any) -> Row:
    if isinstance(raw, list):
        return Row(number, [_value(cell) for cell in raw])
    message, code, params = raw["refusal"]
    return Row(number, [_value(cell) for cell in raw["cells"]], Invalid(message, code=code, **params))


def shown(cells: Sequence[CellValue]) -> list[str | Decimal | date | bool]:
    """For a report: what cannot be used is shown by the name of its cell."""
    return [f"({value.cell})" if isinstance(value, Flaw) else value for value in cells]


def _cell(value: CellValue) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in value else value
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return {_NUMBER: str(value)}
    if isinstance(value, date):
        return {_DAY: value.isoformat()[:10]}
    return {_FLAW: [value.message, value.code, value.cell]}


def _value(raw: Any) -> CellValue:
    if not isinstance(raw, dict):
        return raw
    if _NUMBER in raw:
        return Decimal(raw[_NUMBER])
    if _DAY in raw:
        return date.fromisoformat(raw[_DAY])
    return Flaw(*raw[_FLAW])
