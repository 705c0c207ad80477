"""What a sheet is made of before anybody knows what its columns mean: rows, cells, limits (R140)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.core.errors import N_, Invalid

MAX_BYTES = 20 * 1024 * 1024  # of the file as uploaded
MAX_ROWS = 100_000  # below the header, empty ones not counted
MAX_COLUMNS = 200
MAX_CELL = 32_767  # characters: what Excel itself holds


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell that is there and must not be used; it refuses its row only if its column is wanted."""

    message: str
    code: str
    cell: str

    def refusal(self, field: str) -> Invalid:
        return Invalid(self.message, code=self.code, field=field, cell=self.cell)


# Text as typed (an empty cell is ""), or what a workbook knows the type of. A date never has a zone.
CellValue = str | Decimal | date | bool | Flaw
Cells = list[CellValue]
Grid = Iterable[tuple[int, Cells]]  # row numbers as a spreadsheet shows them, empty rows left out


def cell_name(row: int, column: int) -> str:
    """D7 for row 7 and column 3: rows count from one as people do, columns from zero as in a mapping."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def is_blank(value: CellValue) -> bool:
    return isinstance(value, str) and (not value or value.isspace())


def too_many_rows() -> Invalid:
    return Invalid(
        N_("This file has more than %(limit)s rows. Split it and upload the parts one after the other."),
        code="sheet_too_many_rows",
        field="file",
        limit=MAX_ROWS,
    )


def too_many_columns(row: int) -> Invalid:
    return Invalid(
        N_("Row %(row)s has more than %(limit)s columns. Delete the columns that are not needed."),
        code="sheet_too_many_columns",
        field="file",
        row=row,
        limit=MAX_COLUMNS,
    )


def too_long(row: int, column: int) -> Invalid:
    """A whole-file refusal: an unclosed quote makes such a cell out of the rows behind it."""
    return Invalid(
        N_("Cell %(cell)s has more than %(limit)s characters. Shorten it, or look for a missing quote."),
        code="cell_too_long",
        field="file",
        cell=cell_name(row, column),
        row=row,
        column=column,
        limit=MAX_CELL,
    )


def control_characters(cell: str) -> Flaw:
    return Flaw(
        N_("Cell %(cell)s holds invisible control characters. Type its text again."),
        "cell_control_characters",
        cell,
    )
