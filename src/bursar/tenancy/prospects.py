"""Somebody becomes a customer of their own accord: pending, until money of theirs has come (lifecycle 1)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bursar.core.work import Work
from bursar.tenancy import tenants
from bursar.tenancy.customer_fields import CustomerInput, clean_customer
from bursar.tenancy.customers import with_defaults
from bursar.tenancy.queries import customers as customer_queries
from bursar.tenancy.queries import prospects as queries
from bursar.tenancy.states import CustomerSource, CustomerState


async def draw_id(work: Work) -> UUID:
    """The id of a customer who is about to register, so that they are the actor of their own registration."""
    return (await work.db.scalars(customer_queries.new_ids(work, 1))).one()


async def customers_at(work: Work, email_key: str) -> list[UUID]:
    """Who is a customer at this address already, the elder first."""
    return list(await work.db.scalars(queries.customers_of(work, email_key)))


async def hold_address(work: Work, email_key: str) -> list[UUID]:
    """The same, and nobody else registers with this address meanwhile."""
    await work.db.execute(queries.hold_address(work, email_key))
    return await customers_at(work, email_key)


async def clean(work: Work, given: CustomerInput) -> dict[str, Any]:
    """The columns of a customer. Raises `Invalid` by field."""
    return with_defaults(clean_customer(given, await tenants.region_of(work)))


async def add_pending(work: Work, customer_id: UUID, values: Mapping[str, Any]) -> None:
    """A customer who registered through a payment link, with the columns that `clean` gave."""
    row = {**values, "id": customer_id, "source": CustomerSource.PAYMENT_LINK, "state": CustomerState.PENDING}
    await work.db.execute(customer_queries.add_customer(work, row))
