"""What happens next to a thing, and what stands in the way: a panel for any page that asks for it."""

from fastapi import Request
from starlette.responses import Response

from bursar.chasing import why as asked
from bursar.web import pages
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/why/{kind}/{key}")
async def show_why(request: Request, kind: str, key: str) -> Response:
    """`kind` is invoice, customer or send; `key` an id, or what people call it."""
    async with viewer_work(request) as work:
        found = await asked.why(work, kind, key)
    return pages.render(request, "staff/why.html", fragment="panel", why=found)
