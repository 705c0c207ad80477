"""`bursar suppression …`: addresses that are not written to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table, translate
from bursar.core.errors import N_, Invalid
from bursar.house import House
from bursar.outbox import suppressions
from bursar.outbox.states import Scope, SuppressionReason
from bursar.outbox.suppression_evidence import explain_suppression
from bursar.outbox.suppression_export import HEADER, suppression_rows
from bursar.outbox.suppressions import Suppression
from bursar.tenancy.dates import parse_date
from bursar.tenancy.report_files import report_parts

app = typer.Typer(no_args_is_help=True, help="Addresses that are not written to, and why.")
Which = Annotated[str, typer.Argument(metavar="ID", help="The suppression's id.", show_default=False)]
ScopeAsked = Annotated[Scope | None, typer.Option(help="Only those that stop this.", show_default=False)]
ReasonAsked = Annotated[
    SuppressionReason | None, typer.Option(help="Only for this reason.", show_default=False)
]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    text: Annotated[str | None, typer.Option(help="A part of the address.")] = None,
    scope: ScopeAsked = None,
    reason: ReasonAsked = None,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those that were lifted too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await suppressions.list_suppressions(
                work, text=text, scope=scope, reason=reason, lifted=lifted, limit=limit
            )
        rows = [
            (one.id, one.address_key, one.scope, one.reason, one.created_at, one.lifted_at)
            for one in page.rows
        ]
        shown = table("id", "address", "stops", "because", "since", "lifted", rows=rows)
        return Answer({"suppressions": [_told(one) for one in page.rows]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One with what it stands on: the message, the report, the press of a button."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await explain_suppression(work, running.id_of("suppression", which))
        proof = found.evidence
        told: dict[str, Any] = {
            "message_sent_at": proof.sent_at,
            "message_subject": proof.send_subject,
            "refusal": proof.refusal,
            "pressed_at": proof.pressed_at,
            "came_in_at": proof.received_at,
            "came_in": proof.incoming_class,
            "made_by": proof.made_by,
            "lifted_by": proof.lifted_by,
        }
        data = _told(found.suppression)
        return Answer({**data, "evidence": told}, (facts(**data, **told),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def add(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="The e-mail address.", show_default=False)],
    *,
    tenant: Tenant,
    scope: Annotated[Scope, typer.Option(help="What to stop.")] = Scope.ALL,
    note: Annotated[str | None, typer.Option(help="Why; for your colleagues.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day on which it holds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stop writing to an address; what waits for it is stopped at once."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            end = suppressions.end_of(work, parse_date(until, field="until")) if until else None
            made = await suppressions.suppress(work, address, scope=scope, note=note, expires_at=end)
        return Answer({"id": made}, (facts(id=made),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def lift(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    because: Annotated[str | None, typer.Option(help="Why; it stands beside it for good.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write to the address again."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            lifted = running.id_of("suppression", which)
            await suppressions.lift(work, lifted, because=because)
        return Answer({"id": lifted}, (facts(lifted=lifted),))

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
    scope: ScopeAsked = None,
    reason: ReasonAsked = None,
    as_json: AsJson = False,
) -> None:
    """Those in force as a sheet, which `bursar import suppressions` reads again."""

    async def act(house: House) -> Answer:
        kind = out.suffix.lower().lstrip(".")
        if kind not in ("csv", "xlsx"):
            raise Invalid(N_("Name a file that ends in .csv or .xlsx."), code="file_kind", field="out")
        try:
            with out.open("xb") as file:
                async with running.work_in(house, tenant) as work:
                    rows = suppression_rows(work, scope=scope, reason=reason)
                    header = [translate(name) for name in HEADER]
                    async for part in report_parts(kind, "suppressions", header, rows):
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


def _told(one: Suppression) -> dict[str, Any]:
    return {
        "id": one.id,
        "address": one.address_key,
        "channel": one.channel,
        "scope": one.scope,
        "reason": one.reason,
        "note": one.note,
        "since": one.created_at,
        "expires_at": one.expires_at,
        "lifted_at": one.lifted_at,
        "lifted_because": one.lifted_because,
        "source_send_id": one.source_send_id,
        "incoming_message_id": one.incoming_message_id,
    }
