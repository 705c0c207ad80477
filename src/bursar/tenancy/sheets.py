"""A file somebody uploads, as a header and numbered rows. What the columns mean is for headers and cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice

from bursar.core.errors import N_, Invalid
from bursar.tenancy.delimited import delimiter_of, read_delimited
from bursar.tenancy.encodings import decode
from bursar.tenancy.grids import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    Cells,
    CellValue,
    Flaw,
    Grid,
    is_blank,
    too_many_columns,
    too_many_rows,
)
from bursar.tenancy.headers import known_names
from bursar.tenancy.workbooks import read_workbook

_HEADER_WITHIN = 20  # filled rows: how far down titles and an address may push the header
_HEADER_NAMES = 2  # so many known names make a header; one alone could be a title

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the one a spreadsheet shows; `cells` are as many as the header's.

    `refusal` is set when the row as a whole cannot be trusted, whatever its cells say.
    """

    number: int
    cells: Cells
    refusal: Invalid | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`source` says how the file was read: "utf-8 ;" for text, or the name of the workbook's sheet."""

    header: list[str]
    rows: list[Row]
    source: str


def read_sheet(data: bytes, name: str) -> Sheet:
    """CSV or XLSX by what is in it; `name` only makes refusals about other kinds clearer.

    Raises `Invalid` about the field "file", and then nothing of it was read.
    """
    if len(data) > MAX_BYTES:
        raise _refused(
            N_("This file is larger than %(limit)s MB. Split it, or delete what is not needed."),
            "sheet_too_large",
            limit=MAX_BYTES // 1024**2,
        )
    if not data.strip():
        raise _refused(N_("This file is empty."), "sheet_empty")
    _refuse_other_kinds(data, name)
    if data.startswith(_ZIP):
        title, rows = read_workbook(data)
        return _framed(rows, title, shifts=False)
    text, encoding = decode(data)
    delimiter = delimiter_of(text)
    shown = "tab" if delimiter == "\t" else delimiter
    return _framed(read_delimited(text, delimiter), f"{encoding} {shown}", shifts=True)


def _refuse_other_kinds(data: bytes, name: str) -> None:
    start = data[:512].lstrip().lower()
    if data.startswith(_OLD_OFFICE):
        if _ENCRYPTED in data:
            raise _refused(
                N_("This workbook is locked with a password. Save it without one and upload it again."),
                "sheet_encrypted",
            )
        raise _wrong_kind("XLS")
    if data.startswith(b"%PDF"):
        raise _wrong_kind("PDF")
    if data.startswith(_ZIP) and b"application/vnd.oasis.opendocument" in data[:200]:
        raise _wrong_kind("ODS")
    if start.startswith((b"<", b"\xef\xbb\xbf<")):
        raise _wrong_kind("HTML/XML")
    suffix = name.rpartition(".")[2].upper()
    if suffix in {"XLSX", "XLSM"} and not data.startswith(_ZIP):
        raise _refused(
            N_("The name says %(kind)s, but this is no workbook. Save it again as XLSX or CSV."),
            "sheet_wrong_kind",
            kind=suffix,
        )


def _framed(grid: Grid, source: str, *, shifts: bool) -> Sheet:
    """`shifts`: a text without quotes moves cells to the right, so a row wider than its header is suspect.

    In a workbook a cell beyond the header is a remark beside the table and moves nothing.
    """
    filled = ((number, cells) for number, cells in grid if not all(map(is_blank, cells)))
    top = list(islice(filled, _HEADER_WITHIN))
    if not top:
        raise _refused(N_("This file is empty."), "sheet_empty")
    at = next((i for i, (_, cells) in enumerate(top) if _is_header(cells)), 0)
    header = _header(*top[at])
    rows: list[Row] = []
    for number, cells in chain(top[at + 1 :], filled):
        rows.append(_row(number, cells, len(header), shifts=shifts))
        if len(rows) > MAX_ROWS:
            raise too_many_rows()
    if not rows:
        raise _refused(N_("This file has a header and no rows below it."), "sheet_only_header")
    return Sheet(header, rows, source)


def _is_header(cells: Sequence[CellValue]) -> bool:
    return known_names([cell for cell in cells if isinstance(cell, str)]) >= _HEADER_NAMES


def _header(number: int, cells: Cells) -> list[str]:
    names = ["" if isinstance(cell, Flaw) else " ".join(str(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise _refused(
            N_("The first row must name the columns, like “Invoice number” or “E-mail”."), "sheet_no_header"
        )
    if len(names) > MAX_COLUMNS:
        raise too_many_columns(number)
    return names


def _row(number: int, cells: Cells, width: int, *, shifts: bool) -> Row:
    missing = width - len(cells)
    if missing >= 0:
        cells.extend([""] * missing)
        return Row(number, cells)
    kept, beyond = cells[:width], cells[width:]
    if shifts and not all(map(is_blank, beyond)):
        refusal = Invalid(
            N_(
                "Row %(row)s has more cells than the header. Put quotes around texts that hold the delimiter."
            ),
            code="row_too_wide",
            row=number,
        )
        return Row(number, kept, refusal)
    return Row(number, kept)


def _refused(message: str, code: str, **params: object) -> Invalid:
    return Invalid(message, code=code, field="file", **params)


def _wrong_kind(kind: str) -> Invalid:
    return _refused(
        N_("%(kind)s files cannot be read here. Save your sheet as XLSX or CSV."),
        "sheet_wrong_kind",
        kind=kind,
    )
