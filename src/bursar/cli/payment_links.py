"""`bursar payment-link …`: offers to single people, by addresses that are shown once."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.catalog.products import find_product
from bursar.cli import imports, running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.house import House
from bursar.onboarding import link_list, link_mail, payment_links
from bursar.onboarding.addresses import offer_address
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.link_list import LinkFilter, PaymentLink
from bursar.onboarding.payment_links import Issued
from bursar.onboarding.states import PaymentLinkState
from bursar.tenancy.dates import parse_date
from bursar.tenancy.states import ImportKind

app = typer.Typer(no_args_is_help=True, help="Offers to single people: a link to register and pay with.")
Which = Annotated[str, typer.Argument(metavar="ID", help="The link's id.", show_default=False)]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Its last day; fourteen days if left out.")]
Mail = Annotated[bool, typer.Option("--mail", help="Send it at once.")]


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    product: Annotated[str, typer.Option(metavar="CODE", help="What is offered.", show_default=False)],
    email: Annotated[str, typer.Option(help="To whom.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="What they are called.")] = None,
    language: Annotated[str | None, typer.Option(help="What they read: en, ar, he or fr.")] = None,
    price: Annotated[str | None, typer.Option(help="Net, in place of the product's, like 200.00.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of that price; the product's if left out.")] = None,
    note: Annotated[str | None, typer.Option(help="For whoever is asked to pay.")] = None,
    until: Until = None,
    mail: Mail = False,
    as_json: AsJson = False,
) -> None:
    """Make a link and show its address, this once."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sold = await find_product(work, product)
            agreed = Money.parse(price, currency or sold.currency, field="price") if price else None
            last = parse_date(until, field="until") if until else None
            wanted = NewLink(sold.id, email, name, language, agreed, note, last)
            return await _issued(house, work, await payment_links.create_link(work, wanted), mail=mail)

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    state: Annotated[PaymentLinkState | None, typer.Option(help="Only in this state.")] = None,
    product: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this product.")] = None,
    mailed: Annotated[bool | None, typer.Option(help="Only those that were sent, or were not.")] = None,
    text: Annotated[str | None, typer.Option(help="A part of the address, the name or the product.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first, with what happened to each."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            product_id = (await find_product(work, product)).id if product else None
            page = await link_list.list_links(work, LinkFilter(state, product_id, mailed, text), limit=limit)
        rows = [
            (
                one.id,
                one.email,
                one.product_code,
                one.price.total if one.price else None,
                "over" if one.is_over else one.state,
                one.until,
                one.last_mail.state if one.last_mail else None,
                one.order_state,
            )
            for one in page.rows
        ]
        shown = table("id", "e-mail", "product", "to pay", "state", "until", "message", "order", rows=rows)
        data = {"payment_links": [_data(one) for one in page.rows], "more": page.next is not None}
        return Answer(data, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One link with all that is known of it, but for its address."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return await _shown(work, _id(which))

    running.run(ctx, act, as_json=as_json)


@app.command()
def mail(
    ctx: typer.Context,
    which: Annotated[list[str], typer.Argument(metavar="ID...", help="The links' ids.", show_default=False)],
    *,
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Send links to their prospects, however often they were sent before; all of these, or none."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            sent = {one: await link_mail.mail_link(work, _id(one)) for one in which}
        rows = list(sent.items())
        data = {"sends": [{"payment_link_id": link, "id": send} for link, send in rows]}
        return Answer(data, (table("payment link", "message", rows=rows),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def extend(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    until: Annotated[str, typer.Option(metavar="DATE", help="Its last day.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Let it hold to another day; its address stays."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await payment_links.extend_link(work, _id(which), parse_date(until, field="until"))
            return await _shown(work, _id(which))

    running.run(ctx, act, as_json=as_json)


@app.command()
def revoke(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    because: Annotated[str | None, typer.Option("--because", help="Why; the journal keeps it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take the offer back; a checkout that is open for it is closed."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await payment_links.revoke_link(work, _id(which), because=because)
            return await _shown(work, _id(which))

    running.run(ctx, act, as_json=as_json)


@app.command()
def reissue(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    until: Until = None,
    mail: Mail = False,
    as_json: AsJson = False,
) -> None:
    """Make one that ran out valid again and show its new address, this once; the old one opens nothing."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            last = parse_date(until, field="until") if until else None
            issued = await payment_links.reissue_link(work, _id(which), last)
            return await _issued(house, work, issued, mail=mail)

    running.run(ctx, act, as_json=as_json)


@app.command("import")
def import_(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", show_default=False)],
    tenant: Tenant,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it; without, only say what would happen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a sheet of prospects; with --apply make a link for each and send it."""
    imports.import_(
        ctx, kind=ImportKind.PAYMENT_LINKS, file=file, tenant=tenant, apply=apply, as_json=as_json
    )


async def _issued(house: House, work: Work, issued: Issued, *, mail: bool) -> Answer:
    if mail:
        await link_mail.mail_link(work, issued.link_id)
    link = await link_list.get_link(work, issued.link_id)
    address = offer_address(house.settings.base_url, issued.token)
    told = {"id": link.id, "address": address, "until": link.until}
    return Answer(
        {**_data(link), "address": address},
        (facts(**told), "Keep the address now: it is not shown again."),
    )


async def _shown(work: Work, link_id: UUID) -> Answer:
    data = _data(await link_list.get_link(work, link_id))
    return Answer(data, (facts(**data),))


def _id(text: str) -> UUID:
    return running.id_of("payment_link", text)


def _data(link: PaymentLink) -> dict[str, Any]:
    told = {name: getattr(link, name) for name in PaymentLink.__slots__ if name not in ("price", "last_mail")}
    price, mail = link.price, link.last_mail
    return {
        **told,
        "net": price.net if price else None,
        "tax": price.tax if price else None,
        "total": price.total if price else None,
        "message": mail.state if mail else None,
        "message_reason": mail.reason if mail else None,
    }
