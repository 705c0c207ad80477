"""`bursar payment …`: money that arrived."""

from typing import Annotated, Any

import typer

from bursar.billing.allocations import apply_credit
from bursar.billing.finding import by_number
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.receipts import Payment, get_payment
from bursar.billing.showing import payment_lines
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="Money that arrived.")

PaymentId = Annotated[str, typer.Argument(metavar="ID", help="The payment's id.", show_default=False)]
Because = Annotated[str, typer.Option("--because", help="Why; the journal keeps it.", show_default=False)]


@app.command()
def record(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    invoice: Annotated[str, typer.Option(metavar="NUMBER", help="The invoice it pays.", show_default=False)],
    amount: Annotated[str, typer.Option(help="In the invoice's currency, like 100.00.", show_default=False)],
    received_on: Annotated[str, typer.Option(metavar="DATE", help="Like 2026-11-20.", show_default=False)],
    series: Annotated[str | None, typer.Option(help="Of the invoice, where several have its number.")] = None,
    method: Annotated[str | None, typer.Option(help="How it came, like bank_transfer.")] = None,
    reference: Annotated[str | None, typer.Option(help="What stood on the transfer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record a payment: it pays the invoice, stops its reminders, and what is left is the customer's credit."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            paid = await by_number(work, invoice, series=series)
            given = NewPayment(
                amount=Money.parse(amount, paid.balance.currency),
                received_on=parse_date(received_on, field="received_on"),
                allocate_to=[(paid.id, None)],
                method=method,
                reference=reference,
            )
            recorded = await record_payment(work, given)
        balance = recorded.balances[paid.id]
        told = {"payment_id": recorded.payment_id, "balance": balance, "credit": recorded.credit}
        data = {"id": recorded.payment_id, **told, "currency": balance.currency, "invoice_id": paid.id}
        return Answer(data, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    text: Annotated[str | None, typer.Option(help="A part of the customer, method or reference.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest payments first, reversals among them."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await payment_lines(work, text=text, limit=limit)
        rows = [
            (one.id, one.received_on, one.customer_name, one.amount, one.unused, one.reference)
            for one in found
        ]
        names = ("id", "received_on", "customer", "amount", "credit", "reference")
        data = {
            "payments": [
                {**dict(zip(names, row, strict=True)), "currency": one.amount.currency}
                for row, one in zip(rows, found, strict=True)
            ]
        }
        return Answer(
            data, (table("id", "received", "customer", "amount", "credit", "reference", rows=rows),)
        )

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, payment_id: PaymentId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One payment, and what it pays."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await get_payment(work, running.id_of("payment", payment_id))
        rows = [(one.invoice_id, one.amount, one.taken) for one in found.allocations]
        told = _told(found)
        data = {
            **told,
            "allocations": [
                {"id": one.id, "invoice_id": one.invoice_id, "amount": one.amount, "taken": one.taken}
                for one in found.allocations
            ],
        }
        return Answer(data, (facts(**told), table("invoice", "amount", "taken", rows=rows)))

    running.run(ctx, act, as_json=as_json)


@app.command()
def reverse(
    ctx: typer.Context, payment_id: PaymentId, *, tenant: Tenant, because: Because, as_json: AsJson = False
) -> None:
    """The money never came, or went back: what it paid is open again."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            reversal = await reverse_payment(work, running.id_of("payment", payment_id), because=because)
        return Answer({"id": reversal}, (facts(reversal=reversal),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def allocate(
    ctx: typer.Context,
    payment_id: PaymentId,
    *,
    tenant: Tenant,
    invoice: Annotated[
        str, typer.Option(metavar="NUMBER", help="The invoice it is to pay.", show_default=False)
    ],
    series: Annotated[str | None, typer.Option(help="Of the invoice, where several have its number.")] = None,
    amount: Annotated[str | None, typer.Option(help="At most so much, in the invoice's currency.")] = None,
    taken: Annotated[
        str | None, typer.Option(help="What of the payment goes for it, if it is in another currency.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Use what a payment has left for one more invoice of its customer."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            payment = await get_payment(work, running.id_of("payment", payment_id))
            paid = await by_number(work, invoice, series=series)
            if taken is not None and amount is None:
                raise Invalid(N_("Give both amounts."), code="both_amounts_needed", field="amount")
            used = await apply_credit(
                work,
                paid.id,
                payment_id=payment.id,
                amount=Money.parse(amount, paid.balance.currency) if amount else None,
                taken=Money.parse(taken, payment.amount.currency, field="taken") if taken else None,
            )
        data = {"invoice_id": paid.id, "amount": used, "currency": used.currency}
        return Answer(data, (facts(invoice=paid.number, amount=used),))

    running.run(ctx, act, as_json=as_json)


def _told(found: Payment) -> dict[str, Any]:
    return {
        "id": found.id,
        "customer_id": found.customer_id,
        "amount": found.amount,
        "currency": found.amount.currency,
        "received_on": found.received_on,
        "method": found.method,
        "reference": found.reference,
        "source": found.source,
        "reversed_by_id": found.reversed_by_id,
    }
