"""`bursar product …`: what is sold."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from bursar.billing.settings import BillingSettings
from bursar.catalog import products
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.product_export import HEADER, product_rows
from bursar.catalog.product_fields import ProductInput
from bursar.catalog.products import Product
from bursar.catalog.rules import UNTAXED
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table, translate
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.report_files import report_parts
from bursar.tenancy.tenants import this_tenant

app = typer.Typer(no_args_is_help=True, help="What is sold.")
Called = Annotated[
    str, typer.Argument(metavar="CODE", help="The product's code or name.", show_default=False)
]
Name = Annotated[str | None, typer.Option(help="As it stands on invoices.")]
NameLocal = Annotated[str | None, typer.Option(help="In the second language of a bilingual invoice.")]
Price = Annotated[str | None, typer.Option(help="Like 200.00; empty for none.")]
Currency = Annotated[str | None, typer.Option(help="Of the price; the firm's if left out.")]
Tax = Annotated[TaxCategory | None, typer.Option(help="Category of the tax.")]
TaxRate = Annotated[str | None, typer.Option(help="In percent, like 5.")]
Unit = Annotated[str | None, typer.Option(help="UN/ECE Recommendation 20, like C62 or MON.")]
Kind = Annotated[ItemKind | None, typer.Option(help="What an e-invoice calls it.")]
Classification = Annotated[str | None, typer.Option(help="HS for goods, SAC for services.")]
Included = Annotated[
    list[str] | None,
    typer.Option(help="A line of what the price covers; again for each. One empty for none."),
]
IncludedLocal = Annotated[list[str] | None, typer.Option(help="The same in the second language.")]
StripeProduct = Annotated[str | None, typer.Option(help="Its id at Stripe, if it has one there.")]
StripePrice = Annotated[str | None, typer.Option(help="The id of its price there.")]


@app.command()
def add(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="Its short name, once in the firm.", show_default=False)],
    *,
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="As it stands on invoices.", show_default=False)],
    name_local: NameLocal = None,
    price: Price = None,
    currency: Currency = None,
    tax: Tax = None,
    tax_rate: TaxRate = None,
    unit: Unit = None,
    kind: Kind = None,
    classification: Classification = None,
    included: Included = None,
    included_local: IncludedLocal = None,
    stripe_product: StripeProduct = None,
    stripe_price: StripePrice = None,
    as_json: AsJson = False,
) -> None:
    """Add a product. Its tax is the firm's usual one unless said otherwise."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            told: dict[str, Any] = {"code": code, "name": name, "name_local": name_local, "unit_code": unit}
            told |= {"item_kind": kind, "classification_code": classification}
            told |= {"included": included or None, "included_local": included_local or None}
            told |= {"stripe_product_id": stripe_product, "stripe_price_id": stripe_price}
            told |= await _money(work, price, currency, None) | await _tax(work, tax, tax_rate)
            product_id = await products.create_product(work, _input(told))
            return _answer(await products.get_product(work, product_id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    called: Called,
    *,
    tenant: Tenant,
    code: Annotated[str | None, typer.Option(help="Another code.")] = None,
    name: Name = None,
    name_local: NameLocal = None,
    price: Price = None,
    currency: Currency = None,
    tax: Tax = None,
    tax_rate: TaxRate = None,
    unit: Unit = None,
    kind: Kind = None,
    classification: Classification = None,
    included: Included = None,
    included_local: IncludedLocal = None,
    stripe_product: StripeProduct = None,
    stripe_price: StripePrice = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; what was billed stays as it was billed."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            product = await products.find_product(work, called)
            told: dict[str, Any] = {"code": code, "name": name, "name_local": name_local, "unit_code": unit}
            told |= {"item_kind": kind, "classification_code": classification}
            told |= {"included": included or None, "included_local": included_local or None}
            told |= {"stripe_product_id": stripe_product, "stripe_price_id": stripe_price}
            told |= await _money(work, price, currency, product)
            if tax is not None:
                told["tax_category"] = tax
                told["tax_rate"] = Decimal(0) if tax in UNTAXED else product.tax_rate
            if tax_rate is not None:
                told["tax_rate"] = _percent(tax_rate)
            await products.edit_product(work, product.id, _input(told))
            return _answer(await products.get_product(work, product.id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def archive(ctx: typer.Context, called: Called, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Sell it no more: no new price, unit or recurring invoice takes it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            product = await products.find_product(work, called)
            await products.archive_product(work, product.id)
            return _answer(await products.get_product(work, product.id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def restore(ctx: typer.Context, called: Called, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Sell it again."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            product = await products.find_product(work, called)
            await products.restore_product(work, product.id)
            return _answer(await products.get_product(work, product.id))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    text: Annotated[str | None, typer.Option(help="A part of the code or the name.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Those that are sold no more, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The newest first, 200 at most."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await products.list_products(
                work, text=text, active=None if archived else True, limit=products.LARGEST_PAGE
            )
        rows = [
            (
                one.code,
                one.name,
                one.price,
                f"{one.tax_category} {one.tax_rate.normalize():f} %",
                one.unit_code,
            )
            for one in page.rows
        ]
        shown = table("code", "name", "price", "tax", "unit", rows=rows)
        return Answer(
            {"products": [_data(one) for one in page.rows], "more": page.next is not None}, (shown,)
        )

    running.run(ctx, act, as_json=as_json)


@app.command()
def export(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="CSV or XLSX; a file that is there stays.", show_default=False),
    ],
    archived: Annotated[bool, typer.Option("--archived", help="Those that are sold no more, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """All of them as a sheet, which `bursar import products` reads again."""

    async def act(house: House) -> Answer:
        kind = out.suffix.lower().lstrip(".")
        if kind not in ("csv", "xlsx"):
            raise Invalid(N_("Name a file that ends in .csv or .xlsx."), code="file_kind", field="out")
        header = [translate(name) for name in HEADER]
        try:
            with out.open("xb") as file:
                async with running.work_in(house, tenant) as work:
                    rows = product_rows(work, active=None if archived else True)
                    async for part in report_parts(kind, "products", header, rows):
                        file.write(part)
        except FileExistsError:
            raise Invalid(
                N_("%(file)s is there already; choose another name."),
                code="file_exists",
                field="out",
                file=str(out),
            ) from None
        return Answer({"file": str(out)}, (facts(file=str(out)),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, called: Called, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One product with all that is said of it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return _answer(await products.find_product(work, called))

    running.run(ctx, act, as_json=as_json)


async def _money(
    work: Work, price: str | None, currency: str | None, product: Product | None
) -> dict[str, Any]:
    if price is None:
        return {"currency": currency} if currency else {}
    code = currency or (product.currency if product else (await this_tenant(work)).currency)
    return {"price": Money.parse(price, code, field="price") if price.strip() else _NONE, "currency": code}


async def _tax(work: Work, tax: TaxCategory | None, rate: str | None) -> dict[str, Any]:
    usual = BillingSettings.of((await this_tenant(work)).settings)
    category = tax or usual.default_tax_category
    usual_rate = Decimal(0) if category in UNTAXED else usual.default_tax_rate
    return {"tax_category": category, "tax_rate": usual_rate if rate is None else _percent(rate)}


_NONE: Any = object()
"""A price that is to be none, as against one that is not spoken of."""


def _input(told: dict[str, Any]) -> ProductInput:
    given = {name: value for name, value in told.items() if value is not None}
    return cast("ProductInput", {name: None if value is _NONE else value for name, value in given.items()})


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise Invalid(N_("Give the tax rate in percent."), code="tax_rate", field="tax_rate") from None


def _answer(product: Product) -> Answer:
    data = _data(product)
    return Answer(data, (facts(**{**data, "price": product.price}),))


def _data(product: Product) -> dict[str, Any]:
    names = [name for name in Product.__slots__ if name != "tax_rate"]
    told = {name: getattr(product, name) for name in names}
    return {**told, "tax_rate": format(product.tax_rate.normalize(), "f")}
