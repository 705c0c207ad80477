"""`bursar exclusion …`: customers and invoices that no campaign writes about."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.billing.finding import by_number
from bursar.chasing import exclusions as verbs
from bursar.chasing.exclusions import Exclusion
from bursar.chasing.states import Covers
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, table
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.house import House

app = typer.Typer(no_args_is_help=True, help="Who is not written about, whatever a campaign chooses.")


@app.command()
def add(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it later.", show_default=False)],
    customer: Annotated[str | None, typer.Option(metavar="ID", help="All invoices of this customer.")] = None,
    invoice: Annotated[str | None, typer.Option(metavar="NUMBER", help="This invoice alone.")] = None,
    covers: Annotated[Covers, typer.Option(help="What is left out.")] = Covers.EVERYTHING,
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Its last day. Unset: until it is lifted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write no more about a customer or an invoice; what waits about it is taken out at once."""

    async def act(house: House) -> Answer:
        last = _day(until)
        async with running.work_in(house, tenant) as work:
            customer_id, invoice_id = await _about(work, customer, invoice)
            made = await verbs.exclude(
                work, customer_id, invoice_id=invoice_id, reason=reason, covers=covers, until=last
            )
        return Answer({"id": made}, (str(made),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def lift(
    ctx: typer.Context,
    *,
    exclusion_id: Annotated[
        str, typer.Argument(metavar="ID", help="The exclusion's id.", show_default=False)
    ],
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """They may be written about again; what was taken out meanwhile stays out."""

    async def act(house: House) -> Answer:
        chosen = running.id_of("exclusion", exclusion_id)
        async with running.work_in(house, tenant) as work:
            await verbs.lift(work, chosen)
        return Answer({"id": chosen}, (f"{chosen} is lifted.",))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those that no longer hold too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who is not written about, and why; the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = (await verbs.list_exclusions(work, lifted=lifted, limit=limit)).rows
        rows = [
            (one.id, one.customer_name, one.invoice_number, one.covers, one.reason, one.until)
            for one in found
        ]
        shown = table("id", "customer", "invoice", "covers", "reason", "until", rows=rows)
        return Answer({"exclusions": [_told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


def _told(one: Exclusion) -> dict[str, Any]:
    names = (
        *("id", "customer_id", "customer_name", "invoice_id", "invoice_number", "covers", "reason", "until"),
        *("lifted_at", "created_at", "in_force"),
    )
    return {name: getattr(one, name) for name in names}


async def _about(work: Work, customer: str | None, invoice: str | None) -> tuple[UUID, UUID | None]:
    if (customer is None) == (invoice is None):
        raise Invalid(N_("Name a customer or an invoice."), code="name_one", field="customer")
    if invoice is not None:
        found = await by_number(work, invoice)
        return found.customer_id, found.id
    return running.id_of("customer", customer or ""), None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("Write the date like 2026-11-20."), code="date_unreadable", field="until") from None
