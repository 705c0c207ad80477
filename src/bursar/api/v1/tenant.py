"""The firm itself, and the keys of its programs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field

from bursar.api.acting import Acting, Calling, door
from bursar.api.idempotency import SAID_ONCE
from bursar.api.pagination import Listed
from bursar.api.values import Line, Shown, Strict, Whole
from bursar.tenancy import api_keys, tenants
from bursar.tenancy.tenants import TenantInput

firm = door("/tenant", "settings", tag="tenant")
keys = door("/api-keys", "settings", tag="API keys")


class TenantChange(Strict):
    """What is left out is not touched, what is null or empty is emptied where it may be."""

    name: Line = ""
    legal_name: Line | None = None
    legal_name_local: Line | None = None
    country: Line = ""
    currency: Line = ""
    time_zone: Line = ""
    locale: Line = ""
    tax_number: Line | None = None
    registration_number: Line | None = None
    registration_authority: Line | None = None
    address_lines: list[Line] = Field(default=[], max_length=10)
    city: Line | None = None
    subdivision: Line | None = None
    review_url: Line | None = None
    retention_years: Annotated[Whole, Field(ge=1, le=50)] = 10


class Tenant(Shown):
    id: UUID
    slug: str
    name: str
    legal_name: str | None
    legal_name_local: str | None
    country: str
    currency: str
    time_zone: str
    locale: str
    tax_number: str | None
    registration_number: str | None
    registration_authority: str | None
    address_lines: list[str]
    city: str | None
    subdivision: str | None
    review_url: str | None
    retention_years: int


class KeyWanted(Strict):
    name: Line
    scopes: Annotated[list[Line], Field(min_length=1, max_length=50, examples=[["invoices:read"]])]


class NewKey(Shown):
    """`text` is said once: a repeated request is answered with null there."""

    id: UUID
    text: str | None


class Key(Shown):
    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    agent_id: UUID
    agent_name: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@firm.get("")
async def get_tenant(work: Acting) -> Tenant:
    return Tenant.model_validate(await tenants.this_tenant(work))


@firm.patch("")
async def edit_tenant(work: Acting, given: TenantChange) -> Tenant:
    """Invoices that were issued keep what they said."""
    await tenants.edit_tenant(work, TenantInput(**given.given()))
    return Tenant.model_validate(await tenants.this_tenant(work))


@keys.get("")
async def list_api_keys(work: Acting) -> Listed[Key]:
    found = await api_keys.list_api_keys(work)
    return Listed(items=[Key.model_validate(row) for row in found], next_cursor=None)


@keys.post("", status_code=201)
async def create_api_key(work: Acting, call: Calling, given: KeyWanted, request: Request) -> NewKey:
    """Acts as the agent whose key asks for it, and may at most what that key may."""
    for scope in given.scopes:
        call.caller.require(scope)
    made = await api_keys.create_api_key(work, name=given.name, scopes=given.scopes)
    setattr(request.state, SAID_ONCE, "text")
    return NewKey.model_validate(made)


@keys.delete("/{key_id}", status_code=204)
async def revoke_api_key(work: Acting, key_id: UUID) -> None:
    """Dead from the next request on."""
    await api_keys.revoke_api_key(work, key_id)
