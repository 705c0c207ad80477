"""`bursar report …`: ageing, statements and figures."""

from typing import Annotated, Any

import typer

from bursar.billing.aged import Aged, aged_report, rows_of
from bursar.billing.figures import figures as figures_of
from bursar.billing.rules import Bucket
from bursar.billing.statements import statement as statement_of
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, table
from bursar.house import House
from bursar.tenancy.dates import parse_date

app = typer.Typer(no_args_is_help=True, help="What the books say, each currency by itself.")
AsOf = Annotated[str | None, typer.Option(metavar="DATE", help="As of the end of this day; today.")]


@app.command()
def ageing(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="At most so many customers.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was open when a day ended, by how late it was; who owes most first."""

    async def act(house: House) -> Answer:
        day = parse_date(as_of, field="as_of") if as_of else None
        async with running.work_in(house, tenant) as work:
            report = await aged_report(work, day, limit=limit)
        names = ("currency", *Bucket, "total", "disputed", "credit")
        totals = table(*names, rows=[(code, *_cells(one)) for code, one in report.totals.items()])
        customers = table(
            "customer",
            *names,
            rows=[
                (one.customer_name, one.aged.total.currency, *_cells(one.aged)) for one in report.customers
            ],
        )
        data = {
            "as_of": report.as_of,
            "totals": {code: _data(one) for code, one in report.totals.items()},
            "customers": [
                {
                    "customer_id": str(one.customer_id),
                    "customer": one.customer_name,
                    "currency": one.aged.total.currency,
                    **_data(one.aged),
                }
                for one in report.customers
            ],
            "more": report.more,
        }
        return Answer(data, (totals, customers))

    running.run(ctx, act, as_json=as_json)


@app.command()
def statement(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="ID", help="The customer's id.", show_default=False)],
    *,
    tenant: Tenant,
    start: Annotated[str, typer.Option(metavar="DATE", help="The first day.", show_default=False)],
    end: Annotated[str | None, typer.Option(metavar="DATE", help="The last day; today.")] = None,
    as_json: AsJson = False,
) -> None:
    """A customer's account over a period."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            until = parse_date(end, field="end") if end else work.today
            first = parse_date(start, field="start")
            found = await statement_of(work, running.id_of("customer", customer), first, until)
        shown = [
            table(
                "on",
                "what",
                "about",
                "amount",
                "balance",
                title=code,
                rows=[
                    (found.start, "opening", None, None, one.opening),
                    *((e.on_day, e.kind, e.label, e.amount, e.balance) for e in one.entries),
                    (found.end, "closing", None, None, one.closing),
                ],
            )
            for code, one in found.accounts.items()
        ]
        data = {
            "customer_id": found.customer_id,
            "start": found.start,
            "end": found.end,
            "accounts": {
                code: {
                    "opening": one.opening,
                    "entries": [
                        {
                            "on": e.on_day,
                            "kind": e.kind,
                            "id": str(e.id),
                            "label": e.label,
                            "amount": e.amount,
                            "balance": e.balance,
                        }
                        for e in one.entries
                    ],
                    "closing": one.closing,
                }
                for code, one in found.accounts.items()
            },
        }
        return Answer(data, tuple(shown))

    running.run(ctx, act, as_json=as_json)


@app.command()
def figures(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    as_of: AsOf = None,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months.")] = 12,
    as_json: AsJson = False,
) -> None:
    """What each month brought. DSO: open, by invoiced less credited in the last 90 days, times 90."""

    async def act(house: House) -> Answer:
        day = parse_date(as_of, field="as_of") if as_of else None
        async with running.work_in(house, tenant) as work:
            found = await figures_of(work, day, months=months)
        shown = [
            table(
                "month",
                "invoiced",
                "credited",
                "collected",
                "refunded",
                title=f"{code}: open {one.open.plain()}, overdue {one.overdue.plain()}, DSO {one.dso or '-'}",
                rows=[(m.first, m.invoiced, m.credited, m.collected, m.refunded) for m in one.months],
            )
            for code, one in found.currencies.items()
        ]
        data = {
            "as_of": found.as_of,
            "currencies": {
                code: {
                    "open": one.open,
                    "overdue": one.overdue,
                    "dso": one.dso,
                    "months": [
                        {
                            "month": m.first,
                            "invoiced": m.invoiced,
                            "credited": m.credited,
                            "collected": m.collected,
                            "refunded": m.refunded,
                        }
                        for m in one.months
                    ],
                }
                for code, one in found.currencies.items()
            },
        }
        return Answer(data, tuple(shown))

    running.run(ctx, act, as_json=as_json)


def _cells(one: Aged) -> list[Any]:
    return [*rows_of(one), one.total, one.disputed, one.credit]


def _data(one: Aged) -> dict[str, Any]:
    buckets = {str(bucket): amount for bucket, amount in one.buckets.items()}
    return {"buckets": buckets, "total": one.total, "disputed": one.disputed, "credit": one.credit}
