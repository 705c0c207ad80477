"""Keys for programs: shown once, limited, dead with their agent."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.errors import Invalid, NotAllowed, NotFound, NotSignedIn
from bursar.core.kinds import AgentRole
from bursar.core.tokens import new_token
from bursar.core.work import Actor, Office
from bursar.tenancy.agents import change_role, deactivate_agent
from bursar.tenancy.api_keys import (
    NewApiKey,
    ScopeMissing,
    api_key_actor,
    create_api_key,
    list_api_keys,
    revoke_api_key,
)
from bursar.tenancy.tables import api_keys
from tests.makers.tenancy import a_tenant, acting, an_agent, events_of

pytestmark = pytest.mark.anyio


async def a_key(office: Office, tenant, actor: Actor, *scopes: str) -> NewApiKey:
    async with office.work(tenant, actor=actor) as work:
        return await create_api_key(work, name="Shop", scopes=scopes or ("*",))


async def test_a_key_acts_as_its_agent_within_its_scopes(office: Office) -> None:
    tenant = await a_tenant(office)
    admin = await an_agent(office, tenant, AgentRole.ADMIN)
    key = await a_key(office, tenant, admin, "invoices:write", "customers:read")

    signed = await api_key_actor(office, key.text)

    assert (signed.tenant_id, signed.actor, signed.key_id) == (tenant, admin, key.id)
    assert signed.scopes == ("customers:read", "invoices:write")
    for scope in ("customers:read", "invoices:read", "invoices:write"):
        signed.require(scope)
    for scope in ("customers:write", "campaigns:read"):
        with pytest.raises(ScopeMissing):
            signed.require(scope)


async def test_a_star_covers_everything(office: Office) -> None:
    tenant = await a_tenant(office)
    key = await a_key(office, tenant, await an_agent(office, tenant, AgentRole.OWNER))

    (await api_key_actor(office, key.text)).require("settings:write")


async def test_the_key_is_shown_once_and_stored_nowhere(office: Office) -> None:
    tenant = await a_tenant(office)
    admin = await an_agent(office, tenant, AgentRole.ADMIN)
    key = await a_key(office, tenant, admin)

    assert key.text.startswith("bursar_")
    assert key.text not in repr(key)
    async with office.work(tenant, actor=admin) as work:
        (listed,) = await list_api_keys(work)
        stored = (await work.db.execute(sa.select(api_keys))).one()
        assert await events_of(work, key.id) == ["api_key.create"]
    assert (listed.name, listed.scopes, listed.agent_id, listed.last_used_at) == (
        "Shop",
        ["*"],
        admin.id,
        None,
    )
    assert listed.prefix == f"bursar_…{key.text[-6:]}"
    assert key.text.removeprefix("bursar_") not in str(stored)


async def test_a_revoked_key_is_dead_and_cannot_be_revoked_again(office: Office) -> None:
    tenant = await a_tenant(office)
    admin = await an_agent(office, tenant, AgentRole.ADMIN)
    key = await a_key(office, tenant, admin)

    async with office.work(tenant, actor=admin) as work:
        await revoke_api_key(work, key.id)
        with pytest.raises(NotFound):
            await revoke_api_key(work, key.id)
        assert (await list_api_keys(work))[0].revoked_at == work.now
    with pytest.raises(NotSignedIn):
        await api_key_actor(office, key.text)


async def test_a_key_has_its_agents_role_of_today_and_ends_with_them(office: Office) -> None:
    tenant = await a_tenant(office)
    owner, admin = (
        await an_agent(office, tenant, AgentRole.OWNER),
        await an_agent(office, tenant, AgentRole.ADMIN),
    )
    key = await a_key(office, tenant, admin)
    assert admin.id is not None

    async with office.work(tenant, actor=owner) as work:
        await change_role(work, admin.id, AgentRole.VIEWER)
    assert (await api_key_actor(office, key.text)).role == AgentRole.VIEWER

    async with office.work(tenant, actor=owner) as work:
        await deactivate_agent(work, admin.id)
    with pytest.raises(NotSignedIn):
        await api_key_actor(office, key.text)


async def test_its_use_is_stamped_at_most_once_a_minute(office: Office, clock: FixedClock) -> None:
    tenant = await a_tenant(office)
    admin = await an_agent(office, tenant, AgentRole.ADMIN)
    key = await a_key(office, tenant, admin)
    stamps = set()
    for _ in range(6):
        await api_key_actor(office, key.text)
        async with office.work(tenant, actor=admin) as work:
            stamps.add((await list_api_keys(work))[0].last_used_at)
        clock.advance(timedelta(seconds=25))

    assert len(stamps) == 2


async def test_what_is_no_key_is_nobody(office: Office) -> None:
    tenant, other = await a_tenant(office), await a_tenant(office)
    key = await a_key(office, tenant, await an_agent(office, tenant, AgentRole.ADMIN))
    token = key.text.removeprefix("bursar_")

    for text in (
        "",
        "bursar_",
        token,
        new_token(tenant).text,
        f"bursar_{new_token(other).text}",
        key.text + "A",
    ):
        with pytest.raises(NotSignedIn):
            await api_key_actor(office, text)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " ", "scopes": ["*"]}, "name"),
        ({"name": "Shop", "scopes": []}, "scopes"),
        ({"name": "Shop", "scopes": ["invoices:fly"]}, "scopes"),
    ],
)
async def test_a_key_needs_a_name_and_known_scopes(office: Office, given, field: str) -> None:
    tenant = await a_tenant(office)
    admin = await an_agent(office, tenant, AgentRole.ADMIN)

    async with office.work(tenant, actor=admin) as work:
        with pytest.raises(Invalid) as refusal:
            await create_api_key(work, **given)

    assert refusal.value.field == field


@pytest.mark.parametrize("role", [AgentRole.AGENT, AgentRole.VIEWER])
async def test_keys_are_for_admins_and_another_tenants_are_not_there(office: Office, role: AgentRole) -> None:
    tenant, other = await a_tenant(office), await a_tenant(office)
    key = await a_key(office, tenant, await an_agent(office, tenant, AgentRole.ADMIN))

    async with office.work(tenant, actor=await an_agent(office, tenant, role)) as work:
        for act in (
            create_api_key(work, name="X", scopes=["*"]),
            list_api_keys(work),
            revoke_api_key(work, key.id),
        ):
            with pytest.raises(NotAllowed):
                await act
    async with office.work(other, actor=acting(AgentRole.OWNER)) as work:
        assert await list_api_keys(work) == []
        with pytest.raises(NotFound):
            await revoke_api_key(work, key.id)
