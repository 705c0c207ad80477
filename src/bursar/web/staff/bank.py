"""Bank lines: whose money arrived, accepted by one click, chosen by hand, set aside, undone."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import bank
from bursar.billing.bank import BankLine, Suggested
from bursar.billing.filters import Chosen
from bursar.billing.finding import Invoice, open_invoices
from bursar.billing.states import BankLineState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import timeline
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.customers import CustomerFilter, get_customer, list_customers
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.telling import tell

router = staff_router()
PAGE, MOST_INVOICES = 50, 200


@router.get("/bank")
async def list_lines(request: Request, state: str = "", after: str = "") -> Response:
    chosen = BankLineState(reading.one_of(state, BankLineState) or BankLineState.UNMATCHED)
    async with viewer_work(request) as work:
        found = await bank.list_lines(work, chosen, after=reading.cursor(after), limit=PAGE + 1)
        if chosen is BankLineState.UNMATCHED:
            rows = await bank.with_suggestions(work, found[:PAGE])
        else:
            rows = [Suggested(line, ()) for line in found[:PAGE]]
        counts = await bank.count_lines(work)
    return pages.render(
        request,
        "staff/bank.html",
        fragment="results",
        rows=rows,
        state=chosen,
        counts=counts,
        next=found[PAGE - 1].id if len(found) > PAGE else None,
        sure=sum(1 for one in rows if one.best and one.best.sure),
    )


@router.get("/bank/sure")
async def preview_sure(request: Request) -> Response:
    async with viewer_work(request) as work:
        rows = await bank.sure_lines(work)
    return pages.render(request, "staff/bank_sure.html", rows=rows)


@router.post("/bank/sure")
async def accept_sure(request: Request) -> Response:
    chosen = [reading.cursor(one) for one in await reading.chosen(request, "line")]
    async with viewer_work(request) as work:
        matched = await bank.accept_sure(work, [one for one in chosen if one])
    toast = N_("%(count)s lines are matched.")
    return pages.see_other(request, "/bank", toast=toast, params={"count": len(matched)})


@router.get("/bank/{line_id}")
async def show_line(request: Request, line_id: UUID, customer: str = "", q: str = "") -> Response:
    return await _line_page(request, line_id, reading.cursor(customer), q, Form())


@router.post("/bank/{line_id}/match")
async def match(request: Request, line_id: UUID) -> Response:
    typed, named = await reading.typed(request), await reading.chosen(request, "invoice")
    customer_id = reading.cursor(typed.get("customer"))
    try:
        async with viewer_work(request, read_only=True) as work:
            line = await bank.get_line(work, line_id)
            shares = await _shares(work, line, customer_id, typed, named)
        async with viewer_work(request) as work:
            await bank.match_line(work, line_id, customer_id=customer_id, allocate_to=shares)
    except (Invalid, Conflict) as refusal:
        form = Form({**typed, "invoice": named}).refused(refusal)
        return await _line_page(request, line_id, customer_id, "", form)
    return pages.see_other(request, "/bank", toast=N_("Matched; the payment is recorded."))


@router.get("/bank/{line_id}/set-aside/new")
async def ask_set_aside(request: Request, line_id: UUID) -> Response:
    return await _ask(request, line_id, "set-aside", Form())


@router.post("/bank/{line_id}/set-aside")
async def set_aside(request: Request, line_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await bank.set_line_aside(work, line_id, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask(request, line_id, "set-aside", Form(typed).refused(refusal))
    return pages.see_other(request, "/bank", toast=N_("Set aside."))


@router.post("/bank/{line_id}/take-up")
async def take_up(request: Request, line_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await bank.take_line_up(work, line_id)
    return pages.see_other(request, f"/bank/{line_id}", toast=N_("The line waits again."))


@router.get("/bank/{line_id}/unmatch/new")
async def ask_unmatch(request: Request, line_id: UUID) -> Response:
    return await _ask(request, line_id, "unmatch", Form())


@router.post("/bank/{line_id}/unmatch")
async def unmatch(request: Request, line_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await bank.unmatch_line(work, line_id, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask(request, line_id, "unmatch", Form(typed).refused(refusal))
    return pages.see_other(
        request, f"/bank/{line_id}", toast=N_("The payment is reversed; the line waits again.")
    )


async def _line_page(
    request: Request, line_id: UUID, customer_id: UUID | None, q: str, form: Form
) -> Response:
    async with viewer_work(request, read_only=True) as work:
        line = await bank.get_line(work, line_id)
        values: dict[str, Any] = {"suggestions": (), "owed": [], "customer": None, "found": []}
        if line.state is BankLineState.UNMATCHED:
            [told] = await bank.with_suggestions(work, [line])
            values["suggestions"] = told.suggestions
            if customer_id is not None:
                values["customer"] = await get_customer(work, customer_id)
                values["owed"] = await _owed(work, line, customer_id)
            elif q:
                page = await list_customers(work, CustomerFilter(text=reading.search(q)), limit=10)
                values["found"] = page.rows
        told_of = await tell(work, request, await timeline(work, "bank_line", line_id))
    status = form.status
    return pages.render(
        request, "staff/bank_line.html", status=status, line=line, q=q, form=form, told=told_of, **values
    )


async def _owed(work: Work, line: BankLine, customer_id: UUID) -> list[Invoice]:
    chosen = Chosen(customer_id=customer_id, currency=line.amount.currency, open_only=True)
    return await open_invoices(work, chosen, limit=MOST_INVOICES)


async def _shares(
    work: Work, line: BankLine, customer_id: UUID | None, typed: dict[str, str], named: list[str]
) -> list[tuple[UUID, Money | None]]:
    """Invoices that were ticked, in their order, or that have an amount of their own. Raises `Invalid`."""
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    shares: list[tuple[UUID, Money | None]] = []
    for one in await _owed(work, line, customer_id):
        part = reading.amount_or_none(typed, line.amount.currency, f"part-{one.id}")
        if part is not None or str(one.id) in named:
            shares.append((one.id, part))
    return shares


async def _ask(request: Request, line_id: UUID, act: str, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        line = await bank.get_line(work, line_id)
    trail = [(line.payer or line.reference or str(line.amount), f"/bank/{line.id}")]
    return ask(request, _ACTS[act](line), form, at="payments", trail=trail)


def _set_aside(line: BankLine) -> Act:
    return Act(
        N_("Set this line aside?"),
        N_("Set aside"),
        f"/bank/{line.id}/set-aside",
        (Ask("area", "reason", N_("Why?"), N_("For instance: interest, a loan, not a customer's.")),),
        N_("It pays no invoice. It can be taken up again."),
        str(line.amount),
    )


def _unmatch(line: BankLine) -> Act:
    return Act(
        N_("Undo this match?"),
        N_("Undo the match"),
        f"/bank/{line.id}/unmatch",
        (Ask("area", "reason", N_("Why?"), N_("For instance: it is another customer's.")),),
        N_("The payment is reversed and what it paid is open again. The line waits for another match."),
        str(line.amount),
        tone="danger",
    )


_ACTS = {"set-aside": _set_aside, "unmatch": _unmatch}
