"""`bursar price change`: one change of price for many customers, seen before it is made.

Its `app` is that of `bursar price`, with this command in it.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from bursar.billing.billed import billed_through
from bursar.billing.price_changes import Preview, preview_change
from bursar.catalog.naming import the_customer
from bursar.catalog.price_changes import Change, Changed, Outcome, Way, Whose, apply_change
from bursar.catalog.products import find_product
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, in_words, table
from bursar.cli.prices import Backdated, From, Product, app
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.house import House
from bursar.tenancy.dates import parse_date


@app.command()
def change(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    product: Product,
    from_: From,
    to: Annotated[str | None, typer.Option("--to", metavar="AMOUNT", help="The new price.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="AMOUNT", help="How much more; -5 is less.")
    ] = None,
    percent: Annotated[str | None, typer.Option(metavar="PERCENT", help="How many percent more.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only customers with this tag; may be repeated.")
    ] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only these customers; may be repeated.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Only who pays this the day before.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Also who pays the product's own price.")
    ] = False,
    backdated: Backdated = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make it; without, only say what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change the price of many customers, or say what that would change: who, from what to what, which invoices."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sold = await find_product(work, product)
            way, amount, share = _way(to, by, percent, sold.currency)
            whose = Whose(
                tag or (),
                [await the_customer(work, one) for one in customer] if customer else None,
                Money.parse(at, sold.currency, field="at") if at else None,
                everybody,
            )
            asked = Change(
                sold.id, parse_date(from_, field="effective_from"), way, amount, share, whose, backdated
            )
            preview = await preview_change(work, asked)
            if apply:
                await apply_change(work, asked, billed=billed_through, seen=preview.mark)
        return Answer({"applied": apply, **_told(preview)}, _shown(preview, applied=apply))

    running.run(ctx, act, as_json=as_json)


def _way(
    to: str | None, by: str | None, percent: str | None, currency: str
) -> tuple[Way, Money | None, Decimal | None]:
    """Raises `Invalid` unless exactly one of the three is given."""
    if sum(given is not None for given in (to, by, percent)) != 1:
        raise Invalid(N_("Give one of --to, --by and --percent."), code="way_missing", field="way")
    if to is not None:
        return Way.SET, Money.parse(to, currency), None
    if by is not None:
        amount = Money.parse(by.removeprefix("-"), currency)
        return Way.RAISE_BY, -amount if by.startswith("-") else amount, None
    try:
        return Way.RAISE_BY_PERCENT, None, Decimal((percent or "").removesuffix("%"))
    except InvalidOperation:
        raise Invalid(N_("Give the percentage as a number."), code="percent", field="percent") from None


def _told(preview: Preview) -> dict[str, Any]:
    return {
        "customers": [
            {
                "id": part.customer_id,
                "before": part.before,
                "after": part.after,
                "until": part.until,
                "outcome": part.outcome,
                "code": part.refusal.code if part.refusal else None,
            }
            for part in preview.parts
        ],
        "invoices": [
            {
                "recurring_id": one.recurring_id,
                "period": one.period,
                "before": one.before,
                "after": one.after,
                "verdict": one.verdict,
            }
            for one in preview.effect.invoices
        ],
        "sums": [
            {"currency": before.currency, "before": before, "after": after}
            for before, after in preview.effect.sums
        ],
    }


def _shown(preview: Preview, *, applied: bool) -> Sequence[RenderableType]:
    rows = [(part.customer_name, part.before, part.after, _why(part)) for part in preview.parts]
    parts: list[RenderableType] = [table("customer", "from", "to", "", rows=rows)]
    for before, after in preview.effect.sums:
        many = f"{len(preview.effect.invoices)} invoices of the next 12 months change"
        parts.append(f"{many}: {before} becomes {after} before tax.")
    if not preview.effect.invoices:
        parts.append("No recurring invoice of the next 12 months changes.")
    if not applied:
        parts.append("[dim]Nothing was changed. The same with --apply changes it.[/dim]")
    return parts


def _why(part: Changed) -> str:
    if part.refusal:
        return in_words(part.refusal)
    return "" if part.outcome is Outcome.CHANGED else "is so already"
