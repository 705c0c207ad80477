"""Bringing in a sheet: choose, say which column is what, see what would happen, write it, take the report."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Request, UploadFile
from fastapi import Form as Typed
from starlette.responses import Response, StreamingResponse

from bursar.core.errors import N_, Conflict, Invalid
from bursar.onboarding.importers import import_desk
from bursar.tenancy import imports
from bursar.tenancy.amounts import NumberStyle
from bursar.tenancy.columns import FIELDS, Kind
from bursar.tenancy.dates import DateStyle
from bursar.tenancy.import_runs import Run, get_run, list_rows, list_runs
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.states import ImportKind, ImportState, RowOutcome
from bursar.web import languages, live, pages, reading
from bursar.web.forms import Form
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import office_of, signed_in, staff_router, viewer_work

router = staff_router()

PAGE, SAMPLES, ROWS = 50, 3, 100
AT_ONCE_S = 1.5
"""A small sheet is written before the answer; a longer one shows its progress meanwhile."""
LOOK_EVERY_S = 0.5


@router.get("/imports")
async def show_imports(request: Request, before: str = "") -> Response:
    async with viewer_work(request) as work:
        runs = await list_runs(work, before=reading.cursor(before), limit=PAGE + 1)
    after = runs[PAGE - 1].id if len(runs) > PAGE else None
    return pages.render(request, "staff/imports.html", runs=runs[:PAGE], next=after)


@router.get("/imports/new")
async def choose_file(request: Request, kind: str = "") -> Response:
    return _choice(request, Form({"kind": reading.one_of(kind, ImportKind) or ImportKind.INVOICES}))


@router.post("/imports")
async def take_file(
    request: Request, kind: Annotated[str, Typed()] = "", file: Annotated[UploadFile | None, File()] = None
) -> Response:
    form = Form({"kind": kind})
    try:
        chosen = ImportKind(reading.must_be({"kind": kind}, "kind", ImportKind))
        if file is None or not file.filename:
            raise Invalid(N_("Choose a file."), code="file_missing", field="file")
        run = await imports.read_file(*_mine(request), chosen, file.filename, await file.read())
    except (Invalid, Conflict) as refusal:
        return _choice(request, form.refused(refusal))
    return pages.see_other(request, f"/imports/{run.id}/columns")


def _choice(request: Request, form: Form) -> Response:
    status = 422 if form.refusals else 200
    return pages.render(request, "staff/import_new.html", fragment="form", status=status, form=form)


@router.get("/imports/{run_id}/columns")
async def show_columns(request: Request, run_id: UUID) -> Response:
    return await _columns(request, run_id, Form())


@router.post("/imports/{run_id}/columns")
async def set_columns(request: Request, run_id: UUID) -> Response:
    typed = await reading.typed(request)
    mapping = {
        int(name.removeprefix("column-")): field
        for name, field in typed.items()
        if name.startswith("column-") and name.removeprefix("column-").isdecimal() and field
    }
    numbers = reading.one_of(typed.get("numbers", ""), NumberStyle)
    dates = reading.one_of(typed.get("dates", ""), DateStyle)
    try:
        await imports.set_mapping(
            *_mine(request),
            run_id,
            mapping,
            numbers=NumberStyle(numbers) if numbers else None,
            dates=DateStyle(dates) if dates else None,
        )
    except (Invalid, Conflict) as refusal:
        return await _columns(request, run_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/imports/{run_id}")


async def _columns(request: Request, run_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        run = await get_run(work, run_id)
        samples = await list_rows(work, run_id, limit=SAMPLES)
    if run.state not in (ImportState.READING, ImportState.READY) or run.counts.applied:
        return pages.see_other(request, f"/imports/{run_id}")
    return pages.render(
        request,
        "staff/import_columns.html",
        status=form.status,
        run=run,
        form=form,
        columns=_described(run, samples, form),
        fields=FIELDS[Kind(run.kind)],
        say=_say(request),
    )


def _described(run: Run, samples: list[Any], form: Form) -> list[dict[str, Any]]:
    """Each column with a few of its cells and the field that it fills, as guessed or as just chosen."""
    return [
        {
            "place": place,
            "name": name,
            "samples": [row.cells[place] for row in samples if place < len(row.cells) and row.cells[place]],
            "field": form.value(f"column-{place}", run.layout.columns.get(place, "")),
            "unclear": place in run.layout.unclear,
        }
        for place, name in enumerate(run.layout.header)
    ]


@router.get("/imports/{run_id}")
async def show_import(request: Request, run_id: UUID, outcome: str = "", after: str = "") -> Response:
    chosen = reading.one_of(outcome, RowOutcome)
    behind = int(after) if after.isdecimal() and len(after) < 10 else 0
    say = _say(request)
    async with viewer_work(request) as work:
        run = await get_run(work, run_id)
        rows = await list_rows(
            work,
            run_id,
            outcome=RowOutcome(chosen) if chosen else None,
            after=behind,
            limit=ROWS + 1,
            translate=say,
        )
    if run.state is ImportState.READING:
        return pages.see_other(request, f"/imports/{run_id}/columns")
    return pages.render(
        request,
        "staff/import.html",
        fragment="results",
        run=run,
        rows=rows[:ROWS],
        next=rows[ROWS - 1].number if len(rows) > ROWS else None,
        outcome=chosen or "",
        running=_task(request, run_id) is not None,
        say=say,
    )


@router.post("/imports/{run_id}/application")
async def apply(request: Request, run_id: UUID) -> Response:
    """Written by a task of this process: who goes on after a crash finds what was written, and the rest to do."""
    task = _task(request, run_id)
    if task is None:
        task = asyncio.create_task(imports.apply_run(*_mine(request), run_id))
        _tasks(request)[run_id] = task
        task.add_done_callback(lambda _: _tasks(request).pop(run_id, None))
    done, _ = await asyncio.wait({task}, timeout=AT_ONCE_S)
    if not done:
        return pages.see_other(request, f"/imports/{run_id}")
    await task
    return pages.see_other(request, f"/imports/{run_id}", toast=N_("The sheet is in."))


@router.get("/imports/{run_id}/progress")
async def show_progress(request: Request, run_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await get_run(work, run_id)
    return live.stream(_progress(request, run_id))


async def _progress(request: Request, run_id: UUID) -> AsyncGenerator[live.Event, None]:
    while True:
        async with viewer_work(request) as work:
            run = await get_run(work, run_id)
        going = _task(request, run_id) is not None
        text = pages.render_text(request, "staff/import.html", "progress", run=run, running=going)
        yield live.Event("progress", text)
        if not going:
            return
        await asyncio.sleep(LOOK_EVERY_S)


@router.get("/imports/{run_id}/report")
async def download_report(request: Request, run_id: UUID) -> Response:
    report = await imports.report(*_mine(request), run_id, _say(request))
    headers = {
        "Content-Disposition": f'attachment; filename="import-{run_id}.csv"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    return StreamingResponse(report, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/imports/{run_id}/refusal")
async def discard(request: Request, run_id: UUID) -> Response:
    await imports.discard_run(*_mine(request), run_id)
    return pages.see_other(request, "/imports", toast=N_("Discarded; nothing was changed."))


def _mine(request: Request) -> tuple[Desk, UUID, Any]:
    signed = signed_in(request)
    return import_desk(office_of(request)), signed.tenant_id, signed.actor


def _say(request: Request) -> Callable[[str], str]:
    return languages.words_of(pages.page_view(request).language.code).gettext


def _tasks(request: Request) -> dict[UUID, "asyncio.Task[Run]"]:
    """Sheets that this process is writing; a task that nobody holds could be collected half way."""
    state = request.app.state
    if not hasattr(state, "imports"):
        state.imports = {}
    return state.imports


def _task(request: Request, run_id: UUID) -> "asyncio.Task[Run] | None":
    return _tasks(request).get(run_id)
