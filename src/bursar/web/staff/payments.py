"""Payments: the list, one with what it pays and what went back, using what is left, and reversing."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.allocations import apply_credit, reverse_allocation
from bursar.billing.filters import Chosen
from bursar.billing.finding import Invoice, open_invoices
from bursar.billing.payments import reverse_payment
from bursar.billing.refunds import list_refunds
from bursar.billing.showing import PaymentLine, allocations_of, payment_line, payment_lines
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.journal import timeline
from bursar.core.work import Work
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.telling import tell

router = staff_router()
PAGE = 50


@router.get("/payments")
async def list_payments(request: Request, q: str = "", before: str = "") -> Response:
    async with viewer_work(request) as work:
        found = await payment_lines(
            work, text=reading.search(q), before=reading.cursor(before), limit=PAGE + 1
        )
    after = found[PAGE - 1].id if len(found) > PAGE else None
    return pages.render(
        request, "staff/payments.html", fragment="results", rows=found[:PAGE], next=after, q=q
    )


@router.get("/payments/{payment_id}")
async def show_payment(request: Request, payment_id: UUID) -> Response:
    async with viewer_work(request) as work:
        payment = await payment_line(work, payment_id)
        pays = await allocations_of(work, payment_id)
        refunds = await list_refunds(work, payment_id=payment_id)
        owed = await _owed(work, payment)
        told = await tell(work, request, await timeline(work, "payment", payment_id))
    return pages.render(
        request, "staff/payment.html", payment=payment, pays=pays, refunds=refunds, owed=owed, told=told
    )


@router.post("/payments/{payment_id}/allocations")
async def use_credit(request: Request, payment_id: UUID) -> Response:
    invoice_id = reading.cursor((await reading.typed(request)).get("invoice"))
    async with viewer_work(request) as work:
        await payment_line(work, payment_id)
        if invoice_id is None:
            raise Invalid(N_("Choose an invoice."), code="invoice_missing", field="invoice")
        await apply_credit(work, invoice_id, payment_id=payment_id)
    return pages.see_other(request, f"/payments/{payment_id}", toast=N_("It pays this invoice now."))


@router.get("/payments/{payment_id}/allocations/{allocation_id}/reversal/new")
async def ask_allocation_reversal(request: Request, payment_id: UUID, allocation_id: UUID) -> Response:
    return await _ask_allocation(request, payment_id, allocation_id, Form())


@router.post("/payments/{payment_id}/allocations/{allocation_id}/reversal")
async def take_back(request: Request, payment_id: UUID, allocation_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await reverse_allocation(work, allocation_id, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask_allocation(request, payment_id, allocation_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/payments/{payment_id}", toast=N_("It is the customer's credit again."))


@router.get("/payments/{payment_id}/reversal/new")
async def ask_reversal(request: Request, payment_id: UUID) -> Response:
    return await _ask(request, payment_id, Form())


@router.post("/payments/{payment_id}/reversal")
async def reverse(request: Request, payment_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await reverse_payment(work, payment_id, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask(request, payment_id, Form(typed).refused(refusal))
    toast = N_("Reversed. What it paid is open again.")
    return pages.see_other(request, f"/payments/{payment_id}", toast=toast)


async def _owed(work: Work, payment: PaymentLine) -> list[Invoice]:
    """What this payment could pay with what it has left."""
    if not payment.unused:
        return []
    chosen = Chosen(customer_id=payment.customer_id, currency=payment.amount.currency, open_only=True)
    return await open_invoices(work, chosen, limit=PAGE)


async def _ask_allocation(request: Request, payment_id: UUID, allocation_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        payment = await payment_line(work, payment_id)
        pays = await allocations_of(work, payment_id)
        about = next((one for one in pays if one.id == allocation_id), None)
        if about is None:
            raise NotFound("allocation")
    act = Act(
        N_("Take it back from this invoice?"),
        N_("Take it back"),
        f"/payments/{payment_id}/allocations/{allocation_id}/reversal",
        (Ask("area", "reason", N_("Why?"), N_("For instance: it was meant for another invoice.")),),
        N_("The invoice is open again, and the money is the customer's credit."),
        f"{about.amount} · {about.number}",
        tone="danger",
    )
    return ask(request, act, form, at="payments", trail=_trail(payment))


async def _ask(request: Request, payment_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        payment = await payment_line(work, payment_id)
    return ask(request, _reversal(payment), form, at="payments", trail=_trail(payment))


def _trail(payment: PaymentLine) -> list[tuple[str, str]]:
    return [(payment.customer_name, f"/payments/{payment.id}")]


def _reversal(payment: PaymentLine) -> Act:
    return Act(
        N_("Reverse this payment?"),
        N_("Reverse the payment"),
        f"/payments/{payment.id}/reversal",
        (Ask("area", "reason", N_("Why?"), N_("For instance: the bank took it back.")),),
        N_("A second row takes it back; nothing is deleted. What it paid is open again."),
        f"{payment.amount} · {payment.customer_name}",
        tone="danger",
    )
