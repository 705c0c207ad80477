"""Lifecycle 11, typed from its table: every state with every event."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, IllegalMove, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move
from bursar.core.tables import events
from bursar.core.work import SYSTEM, Actor, Office, Work
from bursar.outbox import pausing, states
from bursar.outbox.account_fields import SmtpServer
from bursar.outbox.accounts import disable, edit_account, forget_secret, make_primary
from bursar.outbox.connecting import abandon_overdue, connect_smtp, find_overdue, reconnect_smtp
from tests.makers.outbox import a_run, a_send, an_account, the_account, the_send
from tests.makers.senders import Senders
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

OWNER = Actor(ActorType.AGENT, None, AgentRole.OWNER)
SERVER = SmtpServer("smtp.firm.example", 587, "us", "secret")

# fmt: off
#                 connecting   active          needs_reauth   throttled       disabled
TABLE = {
    "connected":     ("active",    None,           None,          None,           None),
    "abandoned":     ("disabled",  None,           None,          None,           None),
    "auth_failed":   (None,        "needs_reauth", None,          "needs_reauth", None),
    "reconnect":     (None,        None,           "active",      None,           None),
    "capped":        (None,        "throttled",    None,          None,           None),
    "until_passed":  (None,        None,           None,          "active",       None),
    "disable":       ("disabled",  "disabled",     "disabled",    "disabled",     None),
    "begin_connect": (None,        None,           None,          None,           "connecting"),
}
# fmt: on
STATES = ("connecting", "active", "needs_reauth", "throttled", "disabled")
MOVES = {
    "connected": states.CONNECT,
    "abandoned": states.ABANDON,
    "auth_failed": states.AUTH_FAIL,
    "reconnect": states.RECONNECT,
    "capped": states.CAP,
    "until_passed": states.UNCAP,
    "disable": states.DISABLE,
    "begin_connect": states.CONNECT_AGAIN,
}
CELLS = [(event, state, to) for event, row in TABLE.items() for state, to in zip(STATES, row, strict=True)]


async def told_of(work: Work, account: UUID) -> list[str]:
    found = (
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_id == account)
        .order_by(events.c.id)
    )
    return list(await work.db.scalars(found))


@pytest.mark.parametrize(("event", "state", "to"), CELLS)
async def test_each_event_in_each_state_does_what_the_table_says(
    work: Work, event: str, state: str, to: str | None
) -> None:
    account = await an_account(work, state=state)

    if to is None:
        with pytest.raises(IllegalMove) as refusal:
            await move(work, MOVES[event], account)
        assert refusal.value.params["state"] == state
        assert (await the_account(work, account)).version == 1
        assert await told_of(work, account) == [f"sending_account.{state}"]
    else:
        await move(work, MOVES[event], account)
        assert (await the_account(work, account)).state == to
        assert await told_of(work, account) == [f"sending_account.{state}", f"sending_account.{event}"]


def test_every_state_can_be_reached_and_left() -> None:
    assert {to for _, _, to in CELLS if to} == set(STATES)
    assert {state for _, state, to in CELLS if to} == set(STATES)


async def test_a_stale_version_is_refused(work: Work) -> None:
    account = await an_account(work)

    with pytest.raises(StaleVersion):
        await edit_account(work, account, {"batch_size": 9}, version=4)

    assert (await the_account(work, account)).batch_size == 5


@pytest.mark.parametrize("role", [AgentRole.ADMIN, AgentRole.AGENT, AgentRole.VIEWER])
async def test_only_an_owner_connects_a_mailbox(office: Office, role: AgentRole) -> None:
    tenant, actor = await a_tenant(office), Actor(ActorType.AGENT, None, role)

    with pytest.raises(NotAllowed):
        await connect_smtp(office, tenant, actor, Senders(), address="a@firm.example", server=SERVER)


@pytest.mark.parametrize("role", [AgentRole.AGENT, AgentRole.VIEWER])
async def test_pace_primary_and_end_need_an_admin(work: Work, role: AgentRole) -> None:
    account = await an_account(work)
    work.actor = Actor(ActorType.AGENT, None, role)

    for verb in (disable, make_primary, forget_secret):
        with pytest.raises(NotAllowed):
            await verb(work, account)
    with pytest.raises(NotAllowed):
        await edit_account(work, account, {"batch_size": 9})


async def test_a_viewer_cannot_reconnect_and_an_agent_can(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        account = await an_account(work, state="needs_reauth")
    viewer, agent = (Actor(ActorType.AGENT, None, role) for role in (AgentRole.VIEWER, AgentRole.AGENT))

    with pytest.raises(NotAllowed):
        await reconnect_smtp(office, tenant, viewer, Senders(), account, password="new")
    await reconnect_smtp(office, tenant, agent, Senders(), account, password="new")

    async with office.work(tenant) as work:
        assert (await the_account(work, account)).state == "active"


async def test_an_account_of_another_tenant_is_not_there(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        account = await an_account(work)

    async with office.work(ours) as work:
        for verb in (disable, make_primary, forget_secret):
            with pytest.raises(NotFound):
                await verb(work, account)
        with pytest.raises(NotFound):
            await edit_account(work, account, {"batch_size": 9})
    with pytest.raises(NotFound):
        await reconnect_smtp(office, ours, OWNER, Senders(), account, password="new")


async def test_the_same_event_twice_has_one_effect(work: Work) -> None:
    account = await an_account(work)
    run = await a_run(work)
    await a_send(work, sending_account_id=account, run_id=run)

    for _ in range(2):
        await pausing.needs_reauth(work, account, "535")

    told = await told_of(work, account)
    assert told == ["sending_account.active", "sending_account.auth_failed"]


async def test_auth_failed_pauses_the_runs_that_send_only_through_it(work: Work) -> None:
    broken, sound = await an_account(work), await an_account(work)
    only, both = await a_run(work), await a_run(work)
    send = await a_send(work, sending_account_id=broken, run_id=only)
    await a_send(work, sending_account_id=broken, run_id=both)
    await a_send(work, sending_account_id=sound, run_id=both)

    await pausing.needs_reauth(work, broken, "535 5.7.8")

    assert await told_of(work, only) == ["run.open", "run.pause"]
    assert await told_of(work, both) == ["run.open"]
    assert (await the_send(work, send)).state == "queued"


async def test_capped_waits_and_goes_on_by_itself(work: Work) -> None:
    account = await an_account(work)
    run = await a_run(work)
    send = await a_send(work, sending_account_id=account, run_id=run)

    await pausing.throttle(work, account, work.now + timedelta(hours=1))
    assert await told_of(work, run) == ["run.open", "run.pause"]
    await pausing.until_passed(work, [account])

    assert await told_of(work, run) == ["run.open", "run.pause", "run.open"]
    assert (await the_send(work, send)).attempts == 0


async def test_disabling_is_refused_while_an_open_run_sends_through_it(work: Work) -> None:
    account = await an_account(work)
    await a_send(work, sending_account_id=account, run_id=await a_run(work))

    with pytest.raises(Conflict) as refusal:
        await disable(work, account)

    assert refusal.value.code == "account_in_use"
    assert (await the_account(work, account)).state == "active"


async def test_disabling_hands_what_waits_to_the_next_primary(work: Work) -> None:
    leaving, staying = await an_account(work, is_primary=True), await an_account(work)
    held = await a_send(work, sending_account_id=leaving, run_id=await a_run(work, state="held"))

    await disable(work, leaving)

    assert not (await the_account(work, leaving)).is_primary
    assert (await the_account(work, staying)).is_primary
    assert (await the_send(work, held)).sending_account_id == staying


async def test_disabling_the_last_account_leaves_sends_for_the_next_to_come(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        leaving = await an_account(work, is_primary=True)
        send = await a_send(work, sending_account_id=leaving)
    async with office.work(tenant, actor=OWNER) as work:
        await disable(work, leaving)
        assert (await the_send(work, send)).sending_account_id is None

    new = await connect_smtp(office, tenant, OWNER, Senders(), address="new@firm.example", server=SERVER)

    async with office.work(tenant) as work:
        assert (await the_send(work, send)).sending_account_id == new


async def test_who_is_not_connected_in_ten_minutes_is_given_up(office: Office, clock) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        soon = work.now + timedelta(minutes=10)
        slow = await an_account(work, state="connecting", connect_by=soon)

    for minutes, expected in ((9, []), (1, [slow])):
        clock.advance(timedelta(minutes=minutes))
        async with office.scan() as scan:
            found = await find_overdue(scan, clock.now())
        assert found.get(tenant, []) == expected
        async with office.work(tenant, actor=SYSTEM) as work:
            assert await abandon_overdue(work, [slow]) == expected

    async with office.work(tenant) as work:
        assert (await the_account(work, slow)).state == "disabled"
        assert await abandon_overdue(work, [slow, uuid4()]) == []
