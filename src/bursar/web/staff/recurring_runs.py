"""Monthly runs: begun by hand, watched, listed."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.recurring.showing import get_run, list_recurring, list_runs
from bursar.billing.recurring.starting import start_run
from bursar.web import live, pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
PAGE = 25
LOOKED_AT_S = 1.0
LONGEST_LOOK = timedelta(hours=1)
REFUSED = 50


@router.get("/recurring/runs")
async def show_runs(request: Request, after: str = "") -> Response:
    async with viewer_work(request) as work:
        found = await list_runs(work, before=reading.cursor(after), limit=PAGE + 1)
        today = work.today
    rows = found[:PAGE]
    older = rows[-1].id if len(found) > PAGE else None
    return pages.render(request, "staff/recurring_runs.html", rows=rows, older=older, today=today)


@router.post("/recurring/runs")
async def begin(request: Request) -> Response:
    """Up to the day that was typed, today without one; a worker carries it out."""
    values = await reading.typed(request)
    async with viewer_work(request) as work:
        run_id = await start_run(work, reading.day_or_none(values, "as_of"))
    return pages.see_other(request, f"/recurring/runs/{run_id}")


@router.get("/recurring/runs/{recurring_run_id:uuid}")
async def show_run(request: Request, recurring_run_id: UUID) -> Response:
    async with viewer_work(request) as work:
        run = await get_run(work, recurring_run_id)
        refused = await list_recurring(work, refused=True, limit=REFUSED)
    return pages.render(request, "staff/recurring_run.html", run=run, refused=refused)


@router.get("/recurring/runs/{recurring_run_id:uuid}/progress")
async def watch_run(request: Request, recurring_run_id: UUID) -> Response:
    """How far it is while somebody looks, until it has finished or stands still."""
    async with viewer_work(request) as work:
        await get_run(work, recurring_run_id)
    return live.stream(_looks(request, recurring_run_id))


async def _looks(request: Request, run_id: UUID) -> AsyncGenerator[live.Event, None]:
    shown: dict[str, str] = {}
    for _ in range(int(LONGEST_LOOK.total_seconds() / LOOKED_AT_S)):
        async with viewer_work(request, read_only=True) as work:
            run = await get_run(work, run_id)
            refused = await list_recurring(work, refused=True, limit=REFUSED)
        for part in ("progress", "refused"):
            text = pages.render_text(request, "staff/recurring_run.html", part, run=run, refused=refused)
            if shown.get(part) != text:
                shown[part] = text
                yield live.Event(part, text)
        if run.finished_at or run.stopped:
            return
        await asyncio.sleep(LOOKED_AT_S)
