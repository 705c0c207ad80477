"""A customer's people, and what the customer agreed to."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from bursar.core.work import Work
from bursar.tenancy.tables import consents, customer_contacts


def contacts_of(work: Work, customer_id: UUID) -> sa.Select:
    """The customer's people in the order in which they were added."""
    return (
        sa.select(customer_contacts)
        .where(
            customer_contacts.c.tenant_id == work.tenant_id,
            customer_contacts.c.customer_id == customer_id,
        )
        .order_by(customer_contacts.c.id)
    )


def one_contact(work: Work, contact_id: UUID) -> sa.Select:
    return (
        sa.select(customer_contacts)
        .where(customer_contacts.c.tenant_id == work.tenant_id, customer_contacts.c.id == contact_id)
        .with_for_update(key_share=True)
    )


def twin_of_contact(work: Work, contact_id: UUID, values: Mapping[str, Any]) -> sa.Select:
    """Another contact of the same customer with the same name and address."""
    return sa.select(customer_contacts.c.id).where(
        customer_contacts.c.tenant_id == work.tenant_id,
        customer_contacts.c.customer_id == values["customer_id"],
        customer_contacts.c.name == values["name"],
        customer_contacts.c.email_key == values["email_key"],
        customer_contacts.c.id != contact_id,
    )


def add_contact(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    """One row, unless this person stands there already: then none comes back."""
    return (
        insert(customer_contacts)
        .values(tenant_id=work.tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "customer_id", "email_key", "name"])
        .returning(customer_contacts.c.id)
    )


def edit_contact(work: Work, contact_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(customer_contacts)
        .where(customer_contacts.c.tenant_id == work.tenant_id, customer_contacts.c.id == contact_id)
        .values(**values)
    )


def remove_contact(work: Work, contact_id: UUID) -> sa.Delete:
    return sa.delete(customer_contacts).where(
        customer_contacts.c.tenant_id == work.tenant_id, customer_contacts.c.id == contact_id
    )


def add_consent(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(consents).values(tenant_id=work.tenant_id, **values).returning(consents.c.id)


def latest_consents(work: Work, customer_ids: Sequence[UUID]) -> sa.Select:
    """The last word of each of these customers for each channel and purpose."""
    return (
        sa.select(consents)
        .ext(distinct_on(consents.c.customer_id, consents.c.channel, consents.c.purpose))
        .where(
            consents.c.tenant_id == work.tenant_id,
            consents.c.customer_id == sa.any_(sa.literal(list(customer_ids), sa.ARRAY(sa.UUID))),
        )
        .order_by(
            consents.c.customer_id,
            consents.c.channel,
            consents.c.purpose,
            consents.c.at.desc(),
            consents.c.id.desc(),
        )
    )
