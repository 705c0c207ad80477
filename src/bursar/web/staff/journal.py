"""What happened: in the whole firm, or to one thing."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.finding import get_invoice
from bursar.chasing.results import show as show_campaign
from bursar.core.errors import N_, NotFound
from bursar.core.journal import Page, timeline, timeline_of_customer, timeline_of_tenant
from bursar.core.registry import REGISTRY
from bursar.core.work import Work
from bursar.outbox.accounts import get_account
from bursar.outbox.templates import get_template
from bursar.tenancy.customers import get_customer
from bursar.web import pages, reading
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()

NOUNS = {
    "campaign": N_("Campaigns"),
    "run": N_("Sending"),
    "invoice": N_("Invoices"),
    "payment": N_("Payments"),
    "promise": N_("Promises"),
    "dispute": N_("Disputes"),
    "customer": N_("Customers"),
    "sending_account": N_("Sending accounts"),
    "template": N_("Templates"),
    "import_run": N_("Import"),
    "agent": N_("People"),
    "api_key": N_("API keys"),
    "tenant": N_("The firm"),
}
"""By what a reader narrows the list; every type of an event begins with its noun."""


def _types(noun: str) -> list[str]:
    return [name for name in REGISTRY if name.partition(".")[0] == noun]


@router.get("/journal")
async def show_journal(request: Request, noun: str = "", before: str = "") -> Response:
    chosen = noun if noun in NOUNS else ""
    async with viewer_work(request) as work:
        types = _types(chosen) if chosen else ()
        page = await timeline_of_tenant(work, types=types, before=reading.cursor(before))
        told = await tell(work, request, page)
    return pages.render(
        request, "staff/journal.html", fragment="results", told=told, nouns=NOUNS, noun=chosen, about=None
    )


@router.get("/journal/{entity_type}/{entity_id}")
async def show_one(request: Request, entity_type: str, entity_id: UUID, before: str = "") -> Response:
    async with viewer_work(request) as work:
        page = await _of(work, entity_type, entity_id, reading.cursor(before))
        told = await tell(work, request, page)
        if not told.entries and not before:
            raise NotFound(entity_type)
        called = await _called(work, entity_type, entity_id)
    return pages.render(
        request,
        "staff/journal.html",
        fragment="results",
        told=told,
        nouns=NOUNS,
        noun="",
        about=(entity_type, entity_id),
        called=called,
    )


async def _called(work: Work, entity_type: str, entity_id: UUID) -> tuple[str, str] | None:
    """What people call this thing and where it is shown; None for what has no name of its own, or is gone."""
    try:
        match entity_type:
            case "invoice":
                name, folder = (await get_invoice(work, entity_id)).number, "invoices"
            case "customer":
                name, folder = (await get_customer(work, entity_id)).name, "customers"
            case "campaign":
                name, folder = (await show_campaign(work, entity_id)).name, "campaigns"
            case "sending_account":
                name, folder = (await get_account(work, entity_id)).address, "sending-accounts"
            case "template":
                name, folder = (await get_template(work, entity_id))[0].name, "templates"
            case _:
                name, folder = None, ""
    except NotFound:
        return None
    return (name, f"/{folder}/{entity_id}") if name else None


async def _of(work: Work, entity_type: str, entity_id: UUID, before: UUID | None) -> Page:
    """Of a customer all that happened around them, of anything else what happened to it."""
    if entity_type == "customer":
        return await timeline_of_customer(work, entity_id, before=before)
    return await timeline(work, entity_type, entity_id, before=before)
