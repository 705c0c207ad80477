"""`bursar invoice pdf` and `bursar credit-note pdf`, and their e-invoices: documents as files."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from bursar.billing.credited import credit_note_by_number
from bursar.billing.documents.einvoices import xml_file
from bursar.billing.documents.keeping import Press, Printed, pdf_of
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import Written, one_document
from bursar.billing.finding import by_number
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

Make = Callable[[Press, UUID, Written], Awaitable[Printed]]
Which = Annotated[
    str, typer.Argument(metavar="ID|NUMBER", show_default=False, help="Its id, or the number it bears.")
]
Out = Annotated[
    Path,
    typer.Option(metavar="FILE", help="Where to write it; a file that is there stays.", show_default=False),
]


def invoice_pdf(
    ctx: typer.Context, which: Which, *, tenant: Tenant, out: Out, as_json: AsJson = False
) -> None:
    """Write its PDF to a file; the same bytes each time."""
    _write(ctx, Kind.INVOICE, pdf_of, which, tenant, out, as_json=as_json)


def invoice_xml(
    ctx: typer.Context, which: Which, *, tenant: Tenant, out: Out, as_json: AsJson = False
) -> None:
    """Write its e-invoice (PINT-AE) to a file, or say which rules it breaks."""
    _write(ctx, Kind.INVOICE, xml_file, which, tenant, out, as_json=as_json)


def credit_note_pdf(
    ctx: typer.Context, which: Which, *, tenant: Tenant, out: Out, as_json: AsJson = False
) -> None:
    """Write its PDF to a file; the same bytes each time."""
    _write(ctx, Kind.CREDIT_NOTE, pdf_of, which, tenant, out, as_json=as_json)


def credit_note_xml(
    ctx: typer.Context, which: Which, *, tenant: Tenant, out: Out, as_json: AsJson = False
) -> None:
    """Write its e-invoice (PINT-AE) to a file, or say which rules it breaks."""
    _write(ctx, Kind.CREDIT_NOTE, xml_file, which, tenant, out, as_json=as_json)


def _write(
    ctx: typer.Context,
    kind: Kind,
    make: Make,
    which: str,
    tenant: str,
    out: Path,
    *,
    as_json: bool,
) -> None:
    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        async with house.office.work(tenant_id, read_only=True) as work:
            written = await one_document(work, kind, await _find(work, kind, which))
        printed = await make(house.press, tenant_id, written)
        _put(out, printed.data)
        told = {"number": written.document.number, "file": str(out), "bytes": len(printed.data)}
        return Answer({"id": written.document.id, **told}, (facts(**told),))

    running.run(ctx, act, as_json=as_json)


async def _find(work: Work, kind: Kind, which: str) -> UUID:
    """Raises `NotFound`, and `Conflict` for a number of two series."""
    try:
        return UUID(which)
    except ValueError:
        if kind is Kind.INVOICE:
            return (await by_number(work, which)).id
        return (await credit_note_by_number(work, which)).id


def _put(out: Path, data: bytes) -> None:
    """Raises `Invalid` where nothing can be written; nothing is overwritten."""
    try:
        with out.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise Invalid(N_("There is such a file already."), code="file_exists", field="out") from None
    except OSError:
        raise Invalid(N_("This file cannot be written."), code="file_unwritable", field="out") from None
