"""Why: what happens next to an invoice, a customer or a send, when, and what stands in the way."""

from datetime import date, datetime
from uuid import UUID

from bursar.api.acting import Acting, door
from bursar.api.values import Shown
from bursar.chasing import why

invoices = door("/invoices", "invoices", tag="invoices")
customers = door("/customers", "customers", tag="customers")
sends = door("/sends", "sends", tag="sends")


class SendLine(Shown):
    """A send about it. `crossed`: it was on the wire when the thing was settled."""

    id: UUID
    state: str
    reason: str | None
    at: datetime
    campaign: str | None
    sequence: str | None
    crossed: bool


class Evidence(Shown):
    """A row behind `reason`: `kind` is promise, dispute, checkout, payment, credit_note, reply, suppression, customer,
    exclusion, chase or send; `about_id` the invoice or customer that it is about.
    """

    reason: str
    kind: str
    id: UUID
    text: str | None
    on_date: date | None
    at: datetime | None
    about_id: UUID | None


class Mailbox(Shown):
    """What the next message goes through, and when all that waits there will have left."""

    id: UUID
    address: str
    queued: int
    finishes_at: datetime | None


class Upcoming(Shown):
    """The next touch of a sequence, in days from the due date; `at` is when its day's list may leave."""

    sequence_id: UUID
    sequence_name: str
    invoice_id: UUID
    offset_days: int
    on_date: date
    at: datetime


class Why(Shown):
    """`next` and each of `stopped_by` are codes."""

    kind: str
    id: UUID
    name: str
    state: str
    next: str
    next_at: datetime | None
    stopped_by: list[str]
    sends: list[SendLine]
    evidence: list[Evidence]
    mailbox: Mailbox | None
    run_id: UUID | None
    upcoming: Upcoming | None


@invoices.get("/{invoice_id}/why")
async def why_invoice(work: Acting, invoice_id: UUID) -> Why:
    return Why.model_validate(await why.why(work, "invoice", str(invoice_id)))


@customers.get("/{customer_id}/why")
async def why_customer(work: Acting, customer_id: UUID) -> Why:
    return Why.model_validate(await why.why(work, "customer", str(customer_id)))


@sends.get("/{send_id}/why")
async def why_send(work: Acting, send_id: UUID) -> Why:
    return Why.model_validate(await why.why(work, "send", str(send_id)))
