"""The journal as a file: what the filter of its page shows, all of it."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response, StreamingResponse

from bursar.tenancy.journal_report import HEADER, journal_rows
from bursar.tenancy.report_files import TYPES, Batches, report_parts
from bursar.web import languages, pages
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.journal import asked_of, wanted_of
from bursar.web.staff.telling import sayer

router = staff_router()
Kind = Annotated[str, Path(pattern="^(csv|xlsx)$")]


@router.get("/exports/journal.{kind}")
async def export_journal(request: Request, kind: Kind) -> Response:
    """The first rows are read before the answer begins, so that a refusal is still a page."""
    code = pages.page_view(request).language.code
    async with viewer_work(request) as work:
        wanted = await wanted_of(work, asked_of(request.query_params))
    rows = journal_rows(lambda: viewer_work(request), wanted, sayer(code))
    first = await anext(rows)

    async def all_rows() -> Batches:
        yield first
        async for batch in rows:
            yield batch

    header = [languages.say(code, name) for name in HEADER]
    headers = {
        "Content-Disposition": f'attachment; filename="journal.{kind}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    parts = report_parts(kind, "journal", header, all_rows())
    return StreamingResponse(parts, media_type=TYPES[kind], headers=headers)
