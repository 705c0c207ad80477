"""`bursar audit …`: was the journal touched?"""

from typing import Annotated

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts
from bursar.core.seals import Head, audit
from bursar.core.seals import heads as newest_heads
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="The sealed journal.")


@app.command()
def verify(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    head: Annotated[
        list[str] | None,
        typer.Option(help="A head kept outside, as `audit heads` prints it; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Follow both chains of seals from their beginning. Exit status 1 if one does not hold."""

    async def act(house: House) -> Answer:
        anchors = [Head.parse(text) for text in head or ()]
        found = await audit(house.office, await find_tenant(house.office, tenant), anchors)
        first_bad = str(found.first_bad) if found.first_bad else None
        data = {"ok": found.ok, "rows": found.rows, "first_bad": first_bad}
        verdict = "whole" if found.ok else "[red]broken[/red]"
        shown = facts(sealed_rows=found.rows, first_bad=first_bad)
        return Answer(data, (f"The journal is {verdict}.", shown), failed=not found.ok)

    running.run(ctx, act, as_json=as_json)


@app.command()
def heads(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """The newest seal of each chain: keep it outside the database, and verify against it later."""

    async def act(house: House) -> Answer:
        async with house.office.work(await find_tenant(house.office, tenant), read_only=True) as work:
            found = [str(head) for head in await newest_heads(work)]
        return Answer({"heads": found}, tuple(found) or ("Nothing is sealed yet.",))

    running.run(ctx, act, as_json=as_json)
