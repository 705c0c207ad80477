"""`bursar tenant …`: firms."""

import os
from typing import Annotated, cast

import typer

from bursar.cli import running
from bursar.cli.options import AsJson
from bursar.cli.output import Answer, facts
from bursar.core.errors import N_, Invalid
from bursar.house import House
from bursar.tenancy.tenants import TenantInput, create_tenant, edit_tenant, this_tenant

app = typer.Typer(no_args_is_help=True, help="Firms that use this installation.")


@app.command()
def create(
    ctx: typer.Context,
    *,
    slug: Annotated[
        str, typer.Argument(help="Its short name in commands and addresses.", show_default=False)
    ],
    name: Annotated[str, typer.Option(help="As it stands on letters.", show_default=False)],
    country: Annotated[str, typer.Option(help="ISO code, like AE.", show_default=False)],
    currency: Annotated[str, typer.Option(help="ISO code, like AED.", show_default=False)],
    time_zone: Annotated[str, typer.Option(help="Like Asia/Dubai.", show_default=False)],
    locale: Annotated[str, typer.Option(help="Like en or ar.", show_default=False)],
    owner_email: Annotated[
        str, typer.Option(help="Who owns it: they sign in with this.", show_default=False)
    ],
    owner_name: Annotated[str | None, typer.Option(help="The owner's name, if not the firm's.")] = None,
    password_env: Annotated[
        str | None, typer.Option(help="Variable that holds the owner's password; without, they are invited.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a firm with its owner, calendar and templates."""

    async def act(house: House) -> Answer:
        made = await create_tenant(
            house.office,
            slug=slug,
            name=name,
            country=country,
            currency=currency,
            time_zone=time_zone,
            locale=locale,
            owner_email=owner_email,
            owner_name=owner_name,
            password=from_environment(password_env),
        )
        link = f"{house.settings.base_url}/password/{made.invitation}" if made.invitation else None
        told = {"id": made.id, "slug": made.slug, "owner_id": made.owner_id}
        data = {**told, "invitation": made.invitation, "invitation_url": link}
        return Answer(data, (facts(**told, set_the_password_at=link),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    *,
    slug: Annotated[str, typer.Argument(help="Its short name.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="As it stands on letters.")] = None,
    legal_name: Annotated[str | None, typer.Option(help="As it stands on invoices.")] = None,
    legal_name_local: Annotated[str | None, typer.Option(help="In the second language.")] = None,
    tax_number: Annotated[str | None, typer.Option(help="Without one no tax may be charged.")] = None,
    registration_number: Annotated[str | None, typer.Option(help="Of the licence.")] = None,
    registration_authority: Annotated[str | None, typer.Option(help="Who gave the licence.")] = None,
    address_line: Annotated[list[str] | None, typer.Option(help="Once a line.")] = None,
    city: Annotated[str | None, typer.Option(help="The city of its address.")] = None,
    subdivision: Annotated[str | None, typer.Option(help="Emirate, state or region, like DXB.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what stands on its documents; what is not named stays, and what was issued keeps what it said."""

    async def act(house: House) -> Answer:
        typed = {
            "name": name,
            "legal_name": legal_name,
            "legal_name_local": legal_name_local,
            "tax_number": tax_number,
            "registration_number": registration_number,
            "registration_authority": registration_authority,
            "address_lines": address_line,
            "city": city,
            "subdivision": subdivision,
        }
        given = {name: value for name, value in typed.items() if value}
        async with running.work_in(house, slug) as work:
            await edit_tenant(work, cast("TenantInput", given))
            firm = await this_tenant(work)
        told = {name: getattr(firm, name) for name in ("id", "slug", *typed)}
        return Answer(told, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


def from_environment(variable: str | None) -> str | None:
    """A secret is never an argument: every user of the machine could read it. Raises `Invalid` if it is not set."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise Invalid(
            N_("The environment has no variable %(variable)s. Set it to the password."),
            code="variable_missing",
            field="password_env",
            variable=variable,
        )
    return value
