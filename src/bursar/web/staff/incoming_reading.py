"""Whether a mailbox's replies are read, and where: a page beside each sending account."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.outbox import accounts
from bursar.outbox.incoming.switching import (
    BY_IMAP,
    INBOX,
    ImapServer,
    reading_of,
    start_reading,
    stop_reading,
)
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import office_of, origin_of, signed_in, staff_router, viewer_work

router = staff_router()
HERE = "/sending-accounts/{account_id:uuid}/reading"
USUAL_PORT = "993"


@router.get(HERE)
async def show_reading(request: Request, account_id: UUID) -> Response:
    return await _page(request, account_id, None)


@router.post(HERE)
async def start(request: Request, account_id: UUID) -> Response:
    """Tried out before it is kept."""
    typed = await reading.typed(request)
    signed = signed_in(request)
    try:
        await start_reading(
            office_of(request),
            signed.tenant_id,
            signed.actor,
            request.app.state.house.readers,
            account_id,
            server=_server(typed),
            folder=typed.get("folder", "") or INBOX,
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        return await _page(request, account_id, Form(typed).refused(refusal))
    target = f"/sending-accounts/{account_id}/reading"
    return pages.see_other(request, target, toast=N_("Replies to this mailbox come here from now on."))


@router.post(HERE + "/end")
async def stop(request: Request, account_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await stop_reading(work, account_id)
    return pages.see_other(
        request, f"/sending-accounts/{account_id}/reading", toast=N_("This mailbox is read no more.")
    )


async def _page(request: Request, account_id: UUID, form: Form | None) -> Response:
    async with viewer_work(request, read_only=True) as work:
        account = await accounts.get_account(work, account_id)
        found = await reading_of(work, account_id)
        now = work.now
    usual = {
        "host": (found and found.host) or "",
        "port": (found and found.port) or USUAL_PORT,
        "tls": (found and found.tls) or "implicit",
        "folder": found.folder if found else INBOX,
    }
    return pages.render(
        request,
        "staff/reading.html",
        status=form.status if form else 200,
        account=account,
        reading=found,
        by_imap=account.kind in BY_IMAP,
        form=form or Form(usual),
        now=now,
    )


def _server(typed: dict[str, str]) -> ImapServer | None:
    if not typed.get("host", "").strip():
        return None
    port = typed.get("port", "").strip()
    if not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise Invalid(N_("Give a whole number."), code="number_unreadable", field="port")
    tls = typed.get("tls", "implicit")
    return ImapServer(
        typed["host"], int(port), tls if tls in ("starttls", "implicit", "none") else "implicit"
    )
