"""Replies: what came back to the firm's mailboxes, what waits for somebody first, and one message with its acts."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.chasing.replies import invoices_meant
from bursar.core.work import Work
from bursar.outbox.incoming.inbox import get_incoming, list_incoming
from bursar.outbox.incoming.switching import any_read
from bursar.outbox.states import IncomingClass
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/replies/{reply_id:uuid}"
PAGE = 50
MOST_WAITING = 200


@router.get("/replies")
async def show_replies(request: Request, kind: str = "", after: str = "") -> Response:
    """Those that wait stand above, all of them; below them what was dealt with, page by page."""
    wanted = reading.one_of(kind, [str(one) for one in IncomingClass])
    chosen = IncomingClass(wanted) if wanted else None
    cursor = reading.cursor(after)
    async with viewer_work(request) as work:
        waiting = (
            [] if cursor else (await list_incoming(work, waiting=True, kind=chosen, limit=MOST_WAITING)).rows
        )
        done = await list_incoming(work, waiting=False, kind=chosen, cursor=cursor, limit=PAGE)
        values: dict[str, Any] = {"reads": await any_read(work), "now": work.now}
    return pages.render(
        request,
        "staff/replies.html",
        fragment="results",
        waiting=waiting,
        done=done,
        kind=wanted or "",
        **values,
    )


@router.get(ONE)
async def show_reply(request: Request, reply_id: UUID) -> Response:
    return await one_page(request, reply_id, Form())


async def one_page(request: Request, reply_id: UUID, form: Form, asked: str = "") -> Response:
    """The message with all that can be done about it; `asked` is the form that was refused."""
    async with viewer_work(request, read_only=True) as work:
        values = await _about(work, reply_id)
    return pages.render(request, "staff/reply.html", status=form.status, form=form, asked=asked, **values)


async def _about(work: Work, reply_id: UUID) -> dict[str, Any]:
    message = await get_incoming(work, reply_id)
    of_customer = message.customer_id is not None
    others = await list_incoming(work, customer_id=message.customer_id, limit=10) if of_customer else None
    return {
        "message": message,
        "invoices": await invoices_meant(work, reply_id),
        "others": [one for one in others.rows if one.id != reply_id] if others else [],
        "firm": await this_tenant(work),
        "today": work.today,
    }
