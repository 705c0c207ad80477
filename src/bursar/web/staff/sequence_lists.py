"""The list of one day: who hears what, read row by row, changed, and let go."""

from datetime import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form as Field
from fastapi import Request
from starlette.responses import Response

from bursar.chasing import approving
from bursar.chasing.previews import preview_in_run, previews_in_run
from bursar.chasing.reviewing import place_of, recipients
from bursar.chasing.sequences import lists, releasing, sequences
from bursar.chasing.sequences.lists import DayList
from bursar.chasing.states import LeftOut
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox import resolving
from bursar.outbox.accounts import get_account
from bursar.outbox.reading import get_send
from bursar.outbox.states import RunState, SendState
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/lists/{day_run_id:uuid}"
PAGE = 25
STATES = (*SendState, "changed")


@router.get(ONE)
async def show_list(
    request: Request,
    day_run_id: UUID,
    state: str = "",
    q: str = "",
    after: str = "",
    message: str = "",
    view: str = "html",
) -> Response:
    """While it is held, every message as it would go now; afterwards what became of each."""
    async with viewer_work(request) as work:
        day = await lists.get_list(work, day_run_id)
        values = await _head(work, day)
        if day.state == RunState.HELD:
            values |= await _review(
                work, _house(request), day, reading.cursor(after), reading.cursor(message)
            )
        else:
            values |= await _outcome(work, day, state, q, reading.cursor(after))
    return pages.render(request, "staff/list.html", fragment="listed", day=day, view=view, **values)


@router.get(ONE + "/messages/{listed_send_id:uuid}")
async def show_message(
    request: Request, day_run_id: UUID, listed_send_id: UUID, view: str = "html"
) -> Response:
    """One message exactly as it would go now, with the ones before and after it."""
    async with viewer_work(request) as work:
        day = await lists.get_list(work, day_run_id)
        values = {**await _head(work, day), **await _message(work, _house(request), day, listed_send_id)}
    return pages.render(request, "staff/list_message.html", fragment="message", day=day, view=view, **values)


@router.get(ONE + "/left-out")
async def show_left_out(request: Request, day_run_id: UUID, reason: str = "", after: str = "") -> Response:
    """Invoices that had reached a touch and are not in the list, with why."""
    wanted = reading.one_of(reason, LeftOut)
    async with viewer_work(request) as work:
        day = await lists.get_list(work, day_run_id)
        rows = await lists.left_out(
            work, day_run_id, reason=wanted, after=reading.cursor(after), limit=PAGE + 1
        )
    more = rows[PAGE - 1].invoice_id if len(rows) > PAGE else None
    return pages.render(
        request, "staff/list_left_out.html", day=day, rows=rows[:PAGE], more=more, reason=wanted or ""
    )


@router.get(ONE + "/release")
async def ask_release(request: Request, day_run_id: UUID) -> Response:
    return await _release_page(request, day_run_id, Form())


@router.post(ONE + "/release")
async def release(request: Request, day_run_id: UUID, any_hour: Annotated[str, Field()] = "") -> Response:
    try:
        async with viewer_work(request) as work:
            await releasing.release(work, day_run_id, any_hour=any_hour == "yes")
    except (Invalid, Conflict) as refusal:
        return await _release_page(request, day_run_id, Form({"any_hour": any_hour}).refused(refusal))
    return _back(request, day_run_id, N_("The list is let go; it leaves on its day."))


@router.post(ONE + "/time")
async def announce(request: Request, day_run_id: UUID, at: Annotated[str, Field()] = "") -> Response:
    """When it goes by itself; without a time it waits for somebody."""
    try:
        async with viewer_work(request) as work:
            await releasing.announce(work, day_run_id, _time(at) if at.strip() else None)
    except (Invalid, Conflict) as refusal:
        return await _release_page(request, day_run_id, Form({"at": at}).refused(refusal))
    toast = (
        N_("It goes by itself at that time.") if at.strip() else N_("It waits until one of you lets it go.")
    )
    return _back(request, day_run_id, toast)


