"""Reports of any length as files: rows come in batches, and no more than one batch is held."""

import asyncio
import codecs
import tempfile
from collections.abc import AsyncIterator, Sequence

from bursar.tenancy.reports import ReportValue, csv_lines, harmless

Batches = AsyncIterator[Sequence[Sequence[ReportValue]]]

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BLOCK = 64 * 1024
ROWS_OF_A_SHEET = 1_000_000
"""Excel takes 1,048,576; more go on in another sheet of the same book."""


def report_parts(kind: str, title: str, header: Sequence[str], batches: Batches) -> AsyncIterator[bytes]:
    """The file of this `kind`, csv or xlsx, in pieces."""
    return _csv(header, batches) if kind == "csv" else _xlsx(title, header, batches)


async def _csv(header: Sequence[str], batches: Batches) -> AsyncIterator[bytes]:
    yield codecs.BOM_UTF8 + csv_lines([header])
    async for rows in batches:
        yield csv_lines(rows)


async def _xlsx(title: str, header: Sequence[str], batches: Batches) -> AsyncIterator[bytes]:
    """Written row by row to files that the system throws away; packing them is slow and done beside."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet, filled = book.create_sheet(title), 0
    sheet.append(list(header))
    async for rows in batches:
        if filled + len(rows) > ROWS_OF_A_SHEET:
            sheet, filled = book.create_sheet(title), 0
            sheet.append(list(header))
        for row in rows:
            sheet.append([harmless(value) if isinstance(value, str) else value for value in row])
        filled += len(rows)
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(book.save, file)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block
