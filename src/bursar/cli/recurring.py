"""`bursar recurring …`: what is billed each month, and the run that bills it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.billing.recurring import planning as verbs
from bursar.billing.recurring.ending import end_recurring
from bursar.billing.recurring.plans import Plan
from bursar.billing.recurring.previewing import MONTHS, preview_recurring
from bursar.billing.recurring.running import begin_run, carry_out
from bursar.billing.recurring.showing import get_recurring, list_recurring, made_by
from bursar.billing.states import Proration, QuantitySource, RecurringState
from bursar.catalog.products import find_product
from bursar.cli import recurring_answers as answers
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.dates import parse_date
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="Invoices that are made each month.")

RecurringId = Annotated[
    str, typer.Argument(metavar="ID", help="The recurring invoice's id.", show_default=False)
]
Product = Annotated[str | None, typer.Option(help="A product's code.", show_default=False)]
DayOfMonth = Annotated[
    int | None, typer.Option("--day", help="The billing day, 1 to 28.", show_default=False)
]
Start = Annotated[str | None, typer.Option(metavar="DATE", help="Its first day, like 2026-12-01.")]
End = Annotated[str | None, typer.Option(metavar="DATE", help="The last day on which it may run.")]
Quantity = Annotated[str | None, typer.Option(help="How many each month, like 3 or 1.5.")]
Counted = Annotated[
    bool | None, typer.Option("--count-units/--fixed", help="Bill the units of the billing day.")
]
Price = Annotated[str | None, typer.Option(help="In place of the catalog's price, like 150.00.")]
CurrencyOf = Annotated[str | None, typer.Option("--currency", help="Unset: the product's.")]
ByTheDay = Annotated[Proration | None, typer.Option(help="Whether parts of a month cost their days.")]
AutoIssue = Annotated[bool | None, typer.Option("--issue/--draft", help="Issue at once, or leave drafts.")]
Description = Annotated[str | None, typer.Option(help="In place of the product's name.")]
PurchaseOrder = Annotated[str | None, typer.Option(help="The customer's order number.")]
Notes = Annotated[str | None, typer.Option(help="Printed on each invoice.")]


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    customer: Annotated[
        str, typer.Option(help="A customer's code, e-mail address or name.", show_default=False)
    ],
    product: Annotated[str, typer.Option(help="A product's code.", show_default=False)],
    day: Annotated[int, typer.Option(help="The billing day, 1 to 28.", show_default=False)],
    start: Annotated[str, typer.Option(metavar="DATE", help="Its first day.", show_default=False)],
    end: End = None,
    quantity: Quantity = None,
    count_units: Annotated[
        bool, typer.Option("--count-units", help="Bill the units of the billing day.")
    ] = False,
    price: Price = None,
    currency: CurrencyOf = None,
    proration: Annotated[
        Proration, typer.Option(help="Whether parts of a month cost their days.")
    ] = Proration.NONE,
    issue: AutoIssue = None,
    description: Description = None,
    purchase_order: PurchaseOrder = None,
    notes: Notes = None,
    as_json: AsJson = False,
) -> None:
    """Agree on a monthly bill; its first run is the first billing day from the start on."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sold = await find_product(work, product)
            spoken = currency or sold.currency
            plan = Plan(
                customer_id=await answers.customer_called(work, customer),
                product_id=sold.id,
                day_of_month=day,
                start_date=parse_date(start, field="start_date"),
                end_date=parse_date(end, field="end_date") if end else None,
                quantity_source=QuantitySource.UNITS if count_units else QuantitySource.FIXED,
                quantity=None if count_units and quantity is None else answers.number(quantity or "1"),
                unit_price=Money.parse(price, spoken, field="unit_price") if price else None,
                currency=currency,
                proration=proration,
                description=description,
                auto_issue=issue,
                purchase_order=purchase_order,
                notes=notes,
            )
            return answers.answer(await get_recurring(work, await verbs.create_recurring(work, plan)))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    *,
    recurring_id: RecurringId,
    tenant: Tenant,
    product: Product = None,
    day: DayOfMonth = None,
    start: Start = None,
    end: Annotated[
        str | None, typer.Option(metavar="DATE", help="Its last day; `none` for without end.")
    ] = None,
    quantity: Quantity = None,
    count_units: Counted = None,
    price: Annotated[str | None, typer.Option(help="Like 150.00; `none` for the catalog's again.")] = None,
    proration: ByTheDay = None,
    issue: AutoIssue = None,
    description: Description = None,
    purchase_order: PurchaseOrder = None,
    notes: Notes = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; it holds for months that were not billed yet."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("recurring invoice", recurring_id)
            found = await get_recurring(work, chosen)
            given: dict[str, Any] = {
                "day_of_month": day,
                "start_date": parse_date(start, field="start_date") if start else None,
                "proration": proration,
                "auto_issue": issue,
                "description": description,
                "purchase_order": purchase_order,
                "notes": notes,
            }
            changed = {name: value for name, value in given.items() if value is not None}
            if product:
                changed["product_id"] = (await find_product(work, product)).id
            if end:
                changed["end_date"] = None if end == "none" else parse_date(end, field="end_date")
            if price:
                changed["unit_price"] = (
                    None if price == "none" else Money.parse(price, found.currency, field="unit_price")
                )
            changed |= answers.quantity_of(found, quantity, count_units)
            await verbs.edit_recurring(work, chosen, replace(found.plan(), **changed))
            return answers.answer(await get_recurring(work, chosen))

    running.run(ctx, act, as_json=as_json)


