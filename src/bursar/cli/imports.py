"""`bursar import …`: sheets of customers, contacts, invoices, payments, products, prices and units."""

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table, translate
from bursar.core.errors import N_, Invalid
from bursar.core.work import SYSTEM
from bursar.house import House
from bursar.onboarding.importers import import_desk
from bursar.tenancy.import_runs import RowReport
from bursar.tenancy.imports import ImportReport, import_sheet
from bursar.tenancy.states import ImportKind, RowOutcome
from bursar.tenancy.tenants import find_tenant

SHOWN_ROWS = 30


def import_(
    ctx: typer.Context,
    *,
    kind: Annotated[ImportKind, typer.Argument(help="What the sheet lists.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", show_default=False)],
    tenant: Tenant,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it; without, only say what would happen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a sheet and say what becomes of each row; with --apply, do it."""

    async def act(house: House) -> Answer:
        data = read_bytes(file)
        tenant_id = await find_tenant(house.office, tenant)
        desk = import_desk(house.office)
        with _waiting(f"Reading {file.name} …", as_json):
            report = await import_sheet(
                desk, tenant_id, SYSTEM, kind, file.name, data, apply=apply, translate=translate
            )
        return Answer(_told(report), _shown(report))

    running.run(ctx, act, as_json=as_json)


def read_bytes(file: Path) -> bytes:
    """Raises `Invalid` about `file`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(
            N_("%(file)s cannot be read (%(reason)s). Check its name and who may read it."),
            code="file_unreadable",
            field="file",
            file=str(file),
            reason=error.strerror or type(error).__name__,
        ) from error


def _waiting(text: str, as_json: bool) -> Any:
    console = Console(stderr=True)
    return nullcontext() if as_json or not console.is_terminal else console.status(text)


def _told(report: ImportReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "state": report.state,
        **_counts(report),
        "rows": [
            {
                "number": row.number,
                "outcome": row.outcome,
                "reason": row.reason or None,
                "field": row.field,
                "id": row.id,
            }
            for row in report.rows
        ],
    }


def _shown(report: ImportReport) -> tuple[Table | str, ...]:
    refused = [row for row in report.rows if row.outcome is RowOutcome.REFUSED]
    parts: list[Table | str] = [facts(import_=report.id, state=report.state, **_counts(report))]
    if refused:
        parts.append(_refused(refused))
    if report.state != "applied":
        parts.append("[dim]Nothing was written. The same with --apply writes it.[/dim]")
    return tuple(parts)


def _refused(rows: list[RowReport]) -> Table:
    """The first of them; what they have in common stands above."""
    fields = ", ".join(
        f"{many} {name}" for name, many in Counter(row.field or "row" for row in rows).most_common()
    )
    shown = [(row.number, row.field, row.reason) for row in rows[:SHOWN_ROWS]]
    if len(rows) > SHOWN_ROWS:
        shown.append((0, None, f"and {len(rows) - SHOWN_ROWS} more: see --json"))
    cells = [(number or "", field, reason) for number, field, reason in shown]
    return table("row", "field", "reason", rows=cells, title=f"Refused ({fields})")


def _counts(report: ImportReport) -> dict[str, int]:
    return {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused,
    }
