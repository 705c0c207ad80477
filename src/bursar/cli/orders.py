"""`bursar order …`: what customers agreed to buy, how it is paid, and money that does not fit."""

from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.catalog.products import find_product
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.cli.recurring_answers import customer_called
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.house import House
from bursar.onboarding import ending, order_list, orders, resolving
from bursar.onboarding.order_list import Order, OrderFilter
from bursar.onboarding.orders import NewOrder
from bursar.onboarding.resolving import Resolution
from bursar.onboarding.states import OrderState

app = typer.Typer(no_args_is_help=True, help="What customers agreed to buy, and whether it is paid.")
Which = Annotated[str, typer.Argument(metavar="ID", help="The order's id.", show_default=False)]


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: Annotated[
        str, typer.Option(help="A customer's code, e-mail address or name.", show_default=False)
    ],
    product: Annotated[str, typer.Option(metavar="CODE", help="What is bought.", show_default=False)],
    price: Annotated[str | None, typer.Option(help="Net, in place of the catalog's, like 200.00.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of that price; the product's if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Order for a customer who is known already, and show where they pay."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sold = await find_product(work, product)
            agreed = Money.parse(price, currency or sold.currency, field="price") if price else None
            wanted = NewOrder(await customer_called(work, customer), sold.id, price=agreed)
            return await _shown(house, work, await orders.create_order(work, wanted))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    state: Annotated[OrderState | None, typer.Option(help="Only in this state.")] = None,
    held: Annotated[
        bool | None, typer.Option(help="Only those whose money stands still, or does not.")
    ] = None,
    stuck: Annotated[
        bool,
        typer.Option("--stuck", help="Only those whose money waits for a decision, or was days on its way."),
    ] = False,
    text: Annotated[str | None, typer.Option(help="A part of the customer's name or the product.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first; of those that are stuck the oldest."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            if stuck:
                found, more = await order_list.stuck_orders(work, limit=limit), False
            else:
                page = await order_list.list_orders(work, OrderFilter(state, held, text=text), limit=limit)
                found, more = page.rows, page.next is not None
        rows = [
            (one.id, one.customer_name, one.sold, one.total, one.state, one.hold_reason, one.invoice_number)
            for one in found
        ]
        shown = table("id", "customer", "ordered", "to pay", "state", "held", "invoice", rows=rows)
        return Answer({"orders": [_data(one) for one in found], "more": more}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One order, where it is paid, and money of it that nobody has decided about."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return await _shown(house, work, _id(which))

    running.run(ctx, act, as_json=as_json)


@app.command()
def cancel(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    because: Annotated[str | None, typer.Option(help="For the journal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Nobody is to pay for it any more: reminders stop, an open checkout is closed."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await ending.cancel_order(work, _id(which), because=because)
            return await _shown(house, work, _id(which))

    running.run(ctx, act, as_json=as_json)


@app.command()
def resolve(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    how: Annotated[
        Resolution, typer.Option(help="Let it pay the order, send it back, or keep it as credit.")
    ],
    because: Annotated[str, typer.Option(help="Why; the journal keeps it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Decide about money that is not what was asked for, or came too late or twice."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await resolving.resolve_order(work, _id(which), how, because=because)
            return await _shown(house, work, _id(which))

    running.run(ctx, act, as_json=as_json)


async def _shown(house: House, work: Work, order_id: UUID) -> Answer:
    one = await order_list.get_order(work, order_id)
    left = await order_list.undecided(work, order_id)
    address = order_list.pay_address(work, one, house.settings.base_url) if one.may_be_paid else None
    told = {
        "customer": one.customer_name,
        "ordered": one.sold,
        "to_pay": one.total,
        "state": one.state,
        "held": one.hold_reason,
        "paid_at": one.paid_at,
        "invoice": one.invoice_number,
        "refunded": one.refunded,
        "pay_at": address,
    }
    data = {**_data(one), "pay_address": address, "undecided": [_undecided(each) for each in left]}
    shown = [facts(id=one.id, **told)]
    if left:
        rows = [(each.amount, each.payment_id, "credit" if each.applied else "held") for each in left]
        shown.append(table("to decide about", "payment", "now", rows=rows))
    return Answer(data, tuple(shown))


def _undecided(each: order_list.Undecided) -> dict[str, Any]:
    return {
        "amount": each.amount,
        "currency": each.amount.currency,
        "payment_id": each.payment_id,
        "applied": each.applied,
    }


def _data(one: Order) -> dict[str, Any]:
    names = (
        *("id", "state", "hold_reason", "customer_id", "customer_name", "product_id", "product_code", "sold"),
        *("net", "tax", "total", "refunded", "attempts", "reminders", "reminded_at", "paid_at"),
        *("payment_link_id", "invoice_id", "invoice_number", "payment_id", "created_at"),
    )
    return {**{name: getattr(one, name) for name in names}, "currency": one.total.currency}


def _id(text: str) -> UUID:
    return running.id_of("order", text)
