"""The firm's people: who may appoint whom, and that there is always an owner."""

import asyncio
from uuid import uuid4

import pytest

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Office
from bursar.tenancy.agents import (
    change_role,
    deactivate_agent,
    edit_agent,
    invite_again,
    invite_agent,
    list_agents,
    names_of_agents,
)
from tests.makers.sign_in import OWNER, a_firm
from tests.makers.tenancy import a_tenant, acting, an_agent, events_of, personal_of

pytestmark = pytest.mark.anyio

ROLES = list(AgentRole)
# Who may invite, typed by hand: owners and admins are appointed by owners, the others by admins too.
MAY_APPOINT = {
    ("owner", "owner"),
    ("owner", "admin"),
    ("owner", "agent"),
    ("owner", "viewer"),
    ("admin", "agent"),
    ("admin", "viewer"),
}


@pytest.mark.parametrize("by", ROLES)
async def test_who_may_invite_whom(office: Office, by: AgentRole) -> None:
    tenant = await a_tenant(office)
    for role in ROLES:
        act = invite_agent(
            office, tenant, acting(by), email=f"{role}@example.com", name="Somebody", role=role
        )
        if (by, role) in MAY_APPOINT:
            assert (await act).token is not None
        else:
            with pytest.raises(NotAllowed):
                await act


@pytest.mark.parametrize("by", ROLES)
async def test_who_may_change_and_switch_off_whom(office: Office, by: AgentRole) -> None:
    tenant = await a_tenant(office)
    await an_agent(office, tenant, AgentRole.OWNER)
    for before in ROLES:
        for after in ROLES:
            agent = await an_agent(office, tenant, before)
            allowed = (by, before) in MAY_APPOINT and (by, after) in MAY_APPOINT
            async with office.work(tenant, actor=acting(by)) as work:
                if allowed:
                    await change_role(work, agent.id or uuid4(), after)
                else:
                    with pytest.raises(NotAllowed):
                        await change_role(work, agent.id or uuid4(), after)
        agent = await an_agent(office, tenant, before)
        async with office.work(tenant, actor=acting(by)) as work:
            if (by, before) in MAY_APPOINT:
                await deactivate_agent(work, agent.id or uuid4())
            else:
                with pytest.raises(NotAllowed):
                    await deactivate_agent(work, agent.id or uuid4())


async def test_the_last_owner_stays_and_stays_owner(office: Office) -> None:
    firm = await a_firm(office)
    await an_agent(office, firm.id, AgentRole.OWNER, active=False)

    async with office.work(firm.id, actor=acting(AgentRole.OWNER)) as work:
        with pytest.raises(Conflict, match="A firm needs an owner"):
            await change_role(work, firm.owner_id, AgentRole.ADMIN)
        with pytest.raises(Conflict, match="A firm needs an owner"):
            await deactivate_agent(work, firm.owner_id)
        await change_role(work, firm.owner_id, AgentRole.OWNER)


async def test_two_owners_who_lower_each_other_at_once_leave_one(office: Office) -> None:
    tenant = await a_tenant(office)
    owners = [await an_agent(office, tenant, AgentRole.OWNER) for _ in range(2)]

    async def lower(by: int, whom: int) -> None:
        async with office.work(tenant, actor=owners[by]) as work:
            await change_role(work, owners[whom].id or uuid4(), AgentRole.VIEWER)

    results = await asyncio.gather(lower(0, 1), lower(1, 0), return_exceptions=True)

    assert sorted(type(each).__name__ for each in results) == ["Conflict", "NoneType"]
    listed = await list_agents(office, tenant, acting(AgentRole.OWNER))
    assert sorted(each.role for each in listed) == ["owner", "viewer"]


