"""Recurring invoices: the list, one of them with its months to come, and what is done to it."""

from typing import Annotated
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.billing.recurring import planning
from bursar.billing.recurring.previewing import preview_recurring
from bursar.billing.recurring.showing import get_recurring, list_recurring, made_by
from bursar.billing.states import RecurringState
from bursar.core.errors import N_
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/recurring/{recurring_id:uuid}"
PAGE = 25


@router.get("/recurring")
async def show_recurring_list(
    request: Request, state: str = "", q: str = "", refused: str = "", after: str = ""
) -> Response:
    wanted = reading.one_of(state, RecurringState)
    async with viewer_work(request) as work:
        found = await list_recurring(
            work,
            state=RecurringState(wanted) if wanted else None,
            refused=refused == "yes",
            text=reading.search(q),
            before=reading.cursor(after),
            limit=PAGE + 1,
        )
    rows = found[:PAGE]
    return pages.render(
        request,
        "staff/recurring_list.html",
        fragment="results",
        rows=rows,
        older=rows[-1].id if len(found) > PAGE else None,
        state=wanted or "",
        q=q,
        refused=refused == "yes",
    )


@router.get(ONE)
async def show_recurring(request: Request, recurring_id: UUID) -> Response:
    async with viewer_work(request) as work:
        found = await get_recurring(work, recurring_id)
        months = await preview_recurring(work, recurring_id)
        made = await made_by(work, recurring_id)
        today = work.today
    return pages.render(request, "staff/recurring.html", found=found, months=months, made=made, today=today)


@router.post(ONE + "/pause")
async def pause(request: Request, recurring_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await planning.pause_recurring(work, recurring_id)
    return _back(request, recurring_id, N_("Paused: nothing is billed until you resume it."))


@router.post(ONE + "/resumption")
async def resume(request: Request, recurring_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await planning.resume_recurring(work, recurring_id)
    return _back(request, recurring_id, N_("Resumed: it is billed from its next day on."))


@router.post(ONE + "/end")
async def end(request: Request, recurring_id: UUID, reason: Annotated[str, Typed()] = "") -> Response:
    async with viewer_work(request) as work:
        await planning.end_recurring(work, recurring_id, because=reason.strip() or None)
    return _back(request, recurring_id, N_("Ended: nothing is billed any more."))


def _back(request: Request, recurring_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/recurring/{recurring_id}", toast=toast)
