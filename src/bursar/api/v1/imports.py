"""Sheets brought in: uploaded and judged row by row, mapped, applied, reported."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query, Request, UploadFile
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from bursar.api.acting import FORM, Acting, Call, Calling, door
from bursar.api.pagination import Listed, Paging, counted_page, page_of
from bursar.api.values import Line, Shown, Strict
from bursar.core.translations import preferred, say
from bursar.core.work import Actor
from bursar.onboarding.importers import import_desk
from bursar.tenancy import import_runs, imports
from bursar.tenancy.amounts import NumberStyle
from bursar.tenancy.dates import DateStyle
from bursar.tenancy.import_runs import Run
from bursar.tenancy.states import ImportKind, ImportState, RowOutcome

runs = door("/imports", "customers", tag="imports")
steps = door("/imports", "customers", tag="imports", in_one_work=False)
uploads = door("/imports/files", "customers", tag="imports", takes=FORM, in_one_work=False)

SCOPES = {
    ImportKind.INVOICES: "invoices:write",
    ImportKind.PAYMENTS: "payments:write",
    ImportKind.BANK_LINES: "payments:write",
    ImportKind.PRODUCTS: "catalog:write",
    ImportKind.PRICES: "catalog:write",
    ImportKind.UNITS: "catalog:write",
    ImportKind.SUPPRESSIONS: "sends:write",
    ImportKind.TEMPLATES: "templates:write",
    ImportKind.PAYMENT_LINKS: "orders:write",
}
MOST_ROWS, MOST_COLUMNS = 5_000, 200
Cell = Annotated[str, Field(max_length=10_000)]


class RowsIn(Strict):
    """Rows as a sheet would hold them: texts under a header."""

    kind: ImportKind
    name: Annotated[str, Field(min_length=1, max_length=200)] = "rows.csv"
    header: Annotated[list[Line], Field(min_length=1, max_length=MOST_COLUMNS)]
    rows: Annotated[
        list[Annotated[list[Cell], Field(max_length=MOST_COLUMNS)]], Field(min_length=1, max_length=MOST_ROWS)
    ]

    def sheet(self) -> bytes:
        written = io.StringIO(newline="")
        csv.writer(written).writerows([self.header, *self.rows])
        return written.getvalue().encode("utf-8-sig")


class MappingIn(Strict):
    """`columns` go from a column, counted from zero, to a field of the kind."""

    columns: Annotated[dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}$")], Line], Field(max_length=200)]
    numbers: NumberStyle | None = None
    dates: DateStyle | None = None


class Counts(Shown):
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    applied: int


class Import(Shown):
    """`reading` lacks something that `error` names; `ready` was judged and can be applied."""

    id: UUID
    version: int
    kind: ImportKind
    state: ImportState
    file_name: str
    header: list[str]
    columns: dict[str, str]
    unclear: list[int]
    numbers: NumberStyle
    dates: DateStyle
    counts: Counts
    error: str | None
    warnings: list[str]
    created_at: datetime


class ImportRow(Shown):
    """`id` is what the row became or met."""

    number: int
    outcome: RowOutcome | None
    reason: str
    field: str | None
    id: UUID | None


class RowQuery(Paging):
    outcome: RowOutcome | None = None


@runs.get("")
async def list_imports(work: Acting, request: Request, asked: Annotated[Paging, Query()]) -> Listed[Import]:
    """The newest first."""
    found = await import_runs.list_runs(work, before=asked.after, limit=asked.limit + 1)
    rows, cursor = page_of(found, asked, lambda run: run.id)
    return Listed(items=[_shown(run, request) for run in rows], next_cursor=cursor)


@uploads.post("", status_code=201)
async def upload_sheet(
    call: Calling, request: Request, kind: Annotated[ImportKind, Form()], file: UploadFile, response: Response
) -> Import:
    """A CSV or XLSX file, judged without writing anything: a dry run to be mapped and applied."""
    return await _begun(call, request, response, kind, file.filename or "sheet", await file.read())


@steps.post("", status_code=201)
async def send_rows(call: Calling, request: Request, given: RowsIn, response: Response) -> Import:
    """The same for rows in the request itself."""
    return await _begun(call, request, response, given.kind, given.name, given.sheet())


@runs.get("/{import_id}")
async def get_import(work: Acting, import_id: UUID, request: Request) -> Import:
    return _shown(await import_runs.get_run(work, import_id), request)


@runs.get("/{import_id}/rows")
async def list_import_rows(
    work: Acting, import_id: UUID, request: Request, asked: Annotated[RowQuery, Query()]
) -> Listed[ImportRow]:
    """What becomes, or became, of each row."""
    await import_runs.get_run(work, import_id)
    part = {"outcome": asked.outcome, "after": asked.position, "limit": asked.limit + 1}
    found = await import_runs.list_rows(work, import_id, **part, translate=_words(request))
    rows, cursor = counted_page(found, asked, lambda row: row.number)
    return Listed(items=[ImportRow.model_validate(row) for row in rows], next_cursor=cursor)


REPORT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The report."}
}


@steps.get("/{import_id}/report", response_class=Response, responses=REPORT)
async def get_import_report(call: Calling, import_id: UUID, request: Request) -> Response:
    """The sheet as it came, with what became of each row and why."""
    who = (call.caller.tenant_id, call.caller.actor)
    report = await imports.report(import_desk(call.house.office), *who, import_id, _words(request))
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.csv"'}
    return StreamingResponse(report, media_type="text/csv", headers=headers)


@steps.put("/{import_id}/mapping")
async def set_import_mapping(call: Calling, import_id: UUID, given: MappingIn, request: Request) -> Import:
    """Say which column is what; the rows are judged again."""
    who = await _known(call, import_id)
    columns = {int(column): name for column, name in given.columns.items()}
    desk = import_desk(call.house.office)
    run = await imports.set_mapping(desk, *who, import_id, columns, numbers=given.numbers, dates=given.dates)
    return _shown(run, request)


@steps.post("/{import_id}/application", status_code=201)
async def apply_import(call: Calling, import_id: UUID, request: Request) -> Import:
    """Write the rows; after an interruption the same call goes on where it stopped."""
    who = await _known(call, import_id)
    return _shown(await imports.apply_run(import_desk(call.house.office), *who, import_id), request)


@steps.delete("/{import_id}", status_code=204)
async def discard_import(call: Calling, import_id: UUID) -> None:
    """Give up a sheet that was not written."""
    who = await _known(call, import_id)
    await imports.discard_run(import_desk(call.house.office), *who, import_id)


async def _begun(
    call: Call, request: Request, response: Response, kind: ImportKind, name: str, data: bytes
) -> Import:
    _require(call, kind)
    who = (call.caller.tenant_id, call.caller.actor)
    run = await imports.read_file(import_desk(call.house.office), *who, kind, name[:200], data)
    response.headers["Location"] = f"/api/v1/imports/{run.id}"
    return _shown(run, request)


async def _known(call: Call, import_id: UUID) -> tuple[UUID, Actor]:
    """Whose import it is, once the key may write what it brings. Raises `NotFound`, `ScopeMissing`."""
    async with call.house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        run = await import_runs.get_run(work, import_id)
    _require(call, run.kind)
    return call.caller.tenant_id, call.caller.actor


def _require(call: Call, kind: ImportKind) -> None:
    if kind in SCOPES:
        call.caller.require(SCOPES[kind])


def _words(request: Request) -> Callable[[str], str]:
    return partial(say, preferred(request.headers.get("accept-language", "")))


def _shown(run: Run, request: Request) -> Import:
    words = _words(request)
    layout = run.layout
    plain = {
        name: getattr(run, name) for name in ("id", "version", "kind", "state", "file_name", "created_at")
    }
    return Import(
        **plain,
        header=list(layout.header),
        columns={str(column): name for column, name in layout.columns.items()},
        unclear=list(layout.unclear),
        numbers=layout.numbers,
        dates=layout.dates,
        counts=Counts.model_validate(run.counts),
        error=" ".join(reason.text(words) for reason in run.error) or None,
        warnings=[reason.text(words) for reason in layout.warnings],
    )
