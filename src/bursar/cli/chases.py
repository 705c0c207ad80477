"""`bursar chase …`: who is written to, who is left in peace, and until when."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.billing.finding import by_number
from bursar.chasing.sequences import chases
from bursar.chasing.sequences.chases import Chase
from bursar.chasing.states import ChaseState
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, table
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="Who is chased, who is left in peace, and until when.")
Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[ID]", help="The chase's id; or name --customer or --invoice.", show_default=False
    ),
]
Customer = Annotated[
    str | None, typer.Option(metavar="ID", help="All of a customer's invoices.", show_default=False)
]
Invoice = Annotated[str | None, typer.Option(metavar="NUMBER", help="One invoice alone.", show_default=False)]
Act = Callable[[Work, UUID], Awaitable[None]]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: Customer = None,
    invoice: Invoice = None,
    state: Annotated[
        ChaseState | None, typer.Option(help="Only those that stand so.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await chases.list_chases(
                work,
                customer_id=running.id_of("customer", customer) if customer else None,
                invoice_id=(await by_number(work, invoice)).id if invoice else None,
                state=state,
                limit=limit,
            )
        return _answer(page.rows)

    running.run(ctx, act, as_json=as_json)


@app.command()
def pause(
    ctx: typer.Context,
    which: Which = None,
    *,
    tenant: Tenant,
    customer: Customer = None,
    invoice: Invoice = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day on which it goes on.")
    ] = None,
    because: Annotated[str | None, typer.Option(help="Why; for your colleagues.")] = None,
    as_json: AsJson = False,
) -> None:
    """Leave them in peace; what waits is called off."""
    day = None if until is None else until

    async def act(work: Work, chase_id: UUID) -> None:
        end = parse_date(day, field="until") if day else None
        await chases.pause(work, chase_id, until=end, because=because)

    _each(ctx, tenant, which, customer, invoice, act, as_json=as_json)


@app.command()
def resume(
    ctx: typer.Context,
    which: Which = None,
    *,
    tenant: Tenant,
    customer: Customer = None,
    invoice: Invoice = None,
    as_json: AsJson = False,
) -> None:
    """Go on; what was missed becomes one message."""
    _each(ctx, tenant, which, customer, invoice, chases.resume, as_json=as_json)


@app.command()
def stop(
    ctx: typer.Context,
    which: Which = None,
    *,
    tenant: Tenant,
    because: Annotated[str, typer.Option("--because", help="Why; for your colleagues.", show_default=False)],
    customer: Customer = None,
    invoice: Invoice = None,
    as_json: AsJson = False,
) -> None:
    """Write no more about it, until somebody starts it again."""

    async def act(work: Work, chase_id: UUID) -> None:
        await chases.stop(work, chase_id, because=because)

    _each(ctx, tenant, which, customer, invoice, act, as_json=as_json)


@app.command()
def start(
    ctx: typer.Context,
    which: Which = None,
    *,
    tenant: Tenant,
    customer: Customer = None,
    invoice: Invoice = None,
    as_json: AsJson = False,
) -> None:
    """Chase again what was stopped or done."""
    _each(ctx, tenant, which, customer, invoice, chases.start, as_json=as_json)


def _each(
    ctx: typer.Context,
    tenant: str,
    which: str | None,
    customer: str | None,
    invoice: str | None,
    do: Act,
    *,
    as_json: bool,
) -> None:
    """One chase, or every chase of a customer or an invoice."""

    async def act(house: House) -> Answer:
        if sum(one is not None for one in (which, customer, invoice)) != 1:
            raise Invalid(
                N_("Name a chase, a customer or an invoice."), code="customer_or_invoice", field="customer"
            )
        async with running.work_in(house, tenant) as work:
            if which is not None:
                ids = [running.id_of("chase", which)]
            elif customer is not None:
                ids = await chases.chase_of_customer(work, running.id_of("customer", customer))
            else:
                ids = await chases.chase_of_invoice(work, (await by_number(work, invoice or "")).id)
            for one in ids:
                await do(work, one)
            return _answer([await chases.get_chase(work, one) for one in ids])

    running.run(ctx, act, as_json=as_json)


def _answer(found: list[Chase]) -> Answer:
    rows = [
        (
            one.id,
            one.customer_name,
            one.invoice_number,
            one.sequence_name,
            one.state,
            one.paused_until,
            one.next_touch_on,
        )
        for one in found
    ]
    shown = table("id", "customer", "invoice", "sequence", "state", "until", "next touch", rows=rows)
    return Answer({"chases": [_told(one) for one in found]}, (shown,))


def _told(one: Chase) -> dict[str, Any]:
    return {
        "id": one.id,
        "sequence_id": one.sequence_id,
        "customer_id": one.customer_id,
        "invoice_id": one.invoice_id,
        "state": one.state,
        "pause_reason": one.pause_reason,
        "paused_until": one.paused_until,
        "note": one.note,
        "touch_number": one.touch_number,
        "next_touch_on": one.next_touch_on,
    }
