"""The printed form of invoices and credit notes, and their e-invoices."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from bursar.api.acting import Call, Calling, door
from bursar.billing.documents.einvoices import xml_file
from bursar.billing.documents.keeping import PDF, Printed, pdf_of
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import Written, one_document

XML = "application/xml"
of_invoices = door("/invoices", "invoices", tag="invoices", in_one_work=False)
of_credit_notes = door("/credit-notes", "invoices", tag="credit notes", in_one_work=False)

AS_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}, "description": "The PDF."}
}
AS_XML: dict[int | str, dict[str, Any]] = {
    200: {"content": {XML: {"schema": {"type": "string"}}}, "description": "UBL 2.1, PINT-AE."}
}


@of_invoices.get("/{invoice_id}/pdf", response_class=Response, responses=AS_PDF)
async def get_invoice_pdf(call: Calling, invoice_id: UUID) -> Response:
    """As it was issued, the same bytes each time; a draft and an imported invoice have none."""
    return await _pdf(call, Kind.INVOICE, invoice_id)


@of_invoices.get("/{invoice_id}/xml", response_class=Response, responses=AS_XML)
async def get_invoice_xml(call: Calling, invoice_id: UUID) -> Response:
    """The e-invoice; refused with all rules that it would break."""
    return await _xml(call, Kind.INVOICE, invoice_id)


@of_credit_notes.get("/{credit_note_id}/pdf", response_class=Response, responses=AS_PDF)
async def get_credit_note_pdf(call: Calling, credit_note_id: UUID) -> Response:
    return await _pdf(call, Kind.CREDIT_NOTE, credit_note_id)


@of_credit_notes.get("/{credit_note_id}/xml", response_class=Response, responses=AS_XML)
async def get_credit_note_xml(call: Calling, credit_note_id: UUID) -> Response:
    """Its e-invoice; refused with all rules that it would break."""
    return await _xml(call, Kind.CREDIT_NOTE, credit_note_id)


async def _pdf(call: Call, kind: Kind, document_id: UUID) -> Response:
    written = await _written(call, kind, document_id)
    return _file(await pdf_of(call.house.press, call.caller.tenant_id, written), PDF)


async def _xml(call: Call, kind: Kind, document_id: UUID) -> Response:
    written = await _written(call, kind, document_id)
    return _file(await xml_file(call.house.press, call.caller.tenant_id, written), XML)


async def _written(call: Call, kind: Kind, document_id: UUID) -> Written:
    async with call.house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        return await one_document(work, kind, document_id)


def _file(printed: Printed, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{printed.name}"'}
    return Response(printed.data, media_type=media_type, headers=headers)
