"""One message in an agent's own words: what it says now, rewritten, or given back to its template."""

from typing import Annotated
from uuid import UUID

from fastapi import Form as Typed
from fastapi import Request
from starlette.responses import Response

from bursar.chasing.previews import Words, words_of
from bursar.chasing.results import CampaignShown, show
from bursar.chasing.reviewing import campaign_of
from bursar.chasing.states import CampaignState
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox import resolving
from bursar.outbox.reading import Send, get_send
from bursar.web import pages
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/sends/{send_id:uuid}/words"


@router.get(ONE)
async def show_words(request: Request, send_id: UUID) -> Response:
    async with viewer_work(request, read_only=True) as work:
        send, campaign, words = await _found(work, request.app.state.house, send_id)
    return _page(request, send, campaign, words, Form({"subject": words.subject, "body": words.body}))


@router.post(ONE)
async def rewrite(
    request: Request,
    send_id: UUID,
    subject: Annotated[str, Typed()] = "",
    body: Annotated[str, Typed()] = "",
) -> Response:
    async with viewer_work(request) as work:
        send, campaign, words = await _found(work, request.app.state.house, send_id)
        try:
            _refuse_nothing(body)
            await resolving.edit_text(work, send_id, subject=subject, body=body, locale=words.locale)
        except Invalid as refusal:
            form = Form({"subject": subject, "body": body}).refused(refusal)
            return _page(request, send, campaign, words, form)
    return pages.see_other(request, _shown_at(send, campaign), toast=N_("It goes in your words."))


@router.post(ONE + "/removal")
async def give_back(request: Request, send_id: UUID) -> Response:
    """Its template speaks again."""
    async with viewer_work(request) as work:
        send, campaign, words = await _found(work, request.app.state.house, send_id)
        await resolving.edit_text(work, send_id, subject="", body="", locale=words.locale)
    return pages.see_other(request, _shown_at(send, campaign), toast=N_("It goes in the template's words."))


async def _found(work: Work, house: House, send_id: UUID) -> tuple[Send, CampaignShown, Words]:
    """Raises `NotFound` for a message that no campaign made, too."""
    send = (await get_send(work, send_id)).send
    of = await campaign_of(work, send.run_id)
    if of is None:
        raise NotFound("message")
    words = await words_of(work, house.letters, house.composers, of[0], send_id)
    return send, await show(work, of[0]), words


def _page(request: Request, send: Send, campaign: CampaignShown, words: Words, form: Form) -> Response:
    return pages.render(
        request,
        "staff/message_words.html",
        status=form.status,
        send=send,
        campaign=campaign,
        words=words,
        form=form,
        back=_shown_at(send, campaign),
    )


def _shown_at(send: Send, campaign: CampaignShown) -> str:
    """Where the message is looked at: in the preview while its campaign is a draft."""
    draft = campaign.state == CampaignState.DRAFT
    return f"/campaigns/{campaign.id}/messages/{send.id}" if draft else f"/sends/{send.id}"


def _refuse_nothing(body: str) -> None:
    """Raises `Invalid`: nothing at all would give the message back to its template."""
    if not body.strip():
        raise Invalid(
            N_("Write what it shall say, or give it back to the template."), code="body_empty", field="body"
        )
