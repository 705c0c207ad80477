"""Staying signed in, and being out the moment one must be (R133)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.errors import NotFound, NotSignedIn
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Origin
from bursar.tenancy.accounts import set_password
from bursar.tenancy.agents import change_role, deactivate_agent, invite_agent
from bursar.tenancy.sessions import end_session, list_sessions, session_actor, sign_out, switch_tenant
from bursar.tenancy.tables import sessions
from tests.makers.sign_in import HOME, a_firm, enter, signed_in
from tests.makers.tenancy import acting, events_of

pytestmark = pytest.mark.anyio

ELSEWHERE = Origin(ip="203.0.113.9")
NEW = "seven teal lighthouses hum"


async def test_a_session_says_who_where_and_in_which_role(office: Office) -> None:
    firm = await a_firm(office)

    entered = await enter(office, email=" OWNER@example.com ")
    signed = await session_actor(office, entered.session.token)

    assert (signed.tenant_id, signed.tenant_slug, signed.tenant_name) == (
        firm.id,
        "working-title",
        "Working Title",
    )
    assert (signed.agent_id, signed.role, signed.locale) == (firm.owner_id, AgentRole.OWNER, "en")
    assert signed.actor == acting(AgentRole.OWNER, firm.owner_id)
    assert entered.session.token not in repr(entered)
    async with office.work(firm.id) as work:
        assert (await events_of(work, firm.owner_id))[-1] == "agent.sign_in"


async def test_the_token_itself_is_stored_nowhere(office: Office) -> None:
    firm = await a_firm(office)
    token = (await enter(office)).session.token

    async with office.work(firm.id) as work:
        stored = (
            await work.db.execute(sa.select(sa.cast(sa.func.row_to_json(sessions.table_valued()), sa.Text)))
        ).all()

    assert len(stored) == 1
    assert token not in str(stored)
    assert token.encode().hex() not in str(stored)


async def test_a_session_ends_when_idle_when_old_and_when_told(office: Office, clock: FixedClock) -> None:
    await a_firm(office)
    token = (await enter(office)).session.token

    clock.advance(timedelta(hours=7))
    await session_actor(office, token)
    clock.advance(timedelta(hours=7))
    await session_actor(office, token)
    clock.advance(timedelta(hours=8, seconds=1))
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)

    token = (await enter(office)).session.token
    for _ in range(14 * 4 - 1):
        clock.advance(timedelta(hours=6))
        await session_actor(office, token)
    clock.advance(timedelta(hours=6))
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)

    token = (await enter(office)).session.token
    await sign_out(office, token)
    await sign_out(office, token)
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)


async def test_a_busy_session_is_stamped_at_most_once_a_minute(office: Office, clock: FixedClock) -> None:
    firm = await a_firm(office)
    token = (await enter(office)).session.token
    stamps = set()
    for _ in range(6):
        clock.advance(timedelta(seconds=25))
        await session_actor(office, token)
        async with office.work(firm.id) as work:
            stamps.add(await work.db.scalar(sa.select(sessions.c.idle_expires_at)))

    assert len(stamps) == 3


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "é" * 64])
async def test_a_token_of_none_is_nobody(office: Office, token: str) -> None:
    with pytest.raises(NotSignedIn):
        await session_actor(office, token)
    await sign_out(office, token)


async def test_a_changed_role_or_a_switched_off_person_is_out_at_once(office: Office) -> None:
    firm = await a_firm(office)
    owner = acting(AgentRole.OWNER, firm.owner_id)
    invited = await invite_agent(
        office, firm.id, owner, email="a@example.com", name="A", role=AgentRole.AGENT
    )
    await set_password(office, invited.token or "", NEW)

    for act in (lambda work: change_role(work, invited.agent_id, AgentRole.VIEWER), None):
        token = (await enter(office, "a@example.com", NEW)).session.token
        async with office.work(firm.id, actor=owner) as work:
            await (act(work) if act else deactivate_agent(work, invited.agent_id))
        with pytest.raises(NotSignedIn):
            await session_actor(office, token)


async def test_a_person_of_two_firms_chooses_and_switches(office: Office) -> None:
    first = await a_firm(office)
    second = await a_firm(office, slug="another-firm", name="Another Firm", password=None)

    assert (await enter(office)).slug == "another-firm"
    entered = await enter(office, slug="working-title")
    assert entered.tenant_id == first.id
    with pytest.raises(NotFound):
        await enter(office, slug="no-firm-of-theirs")

    signed = await session_actor(office, entered.session.token)
    switched = await switch_tenant(office, signed, second.id)
    assert (await session_actor(office, switched.token)).tenant_id == second.id
    with pytest.raises(NotSignedIn):
        await session_actor(office, entered.session.token)
    with pytest.raises(NotFound):
        await switch_tenant(office, await session_actor(office, switched.token), first.owner_id)


async def test_people_see_and_end_their_own_sessions_only(office: Office) -> None:
    firm = await a_firm(office)
    mine, other = await signed_in(office), await signed_in(office, origin=ELSEWHERE)

    assert {each.ip for each in await list_sessions(office, mine)} == {HOME.ip, ELSEWHERE.ip}
    async with office.work(firm.id, actor=acting(AgentRole.OWNER, firm.id)) as work:
        with pytest.raises(NotFound):
            await end_session(work, other.session_id)
    async with office.work(firm.id, actor=mine.actor) as work:
        await end_session(work, other.session_id)
    assert [each.id for each in await list_sessions(office, mine)] == [mine.session_id]
