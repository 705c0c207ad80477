"""Makers of the API: the whole product on a test's own database, and programs with keys of their own."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient, Response

from bursar import app
from bursar.api.acting import JSON
from bursar.api.app import create_api
from bursar.api.auth import Buckets, Limits
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.schema import metadata
from bursar.core.settings import load_settings
from bursar.core.work import Actor, Work
from bursar.house import House
from bursar.tenancy.api_keys import create_api_key
from tests.makers.tenancy import a_tenant, an_agent

ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Program:
    """Somebody's program with a key."""

    house: House
    tenant_id: UUID
    actor: Actor
    key: str
    client: AsyncClient

    def work(self) -> Any:
        """A Work of the key's agent, to look behind the door."""
        return self.house.office.work(self.tenant_id, actor=self.actor)

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {} if body is None else {"json": body}
        return await self.client.request(method, f"/api/v1{path}", headers=sent, **given)

    async def get(self, path: str, **query: Any) -> Any:
        """What is there."""
        answer = await self.client.get(f"/api/v1{path}", params=query or None)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """What was made."""
        answer = await self("POST", path, body, **headers)
        assert answer.status_code == 201, (path, answer.status_code, answer.text)
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a refusal, which is a problem and nothing else."""
        answer = await self(method, path, body, **headers)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        told = answer.json()
        assert told["status"] == answer.status_code
        return answer.status_code, told["code"]


@asynccontextmanager
async def a_site(
    addresses: Addresses, clock: Clock, keyring: Keyring, **settings: Any
) -> AsyncIterator[House]:
    house = app.build(load_settings(**settings), clock=clock, addresses=addresses, keyring=keyring)
    try:
        yield house
    finally:
        await house.close()


async def a_program(
    house: House,
    *,
    of: UUID | None = None,
    role: AgentRole = AgentRole.OWNER,
    scopes: Iterable[str] = ("*",),
    site: Any = None,
) -> Program:
    """A key of a new agent of this role, in a new firm unless it is said whose."""
    tenant_id = of or await a_tenant(house.office)
    actor = await an_agent(house.office, tenant_id, AgentRole.OWNER)
    async with house.office.work(tenant_id, actor=actor) as work:
        made = await create_api_key(work, name="Program", scopes=scopes)
    if role is not AgentRole.OWNER:
        async with house.office.work(tenant_id) as work:
            await appoint(work, actor, role)
    transport = ASGITransport(site or app.site(house))
    client = AsyncClient(
        transport=transport, base_url=ADDRESS, headers={"Authorization": f"Bearer {made.text}"}
    )
    return Program(house, tenant_id, actor, made.text, client)


async def appoint(work: Work, actor: Actor, role: AgentRole) -> None:
    agents = metadata.tables["agents"]
    await work.db.execute(
        sa.update(agents)
        .where(agents.c.tenant_id == work.tenant_id, agents.c.id == actor.id)
        .values(role=role)
    )


async def footprint(house: House, tenant_id: UUID) -> dict[str, str]:
    """Every row of a tenant as one value a table; what only says that a key was used is left out."""
    async with house.office.work(tenant_id) as work:
        told = {}
        for table in metadata.sorted_tables:
            if "tenant_id" not in table.c or table.name == "api_keys":
                continue
            text = sa.text(
                f"select count(*) || '/' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {table.name} t where tenant_id = :tenant"
            )
            told[table.name] = await work.db.scalar(text, {"tenant": tenant_id})
        return told


ENDLESS = Limits(keys=Buckets(rate=1e9, burst=10**9), strangers=Buckets(rate=1e9, burst=10**9))


def operations(house: House, *, document: bool = False) -> Any:
    """Name, method, path and whether it needs a JSON body of every operation; or the whole document."""
    told = create_api(house).openapi()
    if document:
        return told
    return [
        (
            one["operationId"],
            method.upper(),
            path,
            JSON in one.get("requestBody", {}).get("content", {})
            and bool(one["requestBody"].get("required")),
        )
        for path, known in told["paths"].items()
        for method, one in known.items()
    ]


async def set_send(work: Work, send_id: str, **values: Any) -> None:
    """Bring a send to where only a worker could bring it."""
    sends = metadata.tables["sends"]
    mine = (sends.c.tenant_id == work.tenant_id) & (sends.c.id == UUID(send_id))
    if values:
        await work.db.execute(sa.update(sends).where(mine).values(**values))
