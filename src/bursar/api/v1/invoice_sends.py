"""An issued invoice goes out by e-mail because somebody asks for it."""

from uuid import UUID

from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.values import Shown
from bursar.billing.notices import ordering

router = door("/invoices", "invoices", tag="invoices")


class Ordered(Shown):
    """The message that was ordered; how far it got is told by `/sends/{send_id}`."""

    send_id: UUID


@router.post("/{invoice_id}/sends", status_code=201)
async def send_invoice(work: Acting, invoice_id: UUID, response: Response) -> Ordered:
    """With its PDF, to the customer's address for invoices; refused while it is on its way already."""
    send_id = await ordering.send_invoice(work, invoice_id)
    response.headers["Location"] = f"/api/v1/sends/{send_id}"
    return Ordered(send_id=send_id)
