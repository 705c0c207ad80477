"""Recurring invoices: the list, one of them with its months to come, and what is done to it."""

from typing import Annotated
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.billing.recurring import ending, planning
from bursar.billing.recurring.previewing import preview_recurring
from bursar.billing.recurring.showing import get_recurring, list_recurring, made_by
from bursar.billing.states import RecurringState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()
ONE = "/recurring/{recurring_id:uuid}"
PAGE = 25
EARLY_END = (
    Ask("date", "last_day", N_("Last day"), N_("A day of a month that was billed.")),
    Ask("area", "reason", N_("Why?"), N_("Stands on the credit note and in the journal."), required=False),
)


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
        await ending.end_recurring(work, recurring_id, because=reason.strip() or None)
    return _back(request, recurring_id, N_("Ended: nothing is billed any more."))


@router.get(ONE + "/early-end/new")
async def ask_early_end(request: Request, recurring_id: UUID) -> Response:
    return await _ask_early_end(request, recurring_id, Form())


@router.post(ONE + "/early-end")
async def end_early(request: Request, recurring_id: UUID) -> Response:
    """From a day in a month that was billed: the days after it are credited."""
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            work.allow(AgentRole.AGENT)  # before what was typed is read
            last_day, because = reading.day(typed, "last_day"), typed.get("reason", "").strip() or None
            await ending.end_recurring(work, recurring_id, because=because, last_day=last_day)
    except (Invalid, Conflict) as refusal:
        return await _ask_early_end(request, recurring_id, Form(typed).refused(refusal))
    return _back(request, recurring_id, N_("Ended: the days after the last one were credited."))


async def _ask_early_end(request: Request, recurring_id: UUID, form: Form) -> Response:
    async with viewer_work(request) as work:
        found = await get_recurring(work, recurring_id)
    about = f"{found.customer_name} · {found.description or found.product_name}"
    act = Act(
        N_("End it during a month"),
        N_("End it"),
        f"/recurring/{recurring_id}/early-end",
        EARLY_END,
        N_("What was billed for the days after the last one is given back by a credit note."),
        about,
        "danger",
    )
    trail = [(about, f"/recurring/{recurring_id}")]
    return ask(request, act, form, at="recurring", trail=trail)


def _back(request: Request, recurring_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/recurring/{recurring_id}", toast=toast)
