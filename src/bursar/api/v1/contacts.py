"""The people of a customer, and what they agreed to."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed
from bursar.api.values import Line, Made, Shown, Strict
from bursar.core.errors import NotFound
from bursar.core.work import Work
from bursar.tenancy import consents, contacts, customers
from bursar.tenancy.customer_fields import ContactInput
from bursar.tenancy.states import ConsentPurpose, ConsentState

router = door("/customers/{customer_id}", "customers", tag="customer contacts")
Channel = Literal["email", "whatsapp", "sms", "push"]


class ContactChange(Strict):
    """A contact needs a name, and an address or a phone."""

    name: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    role: Line | None = Field(default=None, description="The firm's own word; billing if left out.")
    locale: Line | None = None


class Contact(Shown):
    id: UUID
    customer_id: UUID
    name: str
    email: str | None
    phone: str | None
    role: str
    locale: str | None


class ConsentGiven(Strict):
    channel: Channel
    purpose: ConsentPurpose
    consent: ConsentState
    proof: Annotated[str, Field(max_length=2_000)] | None = Field(
        default=None, description="How and when; a yes without it is refused."
    )
    text_version: Line | None = None


class Consent(Shown):
    """The last word; what is not listed is unknown, and unknown is no."""

    channel: Channel
    purpose: ConsentPurpose
    consent: ConsentState
    at: datetime
    proof: str | None
    text_version: str | None


@router.get("/contacts")
async def list_contacts(work: Acting, customer_id: UUID) -> Listed[Contact]:
    await customers.get_customer(work, customer_id)
    found = await contacts.list_contacts(work, customer_id)
    return Listed(items=[Contact.model_validate(row) for row in found], next_cursor=None)


@router.post("/contacts", status_code=201)
async def add_contact(work: Acting, customer_id: UUID, given: ContactChange, response: Response) -> Contact:
    contact_id = await contacts.add_contact(work, customer_id, ContactInput(**given.given()))
    response.headers["Location"] = f"/api/v1/customers/{customer_id}/contacts/{contact_id}"
    return await _one(work, customer_id, contact_id)


@router.get("/contacts/{contact_id}")
async def get_contact(work: Acting, customer_id: UUID, contact_id: UUID) -> Contact:
    return await _one(work, customer_id, contact_id)


@router.patch("/contacts/{contact_id}")
async def edit_contact(work: Acting, customer_id: UUID, contact_id: UUID, given: ContactChange) -> Contact:
    await _one(work, customer_id, contact_id)
    await contacts.edit_contact(work, contact_id, ContactInput(**given.given()))
    return await _one(work, customer_id, contact_id)


@router.delete("/contacts/{contact_id}", status_code=204)
async def remove_contact(work: Acting, customer_id: UUID, contact_id: UUID) -> None:
    """What was sent to them keeps their name and address."""
    await _one(work, customer_id, contact_id)
    await contacts.remove_contact(work, contact_id)


@router.get("/consents", tags=["consents"])
async def list_consents(work: Acting, customer_id: UUID) -> Listed[Consent]:
    await customers.get_customer(work, customer_id)
    found = await consents.consents_of(work, customer_id)
    return Listed(items=[Consent.model_validate(row) for row in found], next_cursor=None)


@router.post("/consents", status_code=201, tags=["consents"])
async def record_consent(work: Acting, customer_id: UUID, given: ConsentGiven) -> Made:
    """Adds to a record that only grows; the last word counts."""
    return Made(id=await consents.record_consent(work, customer_id, **given.model_dump()))


async def _one(work: Work, customer_id: UUID, contact_id: UUID) -> Contact:
    """Raises `NotFound` for another customer's contact too: an address names what it holds."""
    for contact in await contacts.list_contacts(work, customer_id):
        if contact.id == contact_id:
            return Contact.model_validate(contact)
    raise NotFound("contact")
