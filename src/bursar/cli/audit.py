"""`bursar audit …`: what happened, and was the journal touched?"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.billing.called import thing_called
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, language, table, translate
from bursar.core.errors import N_, Invalid
from bursar.core.journal import Wanted, find
from bursar.core.kinds import ActorType
from bursar.core.seals import Head, audit
from bursar.core.seals import heads as newest_heads
from bursar.core.translations import say
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.agents import names_of_agents
from bursar.tenancy.dates import parse_date
from bursar.tenancy.journal_report import HEADER, journal_rows
from bursar.tenancy.report_files import report_parts
from bursar.tenancy.tenants import find_tenant

Kind = Annotated[str | None, typer.Option("--about", metavar="KIND", help="A kind of thing, like invoice.")]
Type = Annotated[str | None, typer.Option("--type", help="One type of event, like invoice.issue.")]
Thing = Annotated[
    str | None,
    typer.Option("--of", metavar="NUMBER|ID", help="One invoice or credit note by its number, or an id."),
]
Who = Annotated[ActorType | None, typer.Option("--actor", help="Who did it.")]
AgentId = Annotated[str | None, typer.Option("--agent", metavar="ID", help="One agent.")]
Since = Annotated[str | None, typer.Option(metavar="DATE", help="The first day.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="The last day.")]


TOLD = (
    *("id", "at", "type", "entity_type", "entity_id", "customer_id", "actor_type", "actor_id", "cause"),
    *("changes", "payload", "private", "ip", "user_agent", "request_id"),
)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


app = typer.Typer(no_args_is_help=True, help="The sealed journal.")


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    about: Kind = None,
    of: Thing = None,
    type_: Type = None,
    actor: Who = None,
    agent: AgentId = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What happened, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            wanted = await _wanted(work, about, of, type_, actor, agent, since, until)
            page = await find(work, wanted, limit=limit)
            names = await names_of_agents(work)
        data = [
            {**{name: getattr(one, name) for name in TOLD}, "text": one.sentence(_say)}
            for one in page.entries
        ]
        shown = [
            (one.at, names.get(one.actor_id, one.actor_type) if one.actor_id else one.actor_type, one.sentence(_say),
             one.type, one.entity_id, one.ip)
            for one in page.entries
        ]  # fmt: skip
        return Answer(
            {"events": data, "more": page.before is not None},
            (table("when", "who", "what happened", "event", "about", "from", rows=shown),),
        )

    running.run(ctx, act, as_json=as_json)


@app.command()
def export(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write; a file that is there is refused.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="For programs, or for Excel.")] = Format.CSV,
    about: Kind = None,
    of: Thing = None,
    type_: Type = None,
    actor: Who = None,
    agent: AgentId = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """All that fits as a file, safe to open in a spreadsheet."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        async with house.office.work(tenant_id, read_only=True) as work:
            wanted = await _wanted(work, about, of, type_, actor, agent, since, until)
        rows = journal_rows(lambda: house.office.work(tenant_id, read_only=True), wanted, _say)
        header = [translate(name) for name in HEADER]
        try:
            with out.open("xb") as file:
                async for part in report_parts(format_, "journal", header, rows):
                    file.write(part)
        except OSError as error:
            raise Invalid(
                N_("%(file)s cannot be written: %(why)s"), code="file_not_writable", field="out",
                file=str(out), why=error.strerror or "",
            ) from None  # fmt: skip
        return Answer({"file": str(out), "bytes": out.stat().st_size}, (f"Written to {out}.",))

    running.run(ctx, act, as_json=as_json)


async def _wanted(
    work: Work,
    about: str | None,
    of: str | None,
    type_: str | None,
    actor: ActorType | None,
    agent: str | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    kind, thing = await thing_called(work, of) if of else (about, None)
    return Wanted(
        since=_midnight(work, since, "since"),
        until=_midnight(work, until, "until", days=1),
        types=[type_] if type_ else (),
        entity_type=kind or about,
        entity_id=thing,
        actor_type=actor,
        actor_id=running.id_of("agent", agent) if agent else None,
    )


def _midnight(work: Work, text: str | None, field: str, days: int = 0) -> datetime | None:
    """When a day of the firm's calendar begins, or one so many days later."""
    if text is None:
        return None
    return datetime.combine(parse_date(text, field=field) + timedelta(days=days), time.min, work.zone)


def _say(message: str, params: Mapping[str, Any]) -> str:
    return say(language(), message, params)


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
