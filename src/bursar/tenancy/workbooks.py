"""XLSX to rows of cells: what is stored, never what a formula would give, and never more than fits.

openpyxl reads row by row. A zip archive says how large each part unpacks to, and Python's reader stops
there, so the sum of those sizes is a real limit and not a promise of the file's author.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from bursar.core.errors import N_, Invalid, Refusal
from bursar.tenancy.grids import (
    MAX_CELL,
    MAX_COLUMNS,
    Cells,
    CellValue,
    Flaw,
    cell_name,
    control_characters,
    is_blank,
    too_long,
    too_many_columns,
    too_many_rows,
)

MAX_UNPACKED = 100 * 1024 * 1024  # bytes of all parts together
MAX_PARTS = 2_000
_LAST_ROW = 1_048_576  # of any spreadsheet program; a larger number in the file is a trap

_CONTROLS = frozenset(map(chr, range(32))) - set("\t\n\r") | {"\x7f"}


def read_workbook(data: bytes) -> tuple[str, list[tuple[int, Cells]]]:
    """Name and filled rows of the first sheet that is not hidden and not empty.

    Raises `Invalid` for what is no workbook, for workbooks without such a sheet, and for limits.
    """
    _check_archive(data)
    try:
        # openpyxl warns of drawings and styles it skips; none of them is ours.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _first_filled(data)
    except Refusal:
        raise
    except Exception as error:  # a foreign file can break the parser in any way it likes
        raise _unreadable() from error


def _check_archive(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise _unreadable() from None
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise _not_a_workbook()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Invalid(
            N_("This workbook unpacks to more than %(limit)s MB. Keep only the sheet with the rows."),
            code="sheet_unpacks_too_large",
            field="file",
            limit=MAX_UNPACKED // 1024**2,
        )


def _first_filled(data: bytes) -> tuple[str, list[tuple[int, Cells]]]:
    from openpyxl import load_workbook  # lazily: only imports of sheets need it

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()  # what the file says of its own size is not to be believed
            rows = list(_filled_rows(sheet))
            if rows:
                return sheet.title, rows
    finally:
        book.close()
    raise Invalid(N_("This workbook has no visible sheet with rows in it."), code="sheet_empty", field="file")


def _filled_rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    blank: object = None  # openpyxl repeats one object for the rows that a file leaves out
    # One column more than allowed is read, so that a table that is too wide is seen and not cut.
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
        if number > _LAST_ROW:
            raise too_many_rows()
        if row is blank:
            continue
        width = len(row)
        while width and row[width - 1].value is None:
            width -= 1
        cells = [
            "" if cell.value is None else _value(cell, number, column)
            for column, cell in enumerate(row[:width])
        ]
        while cells and is_blank(cells[-1]):
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise too_many_columns(number)
        if cells:
            yield number, cells
        else:
            blank = row


def _value(cell: Any, row: int, column: int) -> CellValue:
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return Flaw(
            N_("Cell %(cell)s holds a formula. Copy the column and paste it as values."),
            "cell_formula",
            cell_name(row, column),
        )
    if kind == "e":
        return Flaw(
            N_("Cell %(cell)s shows an error of the spreadsheet, like #REF!. Type the value itself."),
            "cell_error",
            cell_name(row, column),
        )
    if isinstance(value, str):
        return _text(value, row, column)
    return _typed(value, row, column)


def _text(value: str, row: int, column: int) -> CellValue:
    if len(value) > MAX_CELL:
        raise too_long(row, column)
    if not value.isprintable() and not _CONTROLS.isdisjoint(value):
        return control_characters(cell_name(row, column))
    return value


def _typed(value: object, row: int, column: int) -> CellValue:
    if isinstance(value, bool | int):
        return value if isinstance(value, bool) else Decimal(value)
    if isinstance(value, float) and isfinite(value):
        # Excel shows and compares 15 digits; the binary rest (0.30000000000000004) was never typed.
        return Decimal(f"{value:.15g}")
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return Flaw(
        N_("Cell %(cell)s holds a time or a number that is not finite. Type a text, number or date."),
        "cell_unreadable",
        cell_name(row, column),
    )


def _unreadable() -> Invalid:
    return Invalid(
        N_("This workbook is damaged or locked. Open it where you made it and save it again as XLSX."),
        code="sheet_unreadable",
        field="file",
    )


def _not_a_workbook() -> Invalid:
    return Invalid(
        N_("This is an archive, but not an XLSX workbook. Save your sheet as XLSX or CSV."),
        code="sheet_wrong_kind",
        field="file",
    )
