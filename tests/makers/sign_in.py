"""A firm made through its own verb, with an owner who can sign in."""

from datetime import UTC, datetime
from typing import Any

from bursar.core.work import Office, Origin
from bursar.tenancy.sessions import SignedIn, session_actor
from bursar.tenancy.sign_in import Entered, sign_in
from bursar.tenancy.tenants import TenantCreated, create_tenant

PASSWORD = "grumpy otters knit at noon"
OWNER = "owner@example.com"
HOME = Origin(ip="198.51.100.7", user_agent="A browser")
NOW = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)

DUBAI: dict[str, Any] = {
    "slug": "working-title",
    "name": "Working Title",
    "country": "AE",
    "currency": "AED",
    "time_zone": "Asia/Dubai",
    "locale": "en",
    "owner_email": OWNER,
}


async def a_firm(office: Office, **given: Any) -> TenantCreated:
    return await create_tenant(office, **{**DUBAI, "password": PASSWORD, **given})


async def enter(office: Office, email: str = OWNER, password: str = PASSWORD, **given: Any) -> Entered:
    return await sign_in(office, email, password, **{"origin": HOME, **given})


async def signed_in(office: Office, **given: Any) -> SignedIn:
    return await session_actor(office, (await enter(office, **given)).session.token)
