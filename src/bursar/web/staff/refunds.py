"""Refunds: the list, giving back what a payment has left or what was paid on an invoice, and how it ended."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.finding import get_invoice
from bursar.billing.refunding import refund_invoice
from bursar.billing.refunds import (
    NewRefund,
    fail_refund,
    get_refund,
    list_refunds,
    refund_payment,
    succeed_refund,
)
from bursar.billing.showing import payment_line
from bursar.billing.ways_back import can_go_back, can_go_back_for
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import timeline
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.telling import tell

router = staff_router()
PAGE = 50
DONE = (("yes", N_("It has left already")), ("no", N_("It is on its way")))
BY_TILL = ("till", N_("Send it back to the card"))


@router.get("/refunds")
async def show_refunds(request: Request, before: str = "") -> Response:
    async with viewer_work(request) as work:
        found = await list_refunds(work, before=reading.cursor(before), limit=PAGE + 1)
    after = found[PAGE - 1].id if len(found) > PAGE else None
    return pages.render(request, "staff/refunds.html", fragment="results", rows=found[:PAGE], next=after)


@router.get("/refunds/{refund_id}")
async def show_refund(request: Request, refund_id: UUID) -> Response:
    async with viewer_work(request) as work:
        refund = await get_refund(work, refund_id)
        payment = await payment_line(work, refund.payment_id)
        told = await tell(work, request, await timeline(work, "refund", refund_id))
    return pages.render(request, "staff/refund.html", refund=refund, payment=payment, told=told)


@router.get("/payments/{payment_id}/refunds/new")
async def ask_refund(request: Request, payment_id: UUID) -> Response:
    async with viewer_work(request) as work:
        payment = await payment_line(work, payment_id)
        done = "till" if await can_go_back(work, payment_id) else "yes"
        values = {"amount": payment.unused.plain(), "refunded_on": work.today.isoformat(), "done": done}
    return await _ask_payment(request, payment_id, Form(values))


@router.post("/payments/{payment_id}/refunds")
async def refund_of_payment(request: Request, payment_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            currency = (await payment_line(work, payment_id)).amount.currency
            made = await refund_payment(
                work,
                NewRefund(
                    payment_id,
                    reading.amount(typed, currency),
                    reading.day(typed, "refunded_on"),
                    typed.get("reason", ""),
                    method=typed.get("method") or None,
                    reference=typed.get("reference") or None,
                    done=typed.get("done") != "no",
                    by_till=typed.get("done") == "till",
                ),
            )
    except (Invalid, Conflict) as refusal:
        return await _ask_payment(request, payment_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/refunds/{made.id}", toast=N_("The refund is recorded."))


@router.get("/invoices/{invoice_id}/refunds/new")
async def ask_refund_of_invoice(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        done = "till" if await can_go_back_for(work, invoice_id) else "yes"
        values = {"refunded_on": work.today.isoformat(), "done": done}
    return await _ask_invoice(request, invoice_id, Form(values))


@router.post("/invoices/{invoice_id}/refunds")
async def refund_of_invoice(request: Request, invoice_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            currency = (await get_invoice(work, invoice_id)).total.currency
            await refund_invoice(
                work,
                invoice_id,
                because=typed.get("reason", ""),
                amount=reading.amount_or_none(typed, currency),
                refunded_on=reading.day(typed, "refunded_on"),
                method=typed.get("method") or None,
                reference=typed.get("reference") or None,
                done=typed.get("done") != "no",
                by_till=typed.get("done") == "till",
            )
    except (Invalid, Conflict) as refusal:
        return await _ask_invoice(request, invoice_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=N_("Credited and refunded."))


@router.post("/refunds/{refund_id}/success")
async def succeed(request: Request, refund_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await succeed_refund(work, refund_id)
    return pages.see_other(request, f"/refunds/{refund_id}", toast=N_("The money has arrived."))


@router.get("/refunds/{refund_id}/failure/new")
async def ask_failure(request: Request, refund_id: UUID) -> Response:
    return await _ask_failure(request, refund_id, Form())


@router.post("/refunds/{refund_id}/failure")
async def fail(request: Request, refund_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await fail_refund(work, refund_id, because=typed.get("reason", ""))
    except (Invalid, Conflict) as refusal:
        return await _ask_failure(request, refund_id, Form(typed).refused(refusal))
    return pages.see_other(request, f"/refunds/{refund_id}", toast=N_("It is the customer's credit again."))


async def _ask_payment(request: Request, payment_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        payment = await payment_line(work, payment_id)
        by_till = await can_go_back(work, payment_id)
    act = Act(
        N_("Give money back?"),
        N_("Record the refund"),
        f"/payments/{payment_id}/refunds",
        _fields(payment.amount.currency, required=True, by_till=by_till),
        N_("At most what this payment has left. The customer's credit falls by it."),
        f"{payment.unused} · {payment.customer_name}",
    )
    return ask(request, act, form, at="payments", trail=[(payment.customer_name, f"/payments/{payment_id}")])


async def _ask_invoice(request: Request, invoice_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        invoice = await get_invoice(work, invoice_id)
        by_till = await can_go_back_for(work, invoice_id)
    act = Act(
        N_("Give back what was paid?"),
        N_("Credit and refund"),
        f"/invoices/{invoice_id}/refunds",
        _fields(invoice.total.currency, required=False, by_till=by_till),
        N_(
            "A credit note is issued over what no credit note covers yet. Leave the amount empty for all of it."
        ),
        f"{invoice.number} · {invoice.customer_name}",
        tone="danger",
    )
    return ask(request, act, form, at="invoices", trail=[(invoice.number or "", f"/invoices/{invoice_id}")])


async def _ask_failure(request: Request, refund_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        refund = await get_refund(work, refund_id)
    act = Act(
        N_("Did the refund fail?"),
        N_("It failed"),
        f"/refunds/{refund_id}/failure",
        (Ask("area", "reason", N_("Why?"), N_("For instance: the account is closed.")),),
        N_("The money is the customer's credit again."),
        str(refund.amount),
        tone="danger",
    )
    return ask(request, act, form, at="payments", trail=[(str(refund.amount), f"/refunds/{refund_id}")])


def _fields(currency: str, *, required: bool, by_till: bool) -> tuple[Ask, ...]:
    return (
        Ask("amount", "amount", N_("Amount"), required=required, unit=currency),
        Ask("date", "refunded_on", N_("Refunded on")),
        Ask("area", "reason", N_("Why?"), N_("The journal keeps it.")),
        Ask("text", "method", N_("Method"), required=False),
        Ask("text", "reference", N_("Reference"), required=False),
        Ask("select", "done", N_("The money"), options=(BY_TILL, *DONE) if by_till else DONE),
    )
