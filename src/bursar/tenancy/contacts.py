"""The people of a customer: several at a firm, each with an address and a language of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy import customers, tenants
from bursar.tenancy.customer_fields import ContactInput, clean_contact, split_change
from bursar.tenancy.queries import contacts as queries

_FIELDS = ("name", "email", "phone", "role", "locale")


@dataclass(frozen=True, slots=True)
class Contact:
    """`role` is the firm's own word: billing, signatory…"""

    id: UUID
    customer_id: UUID
    name: str
    email: str | None
    phone: str | None
    role: str
    locale: str | None


async def add_contact(work: Work, customer_id: UUID, given: ContactInput) -> UUID:
    """Raises `NotFound` for the customer, `Invalid` by field, `Conflict` for somebody who is there already."""
    work.allow(AgentRole.AGENT)
    values = clean_contact(given, await tenants.region_of(work))
    _require_usable(values)
    await customers.get_customer(work, customer_id)
    contact_id = await work.db.scalar(queries.add_contact(work, {"customer_id": customer_id, **values}))
    if contact_id is None:
        raise _there_already()
    _, private = split_change(dict.fromkeys(values), values)
    record = Record(contact_id, customer_id, changes={"fields": sorted(given)}, private=private)
    await work.record("customer_contact.add", record)
    return contact_id


async def edit_contact(work: Work, contact_id: UUID, given: ContactInput) -> None:
    """Change what is given; what stays the same leaves no trace. Raises as `add_contact` does."""
    work.allow(AgentRole.AGENT)
    values = clean_contact(given, await tenants.region_of(work))
    before = await _locked(work, contact_id)
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return
    after = {**before, **changed}
    _require_usable(after)
    if await work.db.scalar(queries.twin_of_contact(work, contact_id, after)) is not None:
        raise _there_already()
    await work.db.execute(queries.edit_contact(work, contact_id, changed))
    changes, private = split_change(before, changed)
    record = Record(contact_id, before["customer_id"], changes=changes, private=private)
    await work.record("customer_contact.edit", record)
    if changed.keys() & {"email_key", "role"}:
        await customers.shut_portal(work, [before["customer_id"]])


async def remove_contact(work: Work, contact_id: UUID) -> None:
    """Raises `NotFound`. What was sent to them keeps their name and address; what they opened by it is shut."""
    work.allow(AgentRole.AGENT)
    before = await _locked(work, contact_id)
    await work.db.execute(queries.remove_contact(work, contact_id))
    private = {"before": {name: before[name] for name in _FIELDS}}
    await work.record("customer_contact.remove", Record(contact_id, before["customer_id"], private=private))
    await customers.shut_portal(work, [before["customer_id"]])


async def list_contacts(work: Work, customer_id: UUID) -> list[Contact]:
    rows = await work.db.execute(queries.contacts_of(work, customer_id))
    return [
        Contact(row.id, row.customer_id, row.name, row.email, row.phone, row.role, row.locale) for row in rows
    ]


async def _locked(work: Work, contact_id: UUID) -> Mapping[str, Any]:
    row = (await work.db.execute(queries.one_contact(work, contact_id))).one_or_none()
    if row is None:
        raise NotFound("contact")
    return row._asdict()


def _require_usable(values: Mapping[str, Any]) -> None:
    if not values.get("name"):
        raise Invalid(N_("Give the person's name."), code="name_missing", field="name")
    if not values.get("email") and not values.get("phone"):
        raise Invalid(N_("Give an e-mail address or a phone number."), code="no_way_to_reach", field="email")


def _there_already() -> Conflict:
    return Conflict(N_("This person is among the customer's contacts already."), code="contact_there")
