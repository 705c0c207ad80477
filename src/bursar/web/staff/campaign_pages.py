"""One campaign: its review while it is a draft, its release, its progress and results afterwards."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.chasing.comparing import comparison_of
from bursar.chasing.leaving_out import list_left_out
from bursar.chasing.previews import preview_one
from bursar.chasing.results import CampaignShown, frozen_list, show
from bursar.chasing.reviewing import recipients
from bursar.chasing.states import CampaignState, ExcludedReason
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox.reasons import REASONS
from bursar.outbox.states import SendState
from bursar.web import live, pages, reading
from bursar.web.campaign_values import FINAL, about, message, outlook, progress, review
from bursar.web.forms import Form
from bursar.web.sessions import signed_in, staff_router, viewer_work

router = staff_router()
ONE = "/campaigns/{campaign_id:uuid}"
PAGE, LEFT_OUT_PAGE = 50, 200
LOOKED_AT_S = 1.0
LONGEST_LOOK = timedelta(hours=2)


@router.get(ONE)
async def show_campaign(
    request: Request, campaign_id: UUID, after: str = "", state: str = "", reason: str = "", q: str = ""
) -> Response:
    """A draft is reviewed; what was let go is watched."""
    async with viewer_work(request) as work:
        campaign = await show(work, campaign_id)
        if campaign.state == CampaignState.DRAFT:
            values = await review(work, _house(request), campaign, after=reading.cursor(after))
            values["test_form"] = _test_form(request)
            template = "staff/campaign_review.html"
        else:
            values = await _watched(work, campaign, state, reason, q, after)
            template = "staff/campaign.html"
    return pages.render(request, template, fragment="listed", campaign=campaign, **values)


@router.get(ONE + "/messages/{send_id:uuid}")
async def show_message(request: Request, campaign_id: UUID, send_id: UUID, view: str = "html") -> Response:
    """One message exactly as it would go now, with the ones before and after it."""
    async with viewer_work(request) as work:
        campaign = await show(work, campaign_id)
        values = await message(work, _house(request), campaign, send_id)
    return pages.render(
        request,
        "staff/campaign_message.html",
        fragment="message",
        campaign=campaign,
        view=view,
        test_form=_test_form(request),
        **values,
    )


@router.get(ONE + "/messages/{send_id:uuid}/html")
async def show_html(request: Request, campaign_id: UUID, send_id: UUID) -> Response:
    """The mail itself, for the frame that shows it. Raises `NotFound` for one that has nothing to say."""
    house = _house(request)
    async with viewer_work(request) as work:
        found = await preview_one(work, house.letters, house.composers, campaign_id, send_id)
    if found.html is None:
        raise NotFound("message")
    return pages.preview(found.html)


@router.get(ONE + "/left-out")
async def show_left_out(request: Request, campaign_id: UUID, page: int = 1, reason: str = "") -> Response:
    """Every invoice that is not in it, with why; and who was taken out by hand."""
    return await left_out_page(request, campaign_id, Form(), page=page, reason=reason)


async def left_out_page(
    request: Request, campaign_id: UUID, form: Form, *, page: int = 1, reason: str = ""
) -> Response:
    first, because = max(page - 1, 0) * LEFT_OUT_PAGE, reading.one_of(reason, ExcludedReason)
    async with viewer_work(request, read_only=True) as work:
        campaign = await show(work, campaign_id)
        rows = []
        if campaign.run_id:
            rows = await frozen_list(
                work,
                campaign.run_id,
                included=False,
                reason=because,
                limit=LEFT_OUT_PAGE + 1,
                offset=first,
            )
        by_hand = await list_left_out(work, campaign_id)
    return pages.render(
        request,
        "staff/campaign_left_out.html",
        status=form.status,
        form=form,
        campaign=campaign,
        by_hand=by_hand,
        reason=because or "",
        rows=rows[:LEFT_OUT_PAGE],
        page_number=max(page, 1),
        more=len(rows) > LEFT_OUT_PAGE,
    )


@router.get(ONE + "/release")
async def ask_release(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        campaign = await show(work, campaign_id)
        values = await outlook(work, campaign)
    return pages.render(
        request, "staff/campaign_release.html", campaign=campaign, form=Form({"when": "now"}), **values
    )


@router.get(ONE + "/progress")
async def watch(request: Request, campaign_id: UUID, seen: int = 0) -> Response:
    """What becomes of it while somebody looks: the parts of the page that changed, until nothing more will.

    `seen` is the version that the page shows: its acts are not put in their own place again, under an open menu.
    """
    async with viewer_work(request) as work:
        await show(work, campaign_id)
    return live.stream(_looks(request, campaign_id, seen))


async def _looks(request: Request, campaign_id: UUID, seen: int) -> AsyncGenerator[live.Event, None]:
    shown: dict[str, str] = {}
    for _ in range(int(LONGEST_LOOK.total_seconds() / LOOKED_AT_S)):
        async with viewer_work(request, read_only=True) as work:
            campaign = await show(work, campaign_id)
            values = {"campaign": campaign, **await progress(work, campaign)}
        for part in ("acts", "progress", "results"):
            text = pages.render_text(request, "staff/campaign.html", part, **values)
            if part == "acts" and not shown and campaign.version == seen:
                shown[part] = text
            if shown.get(part) != text:
                shown[part] = text
                yield live.Event(part, text)
        if campaign.state in FINAL:
            return
        await asyncio.sleep(LOOKED_AT_S)


async def _watched(
    work: Work, campaign: CampaignShown, state: str, reason: str, q: str, after: str
) -> dict[str, Any]:
    wanted, because = reading.one_of(state, (*SendState, "changed")), reading.one_of(reason, REASONS)
    values: dict[str, Any] = {
        **await progress(work, campaign),
        "state": wanted or "",
        "reason": because or "",
        "q": q,
        "comparison": await comparison_of(work, campaign.id),
    }
    if campaign.run_id:
        values["listed"] = await recipients(
            work,
            campaign.run_id,
            state=wanted,
            reason=because,
            text=reading.search(q),
            after=reading.cursor(after),
            limit=PAGE,
        )
    return values | await about(work, campaign)


def _test_form(request: Request) -> Form:
    return Form({"to": signed_in(request).email})


def _house(request: Request) -> House:
    return request.app.state.house
