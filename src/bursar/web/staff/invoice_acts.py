"""What is done to an invoice: issued, cancelled, promised, disputed and decided, credit put to it."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import allocations, credit_notes, disputes, invoices, issuing, promises
from bursar.billing.finding import Invoice, get_invoice
from bursar.billing.notices import ordering
from bursar.billing.states import DisputeReason
from bursar.core.errors import N_, Conflict, Invalid
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.words import WORDS

router = staff_router()

REFUSED = (Invalid, Conflict)
REASON = Ask("area", "reason", N_("Why?"), N_("Stands in the journal and on the credit note."))
DAY = Ask("date", "promised_for", N_("Paid until"))


@router.post("/invoices/{invoice_id}/issue")
async def issue(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        issued = await issuing.issue_invoice(work, invoice_id)
    toast = N_("Issued under the number %(number)s.")
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=toast, params={"number": issued.number})


@router.post("/invoices/{invoice_id}/sends")
async def send(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await ordering.send_invoice(work, invoice_id)
    return _back(request, invoice_id, N_("It leaves by e-mail with its PDF; below you see how far it got."))


@router.post("/invoices/{invoice_id}/deletion")
async def delete(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await invoices.delete_draft(work, invoice_id)
    return pages.see_other(request, "/invoices", toast=N_("The draft is gone."))


@router.get("/invoices/{invoice_id}/cancellation/new")
async def ask_cancellation(request: Request, invoice_id: UUID) -> Response:
    return await _ask(request, invoice_id, _cancellation, Form())


@router.post("/invoices/{invoice_id}/cancellation")
async def cancel(request: Request, invoice_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            note = await credit_notes.cancel_invoice(work, invoice_id, because=typed.get("reason", ""))
    except REFUSED as refusal:
        return await _ask(request, invoice_id, _cancellation, Form(typed).refused(refusal))
    toast = N_("Cancelled by the credit note %(number)s. What was queued about it is stopped.")
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=toast, params={"number": note.number})


@router.post("/invoices/{invoice_id}/credit")
async def use_credit(request: Request, invoice_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await allocations.apply_credit(work, invoice_id)
    return _back(request, invoice_id, N_("The customer's credit pays it now, as far as it goes."))


@router.get("/invoices/{invoice_id}/promises/new")
async def ask_promise(request: Request, invoice_id: UUID) -> Response:
    return await _ask(request, invoice_id, _promise, Form())


@router.post("/invoices/{invoice_id}/promises")
async def make_promise(request: Request, invoice_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            currency = (await get_invoice(work, invoice_id)).total.currency
            await promises.make_promise(
                work,
                invoice_id,
                promised_for=reading.day(typed, "promised_for"),
                amount=reading.amount_or_none(typed, currency),
                reason=typed.get("reason") or None,
            )
    except REFUSED as refusal:
        return await _ask(request, invoice_id, _promise, Form(typed).refused(refusal))
    return _back(request, invoice_id, N_("Promised. Nobody is reminded of it until then."))


@router.get("/invoices/{invoice_id}/promises/{promise_id}/date/new")
async def ask_date(request: Request, invoice_id: UUID, promise_id: UUID) -> Response:
    return await _ask(request, invoice_id, lambda invoice: _date(invoice, promise_id), Form())


@router.post("/invoices/{invoice_id}/promises/{promise_id}/date")
async def move_promise(request: Request, invoice_id: UUID, promise_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            until = reading.day(typed, "promised_for")
            await promises.move_promise(work, promise_id, promised_for=until)
    except REFUSED as refusal:
        form = Form(typed).refused(refusal)
        return await _ask(request, invoice_id, lambda invoice: _date(invoice, promise_id), form)
    return _back(request, invoice_id, N_("The promise has a new date."))


@router.post("/invoices/{invoice_id}/promises/{promise_id}/withdrawal")
async def withdraw_promise(request: Request, invoice_id: UUID, promise_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await promises.withdraw_promise(work, promise_id)
    return _back(request, invoice_id, N_("The promise is withdrawn; the invoice is chased again."))


@router.get("/invoices/{invoice_id}/disputes/new")
async def ask_dispute(request: Request, invoice_id: UUID) -> Response:
    return await _ask(request, invoice_id, _dispute, Form())


@router.post("/invoices/{invoice_id}/disputes")
async def open_dispute(request: Request, invoice_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            reason = DisputeReason(reading.must_be(typed, "reason", DisputeReason))
            statement = typed.get("statement", "")
            await disputes.open_dispute(work, invoice_id, reason=reason, statement=statement)
    except REFUSED as refusal:
        return await _ask(request, invoice_id, _dispute, Form(typed).refused(refusal))
    return _back(request, invoice_id, N_("Disputed. Nobody is reminded of it until it is decided."))


async def _ask(request: Request, invoice_id: UUID, act_of: Callable[[Invoice], Act], form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        invoice = await get_invoice(work, invoice_id)
    trail = [(invoice.number or invoice.customer_name, f"/invoices/{invoice_id}")]
    return ask(request, act_of(invoice), form, at="invoices", trail=trail)


def _back(request: Request, invoice_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/invoices/{invoice_id}", toast=toast)


def _cancellation(invoice: Invoice) -> Act:
    return Act(
        N_("Cancel this invoice?"),
        N_("Cancel the invoice"),
        f"/invoices/{invoice.id}/cancellation",
        (REASON,),
        N_("A credit note takes its amount back; the number stays used. This cannot be undone."),
        _named(invoice),
        tone="danger",
    )


def _promise(invoice: Invoice) -> Act:
    part = Ask(
        "amount",
        "amount",
        N_("Amount"),
        N_("Empty means all that is open."),
        required=False,
        unit=invoice.total.currency,
    )
    note = Ask("text", "reason", N_("Note"), required=False)
    return Act(
        N_("Write down a promise"),
        N_("Write down"),
        f"/invoices/{invoice.id}/promises",
        (DAY, part, note),
        N_("Until then nobody is reminded of this invoice."),
        _named(invoice),
    )


def _date(invoice: Invoice, promise_id: UUID) -> Act:
    action = f"/invoices/{invoice.id}/promises/{promise_id}/date"
    return Act(N_("Another date"), N_("Change the date"), action, (DAY,), None, _named(invoice))


def _dispute(invoice: Invoice) -> Act:
    reasons = tuple(WORDS["dispute_reason"].items())
    fields = (
        Ask("select", "reason", N_("What is wrong?"), options=reasons),
        Ask("area", "statement", N_("In the customer's words")),
    )
    return Act(
        N_("Write down a dispute"),
        N_("Write down"),
        f"/invoices/{invoice.id}/disputes",
        fields,
        N_("Nobody is reminded of this invoice until the dispute is decided."),
        _named(invoice),
    )


def _named(invoice: Invoice) -> str:
    return " · ".join(each for each in (invoice.number, invoice.customer_name) if each)
