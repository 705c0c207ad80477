"""The journal: what happened in the whole firm, by whatever a reader asks for, or to one thing."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.called import thing_called
from bursar.billing.finding import get_invoice
from bursar.chasing.results import show as show_campaign
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.journal import Page, Wanted, find, sees_origins, timeline, timeline_of_customer
from bursar.core.kinds import ActorType
from bursar.core.registry import REGISTRY, types_of
from bursar.core.work import Work
from bursar.outbox.accounts import get_account
from bursar.outbox.templates import get_template
from bursar.tenancy.agents import names_of_agents
from bursar.tenancy.customers import get_customer
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()

NOUNS = {
    "invoice": N_("Invoices"),
    "credit_note": N_("Credit notes"),
    "recurring_invoice": N_("Recurring invoices"),
    "recurring_run": N_("Monthly runs"),
    "payment": N_("Payments"),
    "refund": N_("Refunds"),
    "bank_line": N_("Bank lines"),
    "payment_link": N_("Payment links"),
    "product": N_("Products"),
    "customer_price": N_("Prices"),
    "billable_unit": N_("Units"),
    "promise": N_("Promises"),
    "dispute": N_("Disputes"),
    "einvoice_document": N_("E-invoices"),
    "customer": N_("Customers"),
    "customer_contact": N_("Contacts"),
    "campaign": N_("Campaigns"),
    "run": N_("Sending"),
    "send": N_("Messages"),
    "suppression": N_("Addresses not written to"),
    "sending_account": N_("Sending accounts"),
    "till": N_("Tills"),
    "checkout_session": N_("Payments by card"),
    "template": N_("Templates"),
    "import_run": N_("Import"),
    "exchange_rate": N_("Exchange rates"),
    "agent": N_("People"),
    "api_key": N_("API keys"),
    "tenant": N_("The firm"),
    "journal_check": N_("The journal's seals"),
}
"""By what a reader narrows the list; every type of an event begins with its noun."""

ACTORS = {
    ActorType.SYSTEM: N_("Bursar itself"),
    ActorType.AGENT: N_("Anybody of the firm"),
    ActorType.CUSTOMER: N_("Customers"),
}
ASKED = ("noun", "type", "who", "since", "until", "about")


@router.get("/journal")
async def show_journal(request: Request, before: str = "") -> Response:
    asked, form = asked_of(request.query_params), Form()
    async with viewer_work(request) as work:
        try:
            page = await find(work, await wanted_of(work, asked), before=reading.cursor(before))
        except NotFound:
            page = Page([], None)
        except (Invalid, Conflict) as refusal:
            page, form = Page([], None), Form(asked).refused(refusal)
        told = await tell(work, request, page)
        people = await names_of_agents(work)
        takes_away = sees_origins(work)
    return pages.render(
        request,
        "staff/journal.html",
        fragment="results",
        status=form.status,
        told=told,
        nouns=NOUNS,
        types={name: REGISTRY[name].sentence for name in types_of(asked["noun"])},
        actors=ACTORS,
        people=people,
        asked=asked,
        form=form,
        takes_away=takes_away,
        about=None,
    )


def asked_of(given: Mapping[str, str]) -> dict[str, str]:
    """The filter as an address has it; a type of another kind of thing than the chosen one is dropped."""
    asked = {name: given.get(name, "") for name in ASKED}
    asked["noun"] = asked["noun"] if asked["noun"] in NOUNS else ""
    asked["type"] = asked["type"] if asked["type"] in types_of(asked["noun"]) else ""
    return asked


async def wanted_of(work: Work, asked: Mapping[str, str]) -> Wanted:
    """What a filter means. Raises `Invalid`, and `NotFound` or `Conflict` for a number."""
    kind, thing = await thing_called(work, asked["about"]) if asked["about"].strip() else (None, None)
    until = reading.day_or_none(asked, "until")
    return Wanted(
        since=_midnight(work, reading.day_or_none(asked, "since")),
        until=_midnight(work, until + timedelta(days=1) if until else None),
        types=[asked["type"]] if asked["type"] else types_of(asked["noun"]),
        entity_type=kind,
        entity_id=thing,
        actor_type=ActorType(asked["who"]) if asked["who"] in ACTORS else None,
        actor_id=reading.cursor(asked["who"]),
    )


def _midnight(work: Work, day: date | None) -> datetime | None:
    """When a day of the firm's calendar begins."""
    return datetime.combine(day, time.min, work.zone) if day else None


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
        asked={},
        form=Form(),
        takes_away=False,
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
