"""A customer's invoices in the portal: all of them, one whole, and its PDF."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.billing import portal
from bursar.billing.documents.keeping import PDF, pdf_of
from bursar.billing.documents.model import Kind
from bursar.billing.documents.reading import one_document
from bursar.core.errors import NotFound
from bursar.web import reading
from bursar.web.portal import view
from bursar.web.portal.guests import Signed, portal_router
from bursar.web.portal.invoice_page import invoice_page
from bursar.web.portal.rendering import PAGE_SIZE, language_of, page
from bursar.web.public.answering import house_of
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import office_of

router = portal_router()


@router.api_route("/invoices", methods=["GET", "HEAD"])
async def list_invoices(request: Request, guest: Signed, before: str = "") -> Response:
    async with guest.look(office_of(request)) as work:
        found = await portal.invoices_of(
            work, guest.customer_id, before=reading.cursor(before), limit=PAGE_SIZE + 1
        )
    code = language_of(request, guest.locale).code
    shown = [view.invoice(one, code) for one in found[:PAGE_SIZE]]
    older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return await page(request, guest, "portal/invoices.html", "invoices", invoices=shown, older=older)


@router.api_route("/invoices/{invoice_id}", methods=["GET", "HEAD"])
async def show_invoice(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    return await invoice_page(request, guest, invoice_id, "invoice")


@router.api_route("/invoices/{invoice_id}/pdf", methods=["GET", "HEAD"])
async def download_invoice(request: Request, invoice_id: UUID, guest: Signed) -> Response:
    """As it was printed; the customer finds it, the house fetches its bytes (R142)."""
    office = office_of(request)
    async with guest.look(office) as work:
        found = await portal.find_invoice(work, guest.customer_id, invoice_id)
    if found.pdf_file_id is None:
        raise NotFound("invoice")
    async with office.work(guest.tenant_id, read_only=True) as work:
        written = await one_document(work, Kind.INVOICE, invoice_id)
    printed = await pdf_of(house_of(request).press, guest.tenant_id, written)
    headers = {
        "Content-Disposition": f'attachment; filename="{printed.name}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(printed.data, media_type=PDF, headers=headers)