@router.post(ONE + "/cancellation")
async def cancel(request: Request, day_run_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await releasing.cancel(work, day_run_id)
    return _back(request, day_run_id, N_("Called off. The next list says what this one would have said."))


@router.post(ONE + "/pause")
async def pause(request: Request, day_run_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await releasing.pause(work, day_run_id)
    return _back(request, day_run_id, N_("Paused. What is on the wire right now still arrives."))


@router.post(ONE + "/resumption")
async def resume(request: Request, day_run_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await releasing.resume(work, day_run_id)
    return _back(request, day_run_id, N_("It goes on."))


@router.post(ONE + "/messages/{listed_send_id:uuid}/cancellation")
async def drop_message(request: Request, day_run_id: UUID, listed_send_id: UUID) -> Response:
    """Not this one; its invoices may be written about again."""
    async with viewer_work(request) as work:
        await _must_be_of(work, day_run_id, listed_send_id)
        await resolving.cancel(work, listed_send_id)
    return _back(request, day_run_id, N_("It is taken out of the list."))


@router.post(ONE + "/messages/{listed_send_id:uuid}/approval")
async def keep_message(request: Request, day_run_id: UUID, listed_send_id: UUID) -> Response:
    """It changed since it was listed, and goes as it stands now."""
    async with viewer_work(request) as work:
        await _must_be_of(work, day_run_id, listed_send_id)
        await approving.approve(work, listed_send_id)
    return _back(request, day_run_id, N_("It goes as it stands now."))


async def _must_be_of(work: Work, day_run_id: UUID, listed_send_id: UUID) -> None:
    """Raises `NotFound` for a message of another list."""
    await lists.get_list(work, day_run_id)
    if (await get_send(work, listed_send_id)).send.run_id != day_run_id:
        raise NotFound("message")


async def _head(work: Work, day: DayList) -> dict[str, Any]:
    sequence = await sequences.get_sequence(work, day.sequence_id)
    return {
        "sequence": sequence,
        "changes": await lists.changes(work, day.run_id) if day.state == RunState.HELD else None,
        "account": await get_account(work, day.sending_account_id),
        "firm": await this_tenant(work),
        "now": work.now,
    }


async def _review(
    work: Work, house: House, day: DayList, after: UUID | None, message: UUID | None
) -> dict[str, Any]:
    found = await previews_in_run(
        work, house.letters, house.composers, day.run_id, after=after, limit=PAGE + 1
    )
    rows = found[:PAGE]
    values: dict[str, Any] = {"rows": rows, "more": rows[-1].send_id if len(found) > PAGE else None}
    if message is not None:
        values |= await _message(work, house, day, message)
    elif rows:
        values |= {"shown": rows[0], "place": await place_of(work, day.run_id, rows[0].send_id)}
    return values


async def _outcome(work: Work, day: DayList, state: str, text: str, after: UUID | None) -> dict[str, Any]:
    wanted = reading.one_of(state, STATES)
    found = await recipients(
        work, day.run_id, state=wanted, text=reading.search(text), after=after, limit=PAGE
    )
    return {"rows": found.rows, "more": found.next, "asked": {"state": wanted or "", "q": text}}


async def _message(work: Work, house: House, day: DayList, listed_send_id: UUID) -> dict[str, Any]:
    shown = await preview_in_run(work, house.letters, house.composers, day.run_id, listed_send_id)
    return {"shown": shown, "place": await place_of(work, day.run_id, listed_send_id)}


async def _release_page(request: Request, day_run_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        day = await lists.get_list(work, day_run_id)
        values = await _head(work, day)
    return pages.render(request, "staff/list_release.html", status=form.status, day=day, form=form, **values)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(N_("Choose a time, like 09:00."), code="time_unreadable", field="at") from None


def _back(request: Request, day_run_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/lists/{day_run_id}", toast=toast)


def _house(request: Request) -> House:
    return request.app.state.house
