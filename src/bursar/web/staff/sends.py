"""Single messages: what was said, how it went, and what only a person can say about it."""

from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.chasing import approving
from bursar.chasing.previews import preview_in_run, subjects_now
from bursar.chasing.reviewing import invoices_of
from bursar.chasing.why import why
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox import resolving
from bursar.outbox.incoming.inbox import list_incoming
from bursar.outbox.reading import Asked, Send, SendFilter, get_send, list_sends, message_of
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.run_places import place_of_run
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/sends/{send_id:uuid}"
PAGE = 50
ASKED: tuple[str, ...] = get_args(Asked)


@router.get("/sends")
async def show_sends(request: Request, state: str = "", after: str = "") -> Response:
    wanted: Any = reading.one_of(state, ASKED)
    async with viewer_work(request) as work:
        found = await list_sends(work, SendFilter(state=wanted), cursor=reading.cursor(after), limit=PAGE)
        house, waiting = _house(request), [one.id for one in found.rows if one.subject is None]
        subjects = await subjects_now(work, house.letters, house.composers, waiting) if waiting else {}
    return pages.render(
        request,
        "staff/sends.html",
        fragment="results",
        page_of=found,
        state=wanted or "",
        subjects=subjects,
    )


@router.get(ONE)
async def show_send(request: Request, send_id: UUID, view: str = "html") -> Response:
    return await _page(request, send_id, Form(), view)


@router.get(ONE + "/html")
async def show_html(request: Request, send_id: UUID) -> Response:
    """The mail as it went, or as it would go. Raises `NotFound` for one that has nothing to say."""
    async with viewer_work(request) as work:
        said = await _said(work, _house(request), (await get_send(work, send_id)).send)
    if said["html"] is None:
        raise NotFound("message")
    return pages.preview(said["html"])


@router.post(ONE + "/resolution")
async def resolve(
    request: Request,
    send_id: UUID,
    became: Annotated[str, Typed()] = "",
    reason: Annotated[str, Typed()] = "",
    back: Annotated[str, Typed()] = "",
) -> Response:
    """`back=list`: said of one of many, whose list comes next."""
    try:
        known: Any = reading.must_be({"became": became}, "became", ("sent", "queued", "failed"))
        async with viewer_work(request) as work:
            await resolving.resolve(work, send_id, known, reason=reason)
    except (Invalid, Conflict) as refusal:
        return await _page(request, send_id, Form({"became": became, "reason": reason}).refused(refusal))
    if back == "list":
        return pages.see_other(request, "/sends?state=uncertain", toast=N_("Written down."))
    return _back(request, send_id, N_("Written down."))


@router.post(ONE + "/approval")
async def approve(request: Request, send_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await approving.approve(work, send_id)
    return _back(request, send_id, N_("It goes as it stands now."))


@router.post(ONE + "/cancellation")
async def cancel(request: Request, send_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await resolving.cancel(work, send_id)
    return _back(request, send_id, N_("It is not sent."))


async def _page(request: Request, send_id: UUID, form: Form, view: str = "html") -> Response:
    async with viewer_work(request, read_only=True) as work:
        story = await get_send(work, send_id)
        values = {
            "story": story,
            "said": await _said(work, _house(request), story.send),
            "invoices": await invoices_of(work, send_id),
            "place": await place_of_run(work, story.send.run_id),
            "why": await why(work, "send", str(send_id)),
            "firm": await this_tenant(work),
            "came_back": (await list_incoming(work, send_id=send_id)).rows,
        }
    return pages.render(request, "staff/send.html", status=form.status, form=form, view=view, **values)


async def _said(work: Work, house: House, send: Send) -> dict[str, Any]:
    """Subject and bodies as they went, or as the composer would write them now; `as_it_went` says which.

    `is_the_same` is None for what has not gone: there is nothing to compare with.
    """
    try:
        kept = await message_of(work, house.letters, send.id)
    except Conflict:
        return await _would_say(work, house, send)
    shown = kept.preview
    return {
        "subject": shown.subject,
        "html": shown.html,
        "text": shown.text,
        "as_it_went": True,
        "is_the_same": kept.is_the_same,
        "problem": None,
        "own_words": False,
    }


async def _would_say(work: Work, house: House, send: Send) -> dict[str, Any]:
    nothing = {
        "subject": send.subject,
        "html": None,
        "text": None,
        "as_it_went": False,
        "is_the_same": None,
        "own_words": False,
    }
    place = await place_of_run(work, send.run_id)
    if place is None or send.state != "queued":
        return {**nothing, "problem": None}
    found = await preview_in_run(work, house.letters, house.composers, place.run_id, send.id)
    said = {"subject": found.subject, "html": found.html, "text": found.text, "problem": found.problem}
    return {**nothing, **said, "own_words": found.own_words}


def _back(request: Request, send_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/sends/{send_id}", toast=toast)


def _house(request: Request) -> House:
    return request.app.state.house
