"""Customers: list, make, change, suspend and reinstate, and what happens next to one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import Line, Shown, Strict
from bursar.core.work import Work
from bursar.tenancy import customers
from bursar.tenancy.customer_fields import CustomerInput
from bursar.tenancy.customers import CustomerFilter
from bursar.tenancy.states import CustomerKind, CustomerSource, CustomerState, SuspendedReason

router = door("/customers", "customers", tag="customers")

Custom = dict[str, Line | float | bool | None]


class CustomerChange(Strict):
    """What is left out is not touched, what is null or empty is emptied."""

    external_code: Line | None = None
    kind: CustomerKind = CustomerKind.FIRM
    full_name: Line | None = None
    company_name: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    locale: Line | None = None
    time_zone: Line | None = None
    tax_number: Line | None = None
    registration_number: Line | None = None
    registration_authority: Line | None = None
    address_lines: list[Line] = Field(default=[], max_length=50)
    city: Line | None = None
    subdivision: Line | None = None
    country: Line | None = None
    name_local: Line | None = None
    tags: list[Line] = Field(default=[], max_length=50)
    custom_fields: Custom = Field(default={}, max_length=50)


class Customer(Shown):
    id: UUID
    version: int
    state: CustomerState
    suspended_reason: SuspendedReason | None
    external_code: str | None
    kind: CustomerKind
    full_name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    time_zone: str | None
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str]
    city: str | None
    subdivision: str | None
    country: str | None
    name_local: str | None
    tags: list[str]
    custom_fields: dict[str, Any]
    source: CustomerSource
    created_at: datetime
    updated_at: datetime


class CustomerQuery(Paging):
    text: Line | None = Field(default=None, description="Anywhere in names, address, code and phone.")
    tag: list[Line] = Field(default=[], description="All of them must be there.")
    state: CustomerState | None = None
    kind: CustomerKind | None = None
    source: CustomerSource | None = None
    country: Line | None = None
    locale: Line | None = None
    has_email: bool | None = None

    def wanted(self) -> CustomerFilter:
        given = self.model_dump(exclude={"cursor", "limit", "tag"})
        return CustomerFilter(tags=self.tag, **given)


class Suspension(Strict):
    reason: Line


@router.get("")
async def list_customers(work: Acting, asked: Annotated[CustomerQuery, Query()]) -> Listed[Customer]:
    page = await customers.list_customers(work, asked.wanted(), cursor=asked.after, limit=asked.limit)
    items = [Customer.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def create_customer(work: Acting, given: CustomerChange, response: Response) -> Customer:
    customer_id = await customers.create_customer(
        work, CustomerInput(**given.given()), source=CustomerSource.API
    )
    response.headers["Location"] = f"/api/v1/customers/{customer_id}"
    return await _shown(work, customer_id, response)


@router.get("/{customer_id}")
async def get_customer(work: Acting, customer_id: UUID, response: Response) -> Customer:
    return await _shown(work, customer_id, response)


@router.patch("/{customer_id}")
async def edit_customer(
    work: Acting, customer_id: UUID, given: CustomerChange, version: Version, response: Response
) -> Customer:
    await customers.edit_customer(work, customer_id, CustomerInput(**given.given()), version=version)
    return await _shown(work, customer_id, response)


@router.post("/{customer_id}/suspension", status_code=201)
async def suspend_customer(
    work: Acting, customer_id: UUID, given: Suspension, version: Version, response: Response
) -> Customer:
    """Nothing more is sent to them, and their portal closes."""
    await customers.suspend_customer(work, customer_id, reason=given.reason, version=version)
    return await _shown(work, customer_id, response)


@router.delete("/{customer_id}/suspension")
async def reinstate_customer(
    work: Acting, customer_id: UUID, version: Version, response: Response
) -> Customer:
    """Active again; whoever was suspended as unpaid comes back by paying."""
    await customers.reinstate_customer(work, customer_id, version=version)
    return await _shown(work, customer_id, response)


async def _shown(work: Work, customer_id: UUID, response: Response) -> Customer:
    found = await customers.get_customer(work, customer_id)
    etags.tag(response, found.version)
    return Customer.model_validate(found)
