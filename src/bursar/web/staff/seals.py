"""The seals of the journal: verified by a worker while one watches, and their heads to keep elsewhere."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.checking import start_check
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import sees_origins
from bursar.core.journal_checks import get_check, list_checks
from bursar.core.seals import Head, heads
from bursar.web import live, pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
LOOKED_AT_S = 1.0
LONGEST_LOOK = timedelta(minutes=30)


@router.get("/seals")
async def show_seals(request: Request) -> Response:
    return await _page(request, Form())


@router.post("/seals")
async def verify(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        anchors = [Head.parse(line) for line in typed.get("head", "").splitlines() if line.strip()]
        async with viewer_work(request) as work:
            await start_check(work, anchors)
    except (Invalid, Conflict) as refusal:
        return await _page(request, Form(typed).refused(refusal))
    return pages.see_other(request, "/seals", toast=N_("The seals are being verified."))


async def _page(request: Request, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        checks, newest, may = await list_checks(work), await heads(work), sees_origins(work)
    return pages.render(
        request,
        "staff/seals.html",
        status=form.status,
        form=form,
        check=checks[0] if checks else None,
        before=checks[1:],
        heads=newest,
        may=may,
    )


@router.get("/seals/{check_id:uuid}/progress")
async def watch(request: Request, check_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await get_check(work, check_id)
    return live.stream(_looks(request, check_id))


async def _looks(request: Request, check_id: UUID) -> AsyncGenerator[live.Event, None]:
    shown = ""
    for _ in range(int(LONGEST_LOOK.total_seconds() / LOOKED_AT_S)):
        async with viewer_work(request, read_only=True) as work:
            check = await get_check(work, check_id)
        text = pages.render_text(request, "staff/seals.html", "progress", check=check)
        if text != shown:
            shown = text
            yield live.Event("progress", text)
        if check.finished_at or check.stopped:
            return
        await asyncio.sleep(LOOKED_AT_S)
