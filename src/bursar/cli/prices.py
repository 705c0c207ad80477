"""`bursar price …`: who pays what from which day on."""

from datetime import date
from typing import Annotated, Any

import typer

from bursar.billing.billed import billed_through
from bursar.catalog import prices
from bursar.catalog.naming import the_customer
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import CustomerPrice
from bursar.catalog.products import find_product
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.money import Money
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="Who pays what from which day on.")
PriceId = Annotated[str, typer.Argument(metavar="ID", help="The price's id.", show_default=False)]
Customer = Annotated[str, typer.Option(help="Code, e-mail address or name.", show_default=False)]
Product = Annotated[str, typer.Option(help="Code or name.", show_default=False)]
From = Annotated[
    str, typer.Option("--from", metavar="DATE", help="The first day, like 2027-01-01.", show_default=False)
]
Backdated = Annotated[bool, typer.Option("--backdated", help="A day before today is meant.")]


@app.command()
def add(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(help="Like 190.00.", show_default=False)],
    *,
    tenant: Tenant,
    customer: Customer,
    product: Product,
    from_: From,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day on which it no longer holds.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Another than the product's, if that is meant.")
    ] = None,
    backdated: Backdated = False,
    as_json: AsJson = False,
) -> None:
    """Agree a price from a day on; the one before ends there."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sold = await find_product(work, product)
            new = NewPrice(
                await the_customer(work, customer),
                sold.id,
                Money.parse(amount, currency or sold.currency),
                _day(from_, "effective_from"),
                _day(until, "effective_to") if until else None,
                backdated=backdated,
                other_currency=currency is not None,
            )
            price_id = await prices.add_price(work, new, billed=billed_through)
            return _answer(await prices.get_price(work, price_id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def end(
    ctx: typer.Context,
    price: PriceId,
    *,
    tenant: Tenant,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The first day without it; none: it goes on.")
    ] = None,
    backdated: Backdated = False,
    as_json: AsJson = False,
) -> None:
    """Say when a price ends, or that it does not."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            price_id = running.id_of("price", price)
            day = _day(on, "effective_to") if on else None
            await prices.end_price(work, price_id, day, billed=billed_through, backdated=backdated)
            return _answer(await prices.get_price(work, price_id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    price: PriceId,
    amount: Annotated[str, typer.Argument(help="Like 190.00.", show_default=False)],
    *,
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Correct a price by which nothing was billed."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            price_id = running.id_of("price", price)
            currency = (await prices.get_price(work, price_id)).unit_price.currency
            await prices.edit_price(work, price_id, Money.parse(amount, currency), billed=billed_through)
            return _answer(await prices.get_price(work, price_id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def remove(ctx: typer.Context, price: PriceId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Take back a price by which nothing was billed; the one before it goes on."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            price_id = running.id_of("price", price)
            await prices.remove_price(work, price_id, billed=billed_through)
        return Answer({"removed": price_id}, ("Taken back.",))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: Annotated[str | None, typer.Option(help="Code, e-mail address or name.")] = None,
    product: Annotated[str | None, typer.Option(help="Code or name.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Only those that hold on this day.")] = None,
    as_json: AsJson = False,
) -> None:
    """The newest first, 200 at most."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await prices.list_prices(
                work,
                customer_id=await the_customer(work, customer) if customer else None,
                product_id=(await find_product(work, product)).id if product else None,
                on=_day(on, "on") if on else None,
                limit=prices.LARGEST_PAGE,
            )
        rows = [
            (
                one.customer_name,
                one.product_code,
                one.unit_price,
                one.effective_from,
                one.effective_to,
                one.id,
            )
            for one in page.rows
        ]
        shown = table("customer", "product", "price", "from", "until", "id", rows=rows)
        return Answer({"prices": [_data(one) for one in page.rows], "more": page.next is not None}, (shown,))

    running.run(ctx, act, as_json=as_json)


def _answer(price: CustomerPrice) -> Answer:
    data = _data(price)
    return Answer(data, (facts(**{**data, "unit_price": price.unit_price}),))


def _data(price: CustomerPrice) -> dict[str, Any]:
    names = (
        "id",
        "customer_id",
        "customer_name",
        "product_code",
        "unit_price",
        "effective_from",
        "effective_to",
    )
    return {**{name: getattr(price, name) for name in names}, "currency": price.unit_price.currency}


def _day(text: str, field: str) -> date:
    return parse_date(text, field=field)
