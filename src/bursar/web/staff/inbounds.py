"""What providers told us: the list, what was said word for word, and to have it applied again."""

import json
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core import inbounds
from bursar.core.errors import N_
from bursar.core.journal import timeline
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()
PAGE = 50
SHOWN = ("waiting", "applied")


@router.get("/inbounds")
async def show_inbounds(request: Request, show: str = "", before: str = "") -> Response:
    wanted = reading.one_of(show, SHOWN)
    async with viewer_work(request) as work:
        found = await inbounds.list_inbounds(
            work,
            waits=None if wanted is None else wanted == "waiting",
            before=reading.cursor(before),
            limit=PAGE + 1,
        )
    after = found[PAGE - 1].id if len(found) > PAGE else None
    return pages.render(
        request, "staff/inbounds.html", fragment="results", rows=found[:PAGE], next=after, show=wanted or ""
    )


@router.get("/inbounds/{inbound_id:uuid}")
async def show_inbound(request: Request, inbound_id: UUID) -> Response:
    async with viewer_work(request) as work:
        inbound = await inbounds.get_inbound(work, inbound_id)
        told = await tell(work, request, await timeline(work, "inbound", inbound_id))
    said = json.dumps(inbound.payload, indent=2, ensure_ascii=False)
    return pages.render(request, "staff/inbound.html", inbound=inbound, told=told, said=said)


@router.post("/inbounds/{inbound_id:uuid}/replay")
async def replay(request: Request, inbound_id: UUID) -> Response:
    """A job applies it after the commit."""
    async with viewer_work(request) as work:
        await inbounds.replay(work, inbound_id)
    return pages.see_other(request, f"/inbounds/{inbound_id}", toast=N_("It is applied again in a moment."))
