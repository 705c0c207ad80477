"""Documents as files: the PDF of an invoice or credit note, and its e-invoice."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing.documents.einvoices import XML, xml_file
from bursar.billing.documents.keeping import PDF, Press, pdf_of
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import Written, one_document
from bursar.web.sessions import signed_in, staff_router, viewer_work

router = staff_router()


@router.get("/invoices/{invoice_id}/pdf")
async def show_invoice_pdf(request: Request, invoice_id: UUID) -> Response:
    return await _pdf(request, Kind.INVOICE, invoice_id)


@router.get("/invoices/{invoice_id}/xml")
async def fetch_invoice_xml(request: Request, invoice_id: UUID) -> Response:
    return await _xml(request, Kind.INVOICE, invoice_id)


@router.get("/credit-notes/{credit_note_id}/pdf")
async def show_credit_note_pdf(request: Request, credit_note_id: UUID) -> Response:
    return await _pdf(request, Kind.CREDIT_NOTE, credit_note_id)


@router.get("/credit-notes/{credit_note_id}/xml")
async def fetch_credit_note_xml(request: Request, credit_note_id: UUID) -> Response:
    return await _xml(request, Kind.CREDIT_NOTE, credit_note_id)


async def _pdf(request: Request, kind: Kind, document_id: UUID) -> Response:
    """To be looked at: a browser shows it."""
    written = await _written(request, kind, document_id)
    printed = await pdf_of(_press(request), signed_in(request).tenant_id, written)
    headers = {"Content-Disposition": f'inline; filename="{printed.name}"'}
    return Response(printed.data, media_type=PDF, headers=headers)


async def _xml(request: Request, kind: Kind, document_id: UUID) -> Response:
    """To be kept: a browser must not show what might name a style of its own."""
    written = await _written(request, kind, document_id)
    printed = await xml_file(_press(request), signed_in(request).tenant_id, written)
    headers = {"Content-Disposition": f'attachment; filename="{printed.name}"'}
    return Response(printed.data, media_type=XML, headers=headers)


async def _written(request: Request, kind: Kind, document_id: UUID) -> Written:
    async with viewer_work(request) as work:
        return await one_document(work, kind, document_id)


def _press(request: Request) -> Press:
    return request.app.state.house.press
