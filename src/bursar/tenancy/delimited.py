"""CSV in the forms that people have: comma, semicolon or tab, quotes as in RFC 4180, any line end."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from bursar.core.errors import N_, Invalid
from bursar.tenancy.grids import (
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    CellValue,
    Grid,
    cell_name,
    control_characters,
    too_long,
    too_many_columns,
)
from bursar.tenancy.headers import known_names

# The C reader's own limit is one number for the process and cannot say which cell was too long. It is
# raised to what a file may hold; MAX_CELL is checked cell by cell.
csv.field_size_limit(MAX_BYTES)

_DELIMITERS = ",;\t"
_SAMPLE_ROWS = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # all but tab and line ends
_TOLD = re.compile(r"sep=([,;\t])\r?\n")  # Excel's own first line for the delimiter


def delimiter_of(text: str) -> str:
    """The one whose reading has the most names that we know, then the most even rows, then the widest."""
    told = _TOLD.match(text)
    if told:
        return told[1]
    return max(_DELIMITERS, key=lambda delimiter: _evidence(text, delimiter))


def _evidence(text: str, delimiter: str) -> tuple[int, float, int]:
    try:
        sample = [row for row in islice(_records(text, delimiter), _SAMPLE_ROWS) if row]
    except csv.Error:
        return 0, 0.0, 0
    if not sample:
        return 0, 0.0, 0
    (width, rows), *_ = Counter(map(len, sample)).most_common(1)
    if width == 1:
        return max(map(known_names, sample)), 0.0, 1
    return max(map(known_names, sample)), rows / len(sample), width


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def read_delimited(text: str, delimiter: str) -> Grid:
    """Every record that is not empty, numbered as a spreadsheet would number it (blank lines count).

    Raises `Invalid` naming the row for quotes that do not match, and for the limits of grids.
    """
    doubtful = _CONTROL.search(text) is not None
    first = 2 if _TOLD.match(text) else 1
    records = _records(text, delimiter)
    number = 0
    while True:
        number += 1
        try:
            record = next(records, None)
        except csv.Error:
            raise _broken_quotes(number) from None
        if record is None:
            return
        if number < first or not any(record):
            continue
        _check_limits(number, record)
        yield number, _flawed(number, record) if doubtful else list(record)


def _check_limits(number: int, record: list[str]) -> None:
    if len(record) > MAX_COLUMNS and any(record[MAX_COLUMNS:]):
        raise too_many_columns(number)
    if len(max(record, key=len)) > MAX_CELL:
        raise too_long(number, next(i for i, cell in enumerate(record) if len(cell) > MAX_CELL))


def _flawed(number: int, record: list[str]) -> list[CellValue]:
    return [
        control_characters(cell_name(number, column)) if _CONTROL.search(cell) else cell
        for column, cell in enumerate(record)
    ]


def _broken_quotes(number: int) -> Invalid:
    return Invalid(
        N_("The quotes in row %(row)s do not match, so its cells cannot be told apart. Correct them."),
        code="sheet_broken_quotes",
        field="file",
        row=number,
    )
