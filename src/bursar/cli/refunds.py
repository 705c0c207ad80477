"""`bursar refund …`: money that goes back."""

from typing import Annotated, Any

import typer

from bursar.billing.finding import by_number
from bursar.billing.receipts import get_payment
from bursar.billing.refunding import refund_invoice
from bursar.billing.refunds import NewRefund, Refund, list_refunds, refund_payment
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, table
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="Money that goes back to customers.")


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    because: Annotated[str, typer.Option("--because", help="Why; the journal keeps it.", show_default=False)],
    payment: Annotated[str | None, typer.Option(metavar="ID", help="Give back what it has left.")] = None,
    invoice: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Give back what was paid on it, with a credit note.")
    ] = None,
    amount: Annotated[str | None, typer.Option(help="Like 100.00; needed with --payment.")] = None,
    refunded_on: Annotated[str | None, typer.Option(metavar="DATE", help="The day it left; today.")] = None,
    pending: Annotated[bool, typer.Option("--pending", help="It has not left yet.")] = False,
    by_till: Annotated[
        bool,
        typer.Option("--by-till", help="Send it back to the card that paid, through the payment provider."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give money back: of a payment what pays nothing, or of a paid invoice with its credit note."""

    async def act(house: House) -> Answer:
        if (payment is None) == (invoice is None):
            raise Invalid(N_("Name a payment or an invoice."), code="payment_or_invoice", field="payment")
        async with running.work_in(house, tenant) as work:
            day = parse_date(refunded_on, field="refunded_on") if refunded_on else work.today
            if payment is not None:
                paid = await get_payment(work, running.id_of("payment", payment))
                given = Money.parse(amount or "", paid.amount.currency)
                new = NewRefund(paid.id, given, day, because, done=not pending, by_till=by_till)
                made = [await refund_payment(work, new)]
            else:
                found = await by_number(work, invoice or "")
                part = Money.parse(amount, found.balance.currency) if amount else None
                made = await refund_invoice(
                    work,
                    found.id,
                    because=because,
                    amount=part,
                    refunded_on=day,
                    done=not pending,
                    by_till=by_till,
                )
        return _answer(made)

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    invoice: Annotated[str | None, typer.Option(metavar="NUMBER", help="Only those for it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return _answer(await _listed(work, invoice, limit))

    running.run(ctx, act, as_json=as_json)


async def _listed(work: Work, invoice: str | None, limit: int) -> list[Refund]:
    about = (await by_number(work, invoice)).id if invoice else None
    return await list_refunds(work, invoice_id=about, limit=limit)


def _answer(made: list[Refund]) -> Answer:
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "payment_id": one.payment_id,
            "credit_note_id": one.credit_note_id,
            "amount": one.amount,
            "currency": one.amount.currency,
            "refunded_on": one.refunded_on,
            "state": one.state,
            "reason": one.reason,
        }
        for one in made
    ]
    shown = [(one.id, one.refunded_on, one.amount, one.state, one.reason) for one in made]
    return Answer({"refunds": rows}, (table("id", "on", "amount", "state", "reason", rows=shown),))
