"""`bursar till …`: where a firm's customers pay by card."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from bursar.billing.tills import connecting, tills
from bursar.billing.tills.tills import TillShown
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.cli.tenants import from_environment
from bursar.core.work import SYSTEM, Work
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="Tills: where customers pay by card.")
add = typer.Typer(no_args_is_help=True, help="Connect an account at a payment provider.")
app.add_typer(add, name="add")

TillId = Annotated[UUID, typer.Argument(help="The till's id.", show_default=False)]


@add.callback()
def adding() -> None:
    """Each provider is a word of its own."""


@add.command()
def stripe(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    key_env: Annotated[str, typer.Option(help="Variable that holds the secret key.", show_default=False)],
    webhook_secret_env: Annotated[
        str | None, typer.Option(help="Variable that holds the webhook's signing secret.")
    ] = None,
    display_name: Annotated[str | None, typer.Option(help="Unset: as Stripe calls the account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try a key of Stripe and keep it; print the address to which Stripe is to report payments.

    Without the webhook's secret the till is not ready: make the webhook at Stripe with the address that is printed,
    then run the same again with both.
    """

    async def act(house: House) -> Answer:
        till_id = await connecting.connect_till(
            house.office,
            house.tills,
            await find_tenant(house.office, tenant),
            SYSTEM,
            key=from_environment(key_env) or "",
            webhook_secret=from_environment(webhook_secret_env) or "",
            display_name=display_name,
        )
        return await _answer(house, tenant, till_id)

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """A firm's tills and how they are."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            told = [_told(house, work, one) for one in await tills.list_tills(work)]
        columns = ("id", "provider", "account", "money", "state", "primary")
        shown = table(*columns, rows=[[one[name] for name in columns] for one in told])
        return Answer({"tills": told}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def check(ctx: typer.Context, till: TillId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Ask the provider whether it still takes the key."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        await connecting.check_till(house.office, house.tills, tenant_id, SYSTEM, till)
        return await _answer(house, tenant, till)

    running.run(ctx, act, as_json=as_json)


@app.command("replace-key")
def replace_key(
    ctx: typer.Context,
    till: TillId,
    *,
    tenant: Tenant,
    key_env: Annotated[str, typer.Option(help="Variable that holds the secret key.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Another key of the same account; the old one stays until this one was tried."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        key = from_environment(key_env) or ""
        await connecting.replace_key(house.office, house.tills, tenant_id, SYSTEM, till, key=key)
        return await _answer(house, tenant, till)

    running.run(ctx, act, as_json=as_json)


@app.command("webhook-secret")
def webhook_secret(
    ctx: typer.Context,
    till: TillId,
    *,
    tenant: Tenant,
    webhook_secret_env: Annotated[
        str, typer.Option(help="Variable that holds the webhook's signing secret.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """What the provider signs its reports with; with it the till is ready."""
    secret = from_environment(webhook_secret_env) or ""
    _in_work(
        ctx, tenant, till, lambda work: connecting.set_webhook_secret(work, till, secret), as_json=as_json
    )


@app.command("make-primary")
def make_primary(ctx: typer.Context, till: TillId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Customers pay at this till from now on."""
    _in_work(ctx, tenant, till, lambda work: tills.make_primary(work, till), as_json=as_json)


@app.command()
def disable(ctx: typer.Context, till: TillId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Nobody pays here any more: open pages are closed at the provider, then its secrets are destroyed."""
    _in_work(ctx, tenant, till, lambda work: tills.disable(work, till), as_json=as_json)


def _in_work(
    ctx: typer.Context, tenant: str, till: UUID, verb: Callable[[Work], Awaitable[None]], *, as_json: bool
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await verb(work)
        return await _answer(house, tenant, till)

    running.run(ctx, act, as_json=as_json)


async def _answer(house: House, tenant: str, till_id: UUID) -> Answer:
    async with running.work_in(house, tenant) as work:
        told = _told(house, work, await tills.get_till(work, till_id))
    return Answer(told, (facts(**told),))


def _told(house: House, work: Work, till: TillShown) -> dict[str, object]:
    return {
        "id": till.id,
        "provider": till.provider,
        "account": till.account_id,
        "name": till.display_name,
        "money": "live" if till.live else "test",
        "state": till.state,
        "primary": till.is_primary,
        "reports": till.reports,
        "hook": tills.hook_url(work, house.settings.base_url, till),
        "last_error": till.last_error,
    }
