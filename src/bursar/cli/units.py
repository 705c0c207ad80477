"""`bursar unit …`: what is counted for a monthly bill."""

from typing import Annotated, Any

import typer

from bursar.catalog import units
from bursar.catalog.naming import the_customer
from bursar.catalog.prices import names_of
from bursar.catalog.products import find_product, get_products
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import Unit, clean_label
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import Refusal
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="What is counted for a monthly bill.")
Customer = Annotated[str, typer.Option(help="Code, e-mail address or name.", show_default=False)]
SomeCustomer = Annotated[str | None, typer.Option(help="Code, e-mail address or name.")]
SomeProduct = Annotated[str | None, typer.Option(help="Code or name.")]
On = Annotated[str | None, typer.Option(metavar="DATE", help="Like 2026-11-30; today if left out.")]


@app.command()
def add(
    ctx: typer.Context,
    labels: Annotated[list[str], typer.Argument(help="Names or serial numbers.", show_default=False)],
    *,
    tenant: Tenant,
    customer: Customer,
    product: Annotated[str, typer.Option(help="Code or name.", show_default=False)],
    from_: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first day in service.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Put units into service, all or none."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            customer_id, sold = await the_customer(work, customer), await find_product(work, product)
            start = parse_date(from_, field="active_from")
            new = [NewUnit(customer_id, sold.id, clean_label(label), start) for label in labels]
            answers = await units.add_units(work, new)
            for answer in answers:
                if isinstance(answer, Refusal):
                    raise answer
        added = [answer for answer in answers if not isinstance(answer, Refusal)]
        told = {"added": sum(not one.same for one in added), "there already": sum(one.same for one in added)}
        return Answer({"ids": [one.unit_id for one in added], **told}, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def retire(
    ctx: typer.Context,
    labels: Annotated[list[str], typer.Argument(help="Names or serial numbers.", show_default=False)],
    *,
    tenant: Tenant,
    customer: Customer,
    on: Annotated[str, typer.Option(metavar="DATE", help="The first day without them.", show_default=False)],
    product: SomeProduct = None,
    as_json: AsJson = False,
) -> None:
    """Count units of a customer no more from a day on, all or none."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            customer_id = await the_customer(work, customer)
            sold = await find_product(work, product) if product else None
            found = await units.find_units(work, customer_id, labels, product_id=sold.id if sold else None)
            day = parse_date(on, field="active_to")
            retired = await units.retire_units(work, [unit.id for unit in found], day)
        return Answer({"retired": retired}, (facts(retired=retired),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def remove(
    ctx: typer.Context,
    unit: Annotated[str, typer.Argument(metavar="ID", help="The unit's id.", show_default=False)],
    *,
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Take out a unit that was entered by mistake."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            unit_id = running.id_of("unit", unit)
            await units.remove_unit(work, unit_id)
        return Answer({"removed": unit_id}, ("Taken out.",))

    running.run(ctx, act, as_json=as_json)


@app.command()
def count(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    on: On = None,
    customer: SomeCustomer = None,
    product: SomeProduct = None,
    as_json: AsJson = False,
) -> None:
    """How many units are in service on a day, for each customer and product."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            day = parse_date(on, field="on") if on else work.today
            found = await units.count_units(
                work,
                day,
                customer_id=await the_customer(work, customer) if customer else None,
                product_id=(await find_product(work, product)).id if product else None,
            )
            names = await names_of(work, [customer_id for customer_id, _ in found])
            codes = {one.id: one.code for one in await get_products(work, [product for _, product in found])}
        rows = [(names[who], codes[what], many) for (who, what), many in found.items()]
        counted = [
            {"customer_id": who, "customer_name": names[who], "product_code": codes[what], "units": many}
            for (who, what), many in found.items()
        ]
        data = {"on": day, "total": sum(found.values()), "counts": counted}
        return Answer(data, (table("customer", "product", "units", rows=rows, title=f"On {day}"),))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: SomeCustomer = None,
    product: SomeProduct = None,
    on: On = None,
    text: Annotated[str | None, typer.Option(help="A part of the label or the customer's name.")] = None,
    as_json: AsJson = False,
) -> None:
    """The newest first, 200 at most; with --on only those in service on that day."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await units.list_units(
                work,
                customer_id=await the_customer(work, customer) if customer else None,
                product_id=(await find_product(work, product)).id if product else None,
                on=parse_date(on, field="on") if on else None,
                text=text,
                limit=units.LARGEST_PAGE,
            )
        rows = [
            (one.customer_name, one.product_code, one.label, one.active_from, one.active_to)
            for one in page.rows
        ]
        shown = table("customer", "product", "unit", "from", "until", rows=rows)
        return Answer({"units": [_data(one) for one in page.rows], "more": page.next is not None}, (shown,))

    running.run(ctx, act, as_json=as_json)


def _data(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in Unit.__slots__}
