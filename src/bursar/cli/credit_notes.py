"""`bursar credit-note …`: what took an invoice's amount back."""

from typing import Annotated, Any

import typer

from bursar.billing.credit_notes import CreditReason, issue_credit_note
from bursar.billing.credited import (
    CreditNoteShown,
    credit_note_by_number,
    lines_of_credit_note,
    list_credit_notes,
)
from bursar.billing.finding import by_number
from bursar.cli import running
from bursar.cli.invoice_lines import parse_part
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.money import Money
from bursar.house import House

app = typer.Typer(no_args_is_help=True, help="Credit notes: by lines, by amount, or over all that is left.")


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    invoice: Annotated[str, typer.Option(metavar="NUMBER", help="Which it corrects.", show_default=False)],
    because: Annotated[str, typer.Option(help="Stands on the credit note.", show_default=False)],
    amount: Annotated[str | None, typer.Option(help="With its tax, like 105.00.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER[=QUANTITY]", help="A line of the invoice.")
    ] = None,
    reason_code: Annotated[
        CreditReason, typer.Option(help="As PINT-AE names it.")
    ] = CreditReason.CONSIDERATION,
    series: Annotated[str | None, typer.Option(help="Of the invoice, where several have its number.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take back an amount, lines, or all that is left; money that had paid it becomes the customer's credit."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await by_number(work, invoice, series=series)
            note = await issue_credit_note(
                work,
                found.id,
                Money.parse(amount, found.balance.currency) if amount else None,
                parts=[parse_part(text) for text in line or ()],
                because=because,
                reason_code=reason_code,
            )
        told = {"number": note.number, "amount": note.amount, "tax": note.tax, "released": note.released}
        data = {"id": note.id, **told, "currency": note.amount.currency, "invoice_id": found.id}
        return Answer(data, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    invoice: Annotated[str | None, typer.Option(metavar="NUMBER", help="That correct this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Credit notes, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            about = (await by_number(work, invoice)).id if invoice else None
            rows = await list_credit_notes(work, invoice_id=about, limit=limit)
        cells = [
            [row.number, row.invoice_number, row.customer_name, row.issue_date, row.amount, row.reason]
            for row in rows
        ]
        shown = table("number", "invoice", "customer", "issued", "amount", "why", rows=cells)
        return Answer({"items": [_told(row) for row in rows]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(
    ctx: typer.Context,
    *,
    number: Annotated[str, typer.Argument(help="Of the credit note.", show_default=False)],
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """One credit note with its lines."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            note = await credit_note_by_number(work, number)
            rows = await lines_of_credit_note(work, note.id)
        currency, told = note.amount.currency, _told(note)
        lines = [
            {
                "position": row["position"],
                "description": row["description"],
                "quantity": f"{row['quantity'].normalize():f}",
                "net": Money(row["net_minor"], currency),
                "tax": Money(row["tax_minor"], currency),
            }
            for row in rows
        ]
        names = ("description", "quantity", "net", "tax")
        listed = table(*names, rows=[[line[name] for name in names] for line in lines])
        return Answer({**told, "lines": lines}, (facts(**told), listed))

    running.run(ctx, act, as_json=as_json)


def _told(note: CreditNoteShown) -> dict[str, Any]:
    names = ("id", "number", "invoice_number", "customer_name", "issue_date", "reason_code", "reason")
    sums = {name: getattr(note, name) for name in ("amount", "tax", "released")}
    return {**{name: getattr(note, name) for name in names}, "currency": note.amount.currency, **sums}
