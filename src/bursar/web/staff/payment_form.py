"""Recording a payment: which invoices it pays, with how much of each, and what it would come to while one types."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.bank import oldest_first
from bursar.billing.filters import Chosen
from bursar.billing.finding import Invoice, get_invoice, open_invoices
from bursar.billing.payments import NewPayment, PaymentRecorded, plan_payments, record_payment
from bursar.core.errors import N_, Conflict, Invalid, Refusal
from bursar.core.money import Money, is_currency
from bursar.core.work import Work
from bursar.tenancy.customers import Customer, get_customer
from bursar.tenancy.tenants import this_tenant
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.drafts import choose_customer

router = staff_router()
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


@router.get("/payments/plan")
async def plan_payment(request: Request) -> Response:
    """What the payment would pay and leave; nothing is written."""
    typed = dict(request.query_params)
    named = request.query_params.getlist("invoice")
    customer_id = reading.cursor(typed.get("customer"))
    plan: PaymentRecorded | None = None
    refusal: Refusal | None = None
    owed: list[Invoice] = []
    async with viewer_work(request) as work:
        if customer_id is not None:
            _, owed = await _owing(work, customer_id)
            try:
                [answer] = await plan_payments(work, [await _payment(work, typed, named, customer_id, owed)])
                plan, refusal = (None, answer) if isinstance(answer, Refusal) else (answer, None)
            except Invalid as invalid:
                refusal = invalid
    numbers = {one.id: one.number for one in owed}
    return pages.render(request, "staff/payment_plan.html", plan=plan, refusal=refusal, numbers=numbers)


@router.post("/payments")
async def create_payment(request: Request) -> Response:
    typed, named = await reading.typed(request), await reading.chosen(request, "invoice")
    customer_id = reading.cursor(typed.get("customer"))
    if customer_id is None:
        raise Invalid(N_("Choose a customer."), code="customer_missing", field="customer")
    async with viewer_work(request, read_only=True) as work:
        payer, owed = await _owing(work, customer_id)
    try:
        async with viewer_work(request) as work:
            payment = await _payment(work, typed, named, customer_id, owed)
            done = await record_payment(work, payment)
            if done.credit and typed.get("keep") != "yes":
                raise MoreThanOpen(done.credit)
    except (Invalid, Conflict) as refusal:
        return _page(request, payer, owed, Form({**typed, "invoice": named}).refused(refusal))
    return pages.see_other(request, f"/payments/{done.payment_id}", toast=N_("The payment is recorded."))


async def _owing(work: Work, customer_id: UUID) -> tuple[Customer, list[Invoice]]:
    chosen = Chosen(customer_id=customer_id, open_only=True)
    payer = await get_customer(work, customer_id)
    return payer, await open_invoices(work, chosen, limit=MOST_INVOICES)


async def _currency(work: Work, owed: list[Invoice]) -> str:
    return owed[0].total.currency if owed else (await this_tenant(work)).currency


async def _payment(
    work: Work, typed: dict[str, str], named: list[str], customer_id: UUID, owed: list[Invoice]
) -> NewPayment:
    """What the form says. An invoice is meant if it is ticked or has an amount of its own. Raises `Invalid`."""
    currency = typed.get("currency", "")
    if not is_currency(currency):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    amount = reading.amount(typed, currency)
    shares: list[tuple[UUID, Money | None]] = []
    taken: dict[UUID, Money] = {}
    for one in owed:
        part = reading.amount_or_none(typed, one.total.currency, f"part-{one.id}")
        used = reading.amount_or_none(typed, currency, f"taken-{one.id}")
        if part is None and used is None and str(one.id) not in named:
            continue
        if one.total.currency != currency and (part is None or used is None):
            raise Invalid(
                N_("The invoice is in another currency: give both amounts."),
                code="both_amounts_needed",
                field=f"part-{one.id}",
            )
        shares.append((one.id, part))
        if used is not None and one.total.currency != currency:
            taken[one.id] = used
    if not shares and typed.get("oldest") == "yes":
        shares = await oldest_first(work, customer_id, amount)
    return NewPayment(
        amount=amount,
        received_on=reading.day(typed, "received_on"),
        customer_id=customer_id,
        allocate_to=shares,
        method=typed.get("method") or None,
        reference=typed.get("reference") or None,
        taken=taken,
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
