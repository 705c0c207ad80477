"""`bursar api-key …`: keys with which programs act for one of the firm's people."""

from typing import Annotated
from uuid import UUID

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import N_, Invalid
from bursar.core.kinds import ActorType
from bursar.core.work import SYSTEM, Actor
from bursar.house import House
from bursar.tenancy.agents import list_agents
from bursar.tenancy.api_keys import create_api_key, list_api_keys, revoke_api_key
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="Keys with which programs act for somebody.")


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="What uses it.", show_default=False)],
    agent: Annotated[str, typer.Option(metavar="EMAIL", help="For whom it acts.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help="Like invoices:read; may be repeated. Unset: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        actor = await _agent(house, tenant_id, agent)
        async with house.office.work(tenant_id, actor=actor) as work:
            made = await create_api_key(work, name=name, scopes=scope or ["*"])
        told = {"id": made.id, "key": made.text}
        return Answer(told, (facts(**told), "Keep it now: it is not shown again."))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """A firm's keys, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            keys = await list_api_keys(work)
        rows = [
            (one.id, one.name, one.prefix, one.agent_name, one.last_used_at, one.revoked_at) for one in keys
        ]
        names = ("id", "name", "prefix", "agent", "last_used_at", "revoked_at")
        data = {"api_keys": [dict(zip(names, row, strict=True)) for row in rows]}
        return Answer(data, (table(*(name.replace("_", " ") for name in names), rows=rows),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def revoke(
    ctx: typer.Context,
    *,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id.", show_default=False)],
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """End a key: from the next request on it is nobody's."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("API key", key_id)
            await revoke_api_key(work, chosen)
        return Answer({"id": chosen, "state": "revoked"}, ("Revoked.",))

    running.run(ctx, act, as_json=as_json)


async def _agent(house: House, tenant_id: UUID, email: str) -> Actor:
    for agent in await list_agents(house.office, tenant_id, SYSTEM):
        if agent.email.lower() == email.strip().lower() and agent.active:
            return Actor(ActorType.AGENT, agent.id, agent.role)
    raise Invalid(N_("Nobody of this firm has that address."), code="unknown_agent", field="agent")
