"""Makers of the staff app: the whole product on a test's own database, and a browser of somebody signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient, Response

from bursar import app
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.settings import load_settings
from bursar.core.work import Actor, Office, Work
from bursar.house import House
from bursar.tenancy.sessions import open_session
from bursar.tenancy.tables import agents
from bursar.web.app import create_web
from bursar.web.security import SESSION_COOKIE
from tests.makers.tenancy import a_tenant, an_agent

ADDRESS = "http://127.0.0.1:8000"
FROM_HERE = {"sec-fetch-site": "same-origin"}
HTMX = {"hx-request": "true", "hx-current-url": f"{ADDRESS}/"}


@dataclass(frozen=True, slots=True)
class Staff:
    """One of a firm's people with their browser."""

    house: House
    tenant_id: UUID
    actor: Actor
    browser: AsyncClient

    @property
    def office(self) -> Office:
        return self.house.office

    def work(self) -> Any:
        return self.office.work(self.tenant_id, actor=self.actor)

    async def get(self, path: str, **params: Any) -> Response:
        """A page that is there."""
        answer = await self.browser.get(path, params=params or None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer

    async def post(self, path: str, **typed: Any) -> Response:
        return await self.browser.post(path, data=typed)


@asynccontextmanager
async def a_house(
    addresses: Addresses, clock: Clock, keyring: Keyring, **settings: Any
) -> AsyncIterator[House]:
    house = app.build(load_settings(**settings), clock=clock, addresses=addresses, keyring=keyring)
    try:
        yield house
    finally:
        await house.close()


def a_browser(house: House) -> AsyncClient:
    """Nobody yet."""
    transport = ASGITransport(create_web(house))
    return AsyncClient(transport=transport, base_url=ADDRESS, headers=FROM_HERE)


async def sign_in(house: House, tenant_id: UUID, role: AgentRole = AgentRole.OWNER, **given: Any) -> Staff:
    """A new agent of this role who has just signed in."""
    actor = await an_agent(house.office, tenant_id, role, **given)
    return await come_back(house, tenant_id, actor)


async def come_back(house: House, tenant_id: UUID, actor: Actor) -> Staff:
    assert actor.id is not None
    async with house.office.work(tenant_id) as work:
        account = await account_of(work, actor.id)
        session = await open_session(work, account_id=account, agent_id=actor.id)
    browser = a_browser(house)
    browser.cookies.set(SESSION_COOKIE, session.token)
    return Staff(house, tenant_id, actor, browser)


async def account_of(work: Work, agent_id: UUID) -> UUID:
    found = sa.select(agents.c.account_id).where(
        agents.c.tenant_id == work.tenant_id, agents.c.id == agent_id
    )
    return (await work.db.scalars(found)).one()


@asynccontextmanager
async def staff_of(
    addresses: Addresses, clock: Clock, keyring: Keyring, role: AgentRole = AgentRole.OWNER, **tenant: Any
) -> AsyncIterator[Staff]:
    """An owner of a new, empty firm, with their browser."""
    async with a_house(addresses, clock, keyring) as house:
        tenant_id = await a_tenant(house.office, **tenant)
        yield await sign_in(house, tenant_id, role)
