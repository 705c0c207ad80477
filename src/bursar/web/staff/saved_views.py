"""Views of a list that somebody keeps: saved from its filter, renamed, deleted."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.tenancy.saved_views import delete_view, list_views, rename_view, save_view
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
FILTERS = ("q", "status", "currency", "age", "customer", "paid")
"""What a view of invoices holds."""


@router.get("/invoice-views")
async def show_views(request: Request) -> Response:
    return await _page(request)


@router.post("/invoice-views")
async def keep(request: Request) -> Response:
    typed = await reading.typed(request)
    kept = {name: typed[name][: reading.LONGEST_SEARCH] for name in FILTERS if typed.get(name)}
    try:
        async with viewer_work(request) as work:
            await save_view(work, "invoice", typed.get("name", ""), kept)
    except (Invalid, Conflict) as refusal:
        return await _page(request, refusal)
    return pages.see_other(request, "/invoices", toast=N_("The view is kept."))


@router.post("/invoice-views/{view_id}/name")
async def rename(request: Request, view_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await rename_view(work, view_id, typed.get("name", ""))
    except (Invalid, Conflict) as refusal:
        return await _page(request, refusal)
    return pages.see_other(request, "/invoice-views", toast=N_("Renamed."))


@router.post("/invoice-views/{view_id}/deletion")
async def delete(request: Request, view_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await delete_view(work, view_id)
    return pages.see_other(request, "/invoice-views", toast=N_("The view is deleted."))


async def _page(request: Request, refusal: Invalid | Conflict | None = None) -> Response:
    async with viewer_work(request, read_only=True) as work:
        views = await list_views(work, "invoice")
    status = refusal.status if refusal else 200
    return pages.render(request, "staff/saved_views.html", status=status, views=views, refusal=refusal)
