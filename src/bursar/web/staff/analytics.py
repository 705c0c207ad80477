"""Results: what messages came to, what money followed, and the messages behind each number."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response, StreamingResponse

from bursar.chasing.analytics.exporting import sheet
from bursar.chasing.analytics.narrowing import offered
from bursar.chasing.analytics.overview import behind, results
from bursar.chasing.asking import USUAL_PERIOD, Asked
from bursar.chasing.comparing import comparison_of
from bursar.chasing.results import show as show_campaign
from bursar.core.errors import Invalid
from bursar.core.work import Work
from bursar.tenancy.report_files import TYPES, Batches, report_parts
from bursar.web import analytics_values as values
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
PAGE = 50
DAY = timedelta(days=1)
Kind = Annotated[str, Path(pattern="^(csv|xlsx)$")]


@router.get("/results")
async def show_results(request: Request) -> Response:
    given = dict(request.query_params)
    dimension = values.dimension_of(given)
    async with viewer_work(request) as work:
        form = Form(given)
        try:
            asked = await _from_its_start(work, values.asked_of(given))
            found = await results(work, asked, by=[dimension])
        except Invalid as refusal:
            form, asked = form.refused(refusal), Asked()
            found = await results(work, asked, by=[dimension])
        names = await _names(work, asked)
    return pages.render(
        request,
        "staff/results.html",
        fragment="results",
        status=form.status,
        form=form,
        found=found,
        asked=asked,
        given=given,
        dimension=dimension,
        charts=values.charts(found),
        values=values,
        **names,
    )


@router.get("/results/messages")
async def show_behind(request: Request, after: str = "") -> Response:
    """The messages behind a number, the newest first."""
    given = dict(request.query_params)
    outcome, figure = values.figure_of(given)
    async with viewer_work(request) as work:
        page = await behind(
            work,
            values.asked_of(given),
            outcome=outcome,
            figure=figure,
            reason=given.get("reason") or None,
            cursor=reading.cursor(after),
            limit=PAGE,
        )
    return pages.render(
        request,
        "staff/results_messages.html",
        fragment="results",
        page_of=page,
        given=given,
        figure=given.get("figure", ""),
        values=values,
    )


@router.get("/exports/results.{kind}")
async def export_results(request: Request, kind: Kind) -> Response:
    """The table of the periods, or that of one dimension, as a file."""
    given = dict(request.query_params)
    code = pages.page_view(request).language.code
    dimension = values.dimension_of(given) if given.get("by") else None
    async with viewer_work(request) as work:
        found = await results(work, values.asked_of(given), by=[dimension] if dimension else [])
    header, rows = sheet(found, dimension)

    async def batches() -> Batches:
        yield rows

    told = [languages.say(code, text, params) for text, params in header]
    headers = {
        "Content-Disposition": f'attachment; filename="results.{kind}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    return StreamingResponse(
        report_parts(kind, "results", told, batches()), media_type=TYPES[kind], headers=headers
    )


async def _from_its_start(work: Work, asked: Asked) -> Asked:
    """A campaign that was let go before the usual period is shown whole, unless somebody chose days."""
    if asked.campaign_id is None or asked.first is not None:
        return asked
    started = (await show_campaign(work, asked.campaign_id)).started_at
    if started is None or started.date() - DAY > work.today - USUAL_PERIOD:
        return asked
    return replace(asked, first=started.date() - DAY)  # in whose days it began is nobody's matter here


async def _names(work: Work, asked: Asked) -> Mapping[str, Any]:
    """What the filters offer, and the campaign that was chosen beside who got nothing of it."""
    told: dict[str, Any] = {
        "offered": await offered(work),
        "campaign": None,
        "compared": (),
    }
    if asked.campaign_id is not None:
        told["campaign"] = await show_campaign(work, asked.campaign_id)
        told["compared"] = await _compared(work, asked.campaign_id, asked.windows)
    return told


async def _compared(work: Work, campaign_id: UUID, windows: tuple[int, ...]) -> list[tuple[int, Any]]:
    found = [(days, await comparison_of(work, campaign_id, within=timedelta(days=days))) for days in windows]
    return [(days, one) for days, one in found if one is not None]
