"""Campaigns: the list, and the form in which one is chosen, counted while it is filled in."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.aged import aged_report
from bursar.chasing.campaigns import create_campaign, edit_campaign
from bursar.chasing.estimating import Estimate, estimate
from bursar.chasing.from_sheets import remind_of_sheet
from bursar.chasing.kinds import KINDS
from bursar.chasing.results import CampaignShown, list_campaigns, show
from bursar.chasing.reviewing import collected_since
from bursar.chasing.states import CampaignKind, CampaignState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.outbox.accounts import list_accounts
from bursar.outbox.states import Channel
from bursar.outbox.templates import Template, list_templates
from bursar.tenancy.customers import tags_in_use
from bursar.tenancy.saved_views import SavedView, delete_view, list_views, save_view
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.campaign_forms import Typed, again, blank, read_form
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
PAGE = 25
NOUN = "campaign"  # of the segments that somebody keeps
CHASES = frozenset({"invoice_reminder", "overdue_notice", "payment_follow_up"})
"""Categories of templates that a campaign can use."""


@router.get("/campaigns")
async def show_campaigns(request: Request, state: str = "", after: str = "") -> Response:
    wanted = reading.one_of(state, CampaignState)
    async with viewer_work(request) as work:
        found = await list_campaigns(work, state=wanted, before=reading.cursor(after), limit=PAGE + 1)
        rows = found[:PAGE]
        collected = await collected_since(work, [one.id for one in rows])
    return pages.render(
        request,
        "staff/campaigns.html",
        fragment="results",
        rows=rows,
        older=rows[-1].id if len(found) > PAGE else None,
        collected=collected,
        state=wanted or "",
    )


@router.get("/campaigns/new")
async def new_campaign(request: Request, segment: str = "") -> Response:
    """Blank, or over a segment that somebody keeps."""
    async with viewer_work(request, read_only=True) as work:
        kept = next((one for one in await list_views(work, NOUN) if str(one.id) == segment), None)
    return await _form(request, blank(kept.filter if kept else None), segment=kept)


@router.post("/campaign-segments")
async def keep_segment(request: Request) -> Response:
    """The choice as it stands in the form, under a name of its own."""
    typed = await read_form(request)
    try:
        async with viewer_work(request) as work:
            typed.selection((await this_tenant(work)).currency)
            kept = await save_view(work, NOUN, typed.values.get("segment_name", ""), typed.segment())
    except (Invalid, Conflict) as refusal:
        return await _form(request, typed, refusal)
    return pages.see_other(request, f"/campaigns/new?segment={kept}", toast=N_("The segment is kept."))


@router.post("/campaign-segments/{view_id:uuid}/deletion")
async def forget_segment(request: Request, view_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await delete_view(work, view_id)
    return pages.see_other(request, "/campaigns/new", toast=N_("The segment is deleted."))


@router.post("/imports/{run_id:uuid}/campaign")
async def remind_these(request: Request, run_id: UUID) -> Response:
    """A draft about what a sheet brought, ready to be looked at."""
    async with viewer_work(request) as work:
        campaign_id = await remind_of_sheet(work, run_id)
    return pages.see_other(request, f"/campaigns/{campaign_id}")


@router.post("/campaigns/estimate")
async def count_choice(request: Request) -> Response:
    """What the form as it stands would come to; nothing is written, and what cannot be read counts nothing."""
    typed = await read_form(request)
    async with viewer_work(request, read_only=True) as work:
        found, refusal = await _estimated(work, typed)
    return pages.render(request, "staff/campaign_estimate.html", estimate=found, refusal=refusal)


@router.post("/campaigns")
async def add_campaign(request: Request) -> Response:
    typed = await read_form(request)
    try:
        async with viewer_work(request) as work:
            plan = typed.plan((await this_tenant(work)).currency)
            campaign_id = await create_campaign(work, plan)
    except (Invalid, Conflict) as refusal:
        return await _form(request, typed, refusal)
    return pages.see_other(request, f"/campaigns/{campaign_id}")


@router.get("/campaigns/{campaign_id:uuid}/edit")
async def edit_choice(request: Request, campaign_id: UUID) -> Response:
    async with viewer_work(request) as work:
        campaign = await show(work, campaign_id)
        template = next((one for one in await list_templates(work) if one.id == campaign.template_id), None)
        home = (await this_tenant(work)).currency
    typed = again(campaign, template.code if template else None, home)
    return await _form(request, typed, campaign=campaign)


@router.post("/campaigns/{campaign_id:uuid}")
async def save_choice(request: Request, campaign_id: UUID) -> Response:
    typed = await read_form(request)
    async with viewer_work(request, read_only=True) as work:
        campaign = await show(work, campaign_id)
    try:
        async with viewer_work(request) as work:
            plan = typed.plan((await this_tenant(work)).currency)
            await edit_campaign(work, campaign_id, plan)
    except (Invalid, Conflict) as refusal:
        return await _form(request, typed, refusal, campaign)
    return pages.see_other(request, f"/campaigns/{campaign_id}")


async def _form(
    request: Request,
    typed: Typed,
    refusal: Invalid | Conflict | None = None,
    campaign: CampaignShown | None = None,
    segment: SavedView | None = None,
) -> Response:
    form = Form(typed.values, (refusal,) if refusal else ())
    async with viewer_work(request, read_only=True) as work:
        offered = await _offered(work)
        found, unclear = await _estimated(work, typed)
    return pages.render(
        request,
        "staff/campaign_form.html",
        status=form.status,
        form=form,
        campaign=campaign,
        segment=segment,
        estimate=found,
        refusal=unclear,
        **offered,
    )


async def _offered(work: Work) -> dict[str, Any]:
    """What the form lets one choose from."""
    accounts = [one for one in await list_accounts(work) if one.channel == Channel.EMAIL]
    firm = await this_tenant(work)
    return {
        "accounts": [one for one in accounts if one.state not in ("disabled", "connecting")],
        "templates": [one for one in await list_templates(work, active_only=True) if _usable(one)],
        "currencies": sorted({firm.currency, *(await aged_report(work, limit=0)).totals}),
        "tags": await tags_in_use(work),
        "segments": await list_views(work, NOUN),
        "kinds": KINDS,
        "firm": firm,
    }


def _usable(template: Template) -> bool:
    return template.category in CHASES and bool(template.published)


async def _estimated(work: Work, typed: Typed) -> tuple[Estimate | None, Invalid | None]:
    try:
        selection = typed.selection((await this_tenant(work)).currency)
        return await estimate(work, CampaignKind(typed.kind), selection), None
    except Invalid as refusal:
        return None, refusal
