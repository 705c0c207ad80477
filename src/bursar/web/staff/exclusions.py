"""Who is not written about, whatever a campaign chooses: the list, one more, and one fewer."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.finding import get_invoice
from bursar.chasing import exclusions
from bursar.chasing.states import Covers
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.work import Work
from bursar.tenancy.customers import get_customer
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.drafts import choose_customer

router = staff_router()
PAGE = 50
ADDRESS = "/exclusions/new"
FIELDS = (
    Ask("area", "reason", N_("Why"), N_("For whoever looks at it later.")),
    Ask(
        "select",
        "covers",
        N_("What is left out"),
        options=(
            (Covers.EVERYTHING, N_("Campaigns and sequences")),
            (Covers.CAMPAIGNS, N_("Campaigns only")),
        ),
    ),
    Ask("date", "until", N_("Last day"), N_("Empty: until somebody lifts it."), required=False),
)
LEAD = N_("What waits about it is taken out at once. Receipts and answers still arrive.")


@router.get("/exclusions")
async def show_list(
    request: Request, q: str = "", lifted: str = "", customer: str = "", after: str = ""
) -> Response:
    async with viewer_work(request) as work:
        found = await exclusions.list_exclusions(
            work,
            text=reading.search(q),
            customer_id=reading.cursor(customer),
            lifted=lifted == "1",
            cursor=reading.cursor(after),
            limit=PAGE,
        )
    asked = {"q": q, "lifted": lifted, "customer": customer}
    return pages.render(request, "staff/exclusions.html", fragment="results", page_of=found, asked=asked)


@router.get(ADDRESS)
async def new_one(request: Request, customer: str = "", invoice: str = "", q: str = "") -> Response:
    customer_id, invoice_id = reading.cursor(customer), reading.cursor(invoice)
    async with viewer_work(request) as work:
        if customer_id is None and invoice_id is None:
            return await choose_customer(work, request, q, ADDRESS, "campaigns")
        act = await _act(work, customer_id, invoice_id)
    return _form(request, act, Form({"covers": Covers.EVERYTHING}))


@router.post("/customers/{customer_id:uuid}/exclusions")
async def exclude_customer(request: Request, customer_id: UUID) -> Response:
    return await _exclude(request, customer_id, None)


@router.post("/invoices/{invoice_id:uuid}/exclusions")
async def exclude_invoice(request: Request, invoice_id: UUID) -> Response:
    return await _exclude(request, None, invoice_id)


@router.post("/exclusions/{exclusion_id:uuid}/lifting")
async def lift(request: Request, exclusion_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await exclusions.lift(work, exclusion_id)
    return pages.see_other(request, "/exclusions", toast=N_("They may be written about again."))


async def _exclude(request: Request, customer_id: UUID | None, invoice_id: UUID | None) -> Response:
    typed = await reading.typed(request)
    try:
        covers = Covers(reading.must_be(typed, "covers", Covers))
        until = reading.day_or_none(typed, "until")
        async with viewer_work(request) as work:
            await exclusions.exclude(
                work,
                await _whose(work, customer_id, invoice_id),
                invoice_id=invoice_id,
                reason=typed.get("reason", ""),
                covers=covers,
                until=until,
            )
    except (Invalid, Conflict) as refusal:
        async with viewer_work(request, read_only=True) as work:
            act = await _act(work, customer_id, invoice_id)
        return _form(request, act, Form(typed).refused(refusal))
    return pages.see_other(request, "/exclusions", toast=N_("Nothing more is written about it."))


async def _act(work: Work, customer_id: UUID | None, invoice_id: UUID | None) -> Act:
    """The form about one invoice, or about a customer. Raises `NotFound`."""
    if invoice_id is not None:
        invoice = await get_invoice(work, invoice_id)
        about, action = (
            f"{invoice.number or ''} · {invoice.customer_name}",
            f"/invoices/{invoice_id}/exclusions",
        )
    else:
        customer = await get_customer(work, await _whose(work, customer_id, None))
        about, action = (
            customer.company_name or customer.full_name or "",
            f"/customers/{customer.id}/exclusions",
        )
    return Act(N_("Leave out of campaigns"), N_("Leave out"), action, FIELDS, LEAD, about)


async def _whose(work: Work, customer_id: UUID | None, invoice_id: UUID | None) -> UUID:
    if invoice_id is not None:
        return (await get_invoice(work, invoice_id)).customer_id
    if customer_id is None:
        raise NotFound("customer")
    return customer_id


def _form(request: Request, act: Act, form: Form) -> Response:
    code = pages.page_view(request).language.code
    trail = [
        (languages.say(code, N_("Campaigns")), "/campaigns"),
        (languages.say(code, N_("Exclusions")), "/exclusions"),
    ]
    return ask(request, act, form, at="campaigns", trail=trail)