async def test_somebody_invited_is_listed_and_invited_again_until_a_password_is_set(office: Office) -> None:
    firm = await a_firm(office)
    owner = acting(AgentRole.OWNER, firm.owner_id)
    invited = await invite_agent(
        office,
        firm.id,
        owner,
        email="New@Example.com",
        name=" Nadia  Aziz ",
        role=AgentRole.AGENT,
        locale="ar",
    )

    listed = {each.email: each for each in await list_agents(office, firm.id, acting(AgentRole.VIEWER))}
    nadia = listed["New@example.com"]
    assert (nadia.name, nadia.role, nadia.locale, nadia.invited, nadia.active) == (
        "Nadia Aziz",
        "agent",
        "ar",
        True,
        True,
    )
    assert await invite_again(office, firm.id, owner, invited.agent_id) != invited.token
    with pytest.raises(Conflict):
        await invite_again(office, firm.id, owner, firm.owner_id)
    async with office.work(firm.id) as work:
        assert await names_of_agents(work, [invited.agent_id]) == {invited.agent_id: "Nadia Aziz"}
        assert await events_of(work, invited.agent_id) == ["agent.invite", "agent.invite"]


async def test_an_agent_is_invited_once_and_again_after_leaving(office: Office) -> None:
    firm = await a_firm(office)
    owner = acting(AgentRole.OWNER, firm.owner_id)
    asked = {"email": "a@example.com", "name": "A", "role": AgentRole.VIEWER}
    first = await invite_agent(office, firm.id, owner, **asked)
    with pytest.raises(Conflict):
        await invite_agent(office, firm.id, owner, **asked)

    async with office.work(firm.id, actor=owner) as work:
        await deactivate_agent(work, first.agent_id)
        with pytest.raises(Conflict):
            await deactivate_agent(work, first.agent_id)
    again = await invite_agent(office, firm.id, owner, **{**asked, "role": AgentRole.AGENT})

    assert again.agent_id == first.agent_id
    listed = {each.id: each for each in await list_agents(office, firm.id, owner)}
    assert (listed[again.agent_id].active, listed[again.agent_id].role) == (True, "agent")


async def test_an_admin_does_not_bring_an_owner_back_as_an_agent(office: Office) -> None:
    firm = await a_firm(office)
    gone = await an_agent(office, firm.id, AgentRole.OWNER, email="gone@example.com", active=False)

    with pytest.raises(NotAllowed):
        await invite_agent(
            office, firm.id, acting(AgentRole.ADMIN), email="gone@example.com", name="G", role=AgentRole.AGENT
        )
    assert gone.id in {each.id for each in await list_agents(office, firm.id, gone) if not each.active}


async def test_whoever_has_a_password_needs_no_invitation(office: Office) -> None:
    await a_firm(office)
    other = await a_tenant(office)

    invited = await invite_agent(
        office, other, acting(AgentRole.OWNER), email=OWNER, name="Consultant", role=AgentRole.ADMIN
    )

    assert (invited.token, invited.email) == (None, OWNER)


async def test_people_edit_themselves_and_admins_the_others(office: Office) -> None:
    tenant = await a_tenant(office)
    me, other = await an_agent(office, tenant), await an_agent(office, tenant)
    assert me.id is not None
    assert other.id is not None

    async with office.work(tenant, actor=me) as work:
        await edit_agent(work, me.id, name="Canary Name", locale="fr", phone="050 123 4567")
        with pytest.raises(NotAllowed):
            await edit_agent(work, other.id, name="X")
        with pytest.raises(Invalid):
            await edit_agent(work, me.id, name=" ")
        assert await personal_of(work, me.id, "agent.edit") == ({"fields": ["locale", "name", "phone"]}, None)
    async with office.work(tenant, actor=acting(AgentRole.ADMIN)) as work:
        await edit_agent(work, other.id, name="Renamed")
        assert (await names_of_agents(work, [other.id])).popitem()[1] == "Renamed"


async def test_another_tenants_people_are_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    agent = await an_agent(office, ours)
    owner = await an_agent(office, theirs, AgentRole.OWNER)
    assert agent.id is not None

    async with office.work(theirs, actor=owner) as work:
        for act in (
            change_role(work, agent.id, AgentRole.VIEWER),
            deactivate_agent(work, agent.id),
            edit_agent(work, agent.id, name="X"),
        ):
            with pytest.raises(NotFound):
                await act
        assert await names_of_agents(work, [agent.id]) == {}
    with pytest.raises(NotFound):
        await invite_again(office, theirs, owner, agent.id)
    assert [each.id for each in await list_agents(office, theirs, owner)] == [owner.id]
