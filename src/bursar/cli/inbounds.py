"""`bursar inbound …`: what payment and mail providers told us, and to have it applied again."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core import inbounds
from bursar.house import House

app = typer.Typer(no_args_is_help=True, help="What providers reported: webhooks as they came.")
Inbound = Annotated[str, typer.Argument(metavar="ID", help="Of the inbound.", show_default=False)]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what was not applied.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await inbounds.list_inbounds(work, waits=True if waiting else None, limit=limit)
        cells = [
            [one.received_at, one.provider, one.kind, one.status, one.attempts, one.error or "", one.id]
            for one in found
        ]
        shown = table("came", "from", "kind", "state", "tries", "error", "id", rows=cells)
        return Answer({"inbounds": [_told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, *, inbound: Inbound, tenant: Tenant, as_json: AsJson = False) -> None:
    """One, with what was said."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            one = await inbounds.get_inbound(work, running.id_of("inbound", inbound))
        told = _told(one)
        said = json.dumps(one.payload, indent=2, ensure_ascii=False)
        return Answer({**told, "payload": one.payload}, (facts(**told), said))

    running.run(ctx, act, as_json=as_json)


@app.command()
def replay(ctx: typer.Context, *, inbound: Inbound, tenant: Tenant, as_json: AsJson = False) -> None:
    """Have it applied again by the worker; what was applied already stays as it is."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            inbound_id = running.id_of("inbound", inbound)
            await inbounds.replay(work, inbound_id)
            one = await inbounds.get_inbound(work, inbound_id)
        return Answer(_told(one), (facts(**_told(one)),))

    running.run(ctx, act, as_json=as_json)


def _told(one: inbounds.Inbound) -> dict[str, object]:
    plain = asdict(one)
    del plain["payload"]
    return {**plain, "status": one.status}
