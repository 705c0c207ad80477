"""What somebody was told."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.chasing.results import names_of_campaigns
from bursar.core.errors import N_
from bursar.notifications.notifications import list_notifications, mark_all_read, mark_read
from bursar.web import pages
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/notifications")
async def show_notifications(request: Request) -> Response:
    """Looking marks nothing as read: a reader who scans the list may not have seen to it."""
    async with viewer_work(request) as work:
        found = await list_notifications(work)
        campaigns = await names_of_campaigns(
            work, [one.about_id for one in found if one.about_type == "campaign"]
        )
        now = work.now
    return pages.render(
        request, "staff/notifications.html", notifications=found, campaigns=campaigns, now=now
    )


@router.post("/notifications/reading")
async def read_all(request: Request) -> Response:
    async with viewer_work(request) as work:
        await mark_all_read(work)
    return pages.see_other(request, "/notifications", toast=N_("All read."))


@router.post("/notifications/{notification_id}/reading")
async def read_one(request: Request, notification_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await mark_read(work, notification_id)
    return pages.see_other(request, "/notifications")
