"""One message in an agent's own words: what it says now, rewritten, or given back to its template."""

from typing import Annotated
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.chasing.previews import Words, words_in_run
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox import resolving
from bursar.outbox.reading import Send, get_send
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.run_places import RunPlace, place_of_run
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/sends/{send_id:uuid}/words"


@router.get(ONE)
async def show_words(request: Request, send_id: UUID) -> Response:
    async with viewer_work(request, read_only=True) as work:
        send, place, words = await _found(work, request.app.state.house, send_id)
    return _page(request, send, place, words, Form({"subject": words.subject, "body": words.body}))


@router.post(ONE)
async def rewrite(
    request: Request,
    send_id: UUID,
    subject: Annotated[str, Typed()] = "",
    body: Annotated[str, Typed()] = "",
) -> Response:
    async with viewer_work(request) as work:
        send, place, words = await _found(work, request.app.state.house, send_id)
        try:
            _refuse_nothing(body)
            await resolving.edit_text(work, send_id, subject=subject, body=body, locale=words.locale)
        except Invalid as refusal:
            form = Form({"subject": subject, "body": body}).refused(refusal)
            return _page(request, send, place, words, form)
    return pages.see_other(request, place.shown_at(send.id), toast=N_("It goes in your words."))


@router.post(ONE + "/removal")
async def give_back(request: Request, send_id: UUID) -> Response:
    """Its template speaks again."""
    async with viewer_work(request) as work:
        send, place, words = await _found(work, request.app.state.house, send_id)
        await resolving.edit_text(work, send_id, subject="", body="", locale=words.locale)
    return pages.see_other(request, place.shown_at(send.id), toast=N_("It goes in the template's words."))


async def _found(work: Work, house: House, send_id: UUID) -> tuple[Send, RunPlace, Words]:
    """Raises `NotFound` for a message that neither a campaign nor a sequence made, too."""
    send = (await get_send(work, send_id)).send
    place = await place_of_run(work, send.run_id)
    if place is None:
        raise NotFound("message")
    words = await words_in_run(work, house.letters, house.composers, place.run_id, send_id)
    return send, place, words


def _page(request: Request, send: Send, place: RunPlace, words: Words, form: Form) -> Response:
    return pages.render(
        request,
        "staff/message_words.html",
        status=form.status,
        send=send,
        place=place,
        words=words,
        form=form,
        back=place.shown_at(send.id),
    )


def _refuse_nothing(body: str) -> None:
    """Raises `Invalid`: nothing at all would give the message back to its template."""
    if not body.strip():
        raise Invalid(
            N_("Write what it shall say, or give it back to the template."), code="body_empty", field="body"
        )
