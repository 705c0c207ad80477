"""Tables to take away: CSV and Excel, streamed, safe to open."""

import codecs
import tempfile
from collections.abc import AsyncIterator, Callable
from typing import IO, Annotated, Any

from fastapi import Path, Request
from openpyxl import Workbook
from starlette.responses import Response, StreamingResponse

from bursar.billing import exports
from bursar.billing.exports import Export
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.tenancy.customers import get_customer
from bursar.tenancy.reports import csv_lines, harmless
from bursar.web import languages, pages, reading
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.invoices import chosen_of

router = staff_router()
Kind = Annotated[str, Path(pattern="^(csv|xlsx)$")]
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BLOCK = 64 * 1024


@router.get("/exports/invoices.{kind}")
async def export_invoices(
    request: Request,
    kind: Kind,
    q: str = "",
    status: str = "",
    currency: str = "",
    age: str = "",
    customer: str = "",
    paid: str = "",
) -> Response:
    asked = {"q": q, "status": status, "currency": currency, "age": age, "customer": customer, "paid": paid}
    return await _streamed(request, kind, lambda work: exports.invoices(work, chosen_of(work, asked)))


@router.get("/exports/payments.{kind}")
async def export_payments(request: Request, kind: Kind, q: str = "") -> Response:
    return await _streamed(request, kind, lambda work: exports.payments(work, reading.search(q)))


@router.get("/exports/ageing.{kind}")
async def export_ageing(request: Request, kind: Kind, as_of: str = "") -> Response:
    day = reading.day_or_none({"as_of": as_of}, "as_of")
    return await _streamed(request, kind, lambda work: exports.ageing(work, day))


@router.get("/exports/statement.{kind}")
async def export_statement(request: Request, kind: Kind, customer: str, start: str, end: str) -> Response:
    customer_id = reading.cursor(customer)
    period = reading.day({"start": start}, "start"), reading.day({"end": end}, "end")
    if customer_id is None:
        raise NotFound("customer")
    async with viewer_work(request) as work:
        await get_customer(work, customer_id)
    return await _streamed(request, kind, lambda work: exports.account(work, customer_id, *period))


async def _streamed(request: Request, kind: str, export: Callable[[Work], Export]) -> Response:
    """The first rows are read before the answer begins, so that a refusal is still a page."""
    words = languages.words_of(pages.page_view(request).language.code).gettext
    make = _csv if kind == "csv" else _xlsx
    parts = make(request, export, words)
    first = await anext(parts)

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for part in parts:
            yield part

    name = request.url.path.rpartition("/")[2]
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    return StreamingResponse(body(), media_type=TYPES[kind], headers=headers)


async def _csv(
    request: Request, export: Callable[[Work], Export], words: Callable[[str], str]
) -> AsyncIterator[bytes]:
    async with viewer_work(request) as work:
        told = export(work)
        head = codecs.BOM_UTF8 + csv_lines([[words(name) for name in told.header]])
        async for rows in told.rows:
            yield head + csv_lines(rows)
            head = b""
        if head:
            yield head


async def _xlsx(
    request: Request, export: Callable[[Work], Export], words: Callable[[str], str]
) -> AsyncIterator[bytes]:
    """Written row by row to a file that the system throws away, then sent in blocks."""
    book = Workbook(write_only=True)
    async with viewer_work(request) as work:
        told = export(work)
        sheet = book.create_sheet(told.name)
        sheet.append([words(name) for name in told.header])
        async for rows in told.rows:
            for row in rows:
                sheet.append([harmless(value) if isinstance(value, str) else value for value in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while block := _read(file):
            yield block


def _read(file: IO[Any]) -> bytes:
    return file.read(BLOCK)
