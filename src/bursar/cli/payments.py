"""`bursar payment …`: money that arrived."""

from typing import Annotated

import typer

from bursar.billing.finding import by_number
from bursar.billing.payments import NewPayment, record_payment
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts
from bursar.core.money import Money
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="Money that arrived.")


@app.callback()
def payments() -> None:
    """Keeps `record` a word of its own while it is the only one."""


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