@app.command()
def pause(ctx: typer.Context, *, recurring_id: RecurringId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Bill nothing until it is resumed; the months between are not billed later."""
    _move(ctx, recurring_id, tenant, as_json, verbs.pause_recurring)


@app.command()
def resume(ctx: typer.Context, *, recurring_id: RecurringId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Bill again from the next billing day on."""
    _move(ctx, recurring_id, tenant, as_json, verbs.resume_recurring)


@app.command()
def end(
    ctx: typer.Context,
    *,
    recurring_id: RecurringId,
    tenant: Tenant,
    because: Annotated[str | None, typer.Option(help="For the journal.")] = None,
    last_day: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Of a month billed by the day: the days after it are credited."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bill nothing any more; what it has billed stays."""

    async def verb(work: Work, chosen: UUID) -> None:
        day = parse_date(last_day, field="last_day") if last_day else None
        await end_recurring(work, chosen, because=because, last_day=day)

    _move(ctx, recurring_id, tenant, as_json, verb)


@app.command()
def show(ctx: typer.Context, *, recurring_id: RecurringId, tenant: Tenant, as_json: AsJson = False) -> None:
    """What is agreed, and what it has billed."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await get_recurring(work, running.id_of("recurring invoice", recurring_id))
            made = await made_by(work, found.id)
        answer = answers.answer(found)
        rows = [(one.period, one.number, one.state, one.total) for one in made]
        shown = table("month", "invoice", "state", "total", rows=rows)
        return Answer(
            {**answer.data, "invoices": [answers.made_told(one) for one in made]}, (*answer.shown, shown)
        )

    running.run(ctx, act, as_json=as_json)


@app.command()
def preview(
    ctx: typer.Context,
    *,
    recurring_id: RecurringId,
    tenant: Tenant,
    months: Annotated[int, typer.Option(min=1, max=36, help="How many.")] = MONTHS,
    as_json: AsJson = False,
) -> None:
    """The months to come, priced as they will be billed if nothing changes."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("recurring invoice", recurring_id)
            found = await preview_recurring(work, chosen, months=months)
        rows = [
            (one.run_on, one.quantity.normalize(), answers.prices_of(one), one.total, one.verdict)
            for one in found
        ]
        shown = table("runs on", "quantity", "price", "total", "not billed because", rows=rows)
        return Answer({"id": chosen, "months": [answers.month_told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    state: Annotated[RecurringState | None, typer.Option(help="Only these.")] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only those the last run could not bill.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Recurring invoices, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await list_recurring(work, state=state, refused=refused, limit=limit)
        rows = [
            (one.id, one.customer_name, one.product_code, one.state, one.next_run_on, one.refusal)
            for one in found
        ]
        shown = table("id", "customer", "product", "state", "next run", "not billed because", rows=rows)
        return Answer({"recurring_invoices": [answers.told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command("run")
def run_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Bill what is due up to this day. Unset: today.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bill what is due, now and here; safe beside a worker's run and after one that was killed."""

    async def act(house: House) -> Answer:
        day = parse_date(as_of, field="as_of") if as_of else None
        tenant_id = await find_tenant(house.office, tenant)
        async with house.office.work(tenant_id) as work:
            run_id = await begin_run(work, day)
        done = await carry_out(house.office, tenant_id, run_id)
        told = {name: getattr(done, name) for name in ("as_of", "due", "drafted", "issued", "refused")}
        return Answer({"id": done.id, **told, "finished_at": done.finished_at}, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


def _move(
    ctx: typer.Context,
    recurring_id: str,
    tenant: str,
    as_json: bool,
    verb: Callable[[Work, UUID], Awaitable[None]],
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("recurring invoice", recurring_id)
            await verb(work, chosen)
            return answers.answer(await get_recurring(work, chosen))

    running.run(ctx, act, as_json=as_json)
