"""Payments: the list, one with what it pays, recording and reversing."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.filters import Chosen
from bursar.billing.finding import Invoice, get_invoice, open_invoices
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.showing import PaymentLine, allocations_of, payment_line, payment_lines
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import timeline
from bursar.core.money import Money, is_currency
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, get_customer
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.asking import Act, Ask, ask
from bursar.web.staff.drafts import choose_customer
from bursar.web.staff.telling import tell

router = staff_router()
PAGE = 50
MOST_INVOICES = 200


class MoreThanOpen(Invalid):
    """Not wrong, but seldom meant: the form asks once more."""

    def __init__(self, rest: Money) -> None:
        super().__init__(
            N_("%(rest)s more than is open. If that is right, keep the rest as the customer's credit."),
            code="more_than_open",
            field="keep",
            rest=str(rest),
        )


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


@router.get("/payments/new")
async def new_payment(request: Request, invoice: str = "", customer: str = "", q: str = "") -> Response:
    async with viewer_work(request) as work:
        invoice_id, customer_id = reading.cursor(invoice), reading.cursor(customer)
        first = await get_invoice(work, invoice_id) if invoice_id else None
        if first is not None:
            customer_id = first.customer_id
        if customer_id is None:
            return await choose_customer(work, request, q, "/payments/new", "payments")
        payer, owed = await _owing(work, customer_id)
        currency = first.total.currency if first else (await _currency(work, owed))
        values: dict[str, Any] = {"received_on": work.today.isoformat(), "currency": currency}
    if first is not None:
        values |= {"amount": first.balance.plain(), "invoice": [str(first.id)]}
    return _page(request, payer, owed, Form(values))


@router.post("/payments")
async def create_payment(request: Request) -> Response:
    typed, named = await reading.typed(request), await reading.chosen(request, "invoice")
    customer_id = reading.cursor(typed.get("customer"))
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    async with viewer_work(request, read_only=True) as work:
        payer, owed = await _owing(work, customer_id)
    try:
        payment = _payment(typed, named, customer_id, owed)
        async with viewer_work(request) as work:
            done = await record_payment(work, payment)
    except (Invalid, Conflict) as refusal:
        return _page(request, payer, owed, Form({**typed, "invoice": named}).refused(refusal))
    return pages.see_other(request, f"/payments/{done.payment_id}", toast=N_("The payment is recorded."))


@router.get("/payments/{payment_id}")
async def show_payment(request: Request, payment_id: UUID) -> Response:
    async with viewer_work(request) as work:
        payment = await payment_line(work, payment_id)
        pays = await allocations_of(work, payment_id)
        told = await tell(work, request, await timeline(work, "payment", payment_id))
    return pages.render(request, "staff/payment.html", payment=payment, pays=pays, told=told)


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


async def _owing(work: Work, customer_id: UUID) -> tuple[Customer, list[Invoice]]:
    chosen = Chosen(customer_id=customer_id, open_only=True)
    payer = await get_customer(work, customer_id)
    return payer, await open_invoices(work, chosen, limit=MOST_INVOICES)


async def _currency(work: Work, owed: list[Invoice]) -> str:
    return owed[0].total.currency if owed else (await this_tenant(work)).currency


def _payment(typed: dict[str, str], named: list[str], customer_id: UUID, owed: list[Invoice]) -> NewPayment:
    """Raises `Invalid`, also for more than is open unless the form says to keep the rest."""
    currency = typed.get("currency", "")
    if not is_currency(currency):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    amount = reading.amount(typed, currency)
    paid = [one for one in owed if str(one.id) in named]
    if any(one.total.currency != currency for one in paid):
        raise Invalid(
            N_("The invoices you ticked are in another currency than the payment."),
            code="mixed_currencies",
            field="currency",
        )
    rest = amount - Money.total((one.balance for one in paid), currency)
    if rest.minor > 0 and typed.get("keep") != "yes":
        raise MoreThanOpen(rest)
    return NewPayment(
        amount=amount,
        received_on=reading.day(typed, "received_on"),
        customer_id=customer_id,
        allocate_to=[(one.id, None) for one in paid],
        method=typed.get("method") or None,
        reference=typed.get("reference") or None,
    )


def _page(request: Request, payer: Customer, owed: list[Invoice], form: Form) -> Response:
    codes = sorted({one.total.currency for one in owed} | {form.value("currency")} - {""})
    return pages.render(
        request,
        "staff/payment_form.html",
        status=form.status,
        customer=payer,
        owed=owed,
        form=form,
        currencies=codes,
        ask_keep=form.error("keep") is not None or form.value("keep") == "yes",
    )


async def _ask(request: Request, payment_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        payment = await payment_line(work, payment_id)
    return ask(request, _reversal(payment), form, at="invoices", trail=_trail(payment))


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
