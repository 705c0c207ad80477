"""How a dispute is talked about and decided."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import disputes
from bursar.billing.finding import Invoice, get_invoice
from bursar.core.errors import N_, Conflict, Invalid
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask

router = staff_router()

HERE = "/invoices/{invoice_id}/disputes/{dispute_id}"
REFUSED = (Invalid, Conflict)
WHY = Ask("area", "reason", N_("Why?"), N_("Stands in the journal."))


@router.post(HERE + "/comments")
async def comment(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        await disputes.comment_dispute(work, dispute_id, body=typed.get("body", ""))
    return _back(request, invoice_id, N_("Your note was added."))


@router.get(HERE + "/acceptance/new")
async def ask_acceptance(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    invoice = await _invoice(request, invoice_id)
    return _ask(request, invoice, _acceptance(invoice, dispute_id), Form({"credit": invoice.balance.plain()}))


@router.post(HERE + "/acceptance")
async def accept(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    typed = await reading.typed(request)
    invoice = await _invoice(request, invoice_id)
    try:
        async with viewer_work(request) as work:
            credit = reading.amount(typed, invoice.total.currency, "credit")
            because = typed.get("reason", "")
            await disputes.accept_dispute(work, dispute_id, because=because, credit=credit)
    except REFUSED as refusal:
        return _ask(request, invoice, _acceptance(invoice, dispute_id), Form(typed).refused(refusal))
    return _back(request, invoice_id, N_("Accepted; a credit note takes the amount back."))


@router.get(HERE + "/rejection/new")
async def ask_rejection(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    invoice = await _invoice(request, invoice_id)
    return _ask(request, invoice, _rejection(invoice, dispute_id), Form())


@router.post(HERE + "/rejection")
async def reject(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            await disputes.reject_dispute(work, dispute_id, because=typed.get("reason", ""))
    except REFUSED as refusal:
        invoice = await _invoice(request, invoice_id)
        return _ask(request, invoice, _rejection(invoice, dispute_id), Form(typed).refused(refusal))
    return _back(request, invoice_id, N_("Rejected; the invoice is chased again."))


@router.post(HERE + "/withdrawal")
async def withdraw(request: Request, invoice_id: UUID, dispute_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await disputes.withdraw_dispute(work, dispute_id)
    return _back(request, invoice_id, N_("Withdrawn; the invoice is chased again."))


async def _invoice(request: Request, invoice_id: UUID) -> Invoice:
    async with viewer_work(request, read_only=True) as work:
        return await get_invoice(work, invoice_id)


def _ask(request: Request, invoice: Invoice, act: Act, form: Form) -> Response:
    trail = [(invoice.number or invoice.customer_name, f"/invoices/{invoice.id}")]
    return ask(request, act, form, at="invoices", trail=trail)


def _back(request: Request, invoice_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=toast)


def _acceptance(invoice: Invoice, dispute_id: UUID) -> Act:
    credit = Ask(
        "amount",
        "credit",
        N_("Take back"),
        N_("At most what is open; a credit note is made over it."),
        unit=invoice.total.currency,
    )
    action = f"/invoices/{invoice.id}/disputes/{dispute_id}/acceptance"
    return Act(N_("The customer is right"), N_("Accept the dispute"), action, (credit, WHY))


def _rejection(invoice: Invoice, dispute_id: UUID) -> Act:
    return Act(
        N_("The invoice stands"),
        N_("Reject the dispute"),
        f"/invoices/{invoice.id}/disputes/{dispute_id}/rejection",
        (WHY,),
        N_("It is chased again from here."),
    )
