"""Lifecycle 18, typed from its table: every state with every event, and what each does to what is queued."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing import states
from bursar.chasing.sequences import chases
from bursar.chasing.sequences.chases import get_chase, list_chases
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move
from bursar.core.work import SYSTEM, Actor, Work
from tests.makers.billing import an_overdue_invoice, pay, told_of
from tests.makers.sequences import Firm, a_firm, a_sequence, messages_of
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio

# fmt: off
#                  running     paused      stopped     done
TABLE = {
    "pause":        ("paused",  None,       None,       None),
    "resume":       (None,      "running",  None,       None),
    "stop":         ("stopped", "stopped",  None,       None),
    "nothing_open": ("done",    "done",     None,       None),
    "start":        (None,      None,       "running",  "running"),
}
# fmt: on
STATES = ("running", "paused", "stopped", "done")
CELLS = [(event, state, to) for event, row in TABLE.items() for state, to in zip(STATES, row, strict=True)]


@dataclass(frozen=True, slots=True)
class Chased:
    """One late customer with a held message, and their chase."""

    firm: Firm
    customer: UUID
    invoice: UUID
    chase: UUID
    run: UUID


@pytest.fixture
async def chased(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Chased]:
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
            customer = await a_customer(work)
            invoice = await an_overdue_invoice(work, of=customer, days=7)
        shown = await firm.the_list()
        async with firm.work() as work:
            [chase] = (await list_chases(work)).rows
        yield Chased(firm, customer, invoice, chase.id, shown.run_id)


async def stop(work: Work, chase: UUID) -> None:
    await chases.stop(work, chase, because="they are bankrupt")


async def nothing_open(work: Work, chase: UUID) -> None:
    await move(work, states.NOTHING_OPEN, chase, pause_reason=None)


EVENTS: dict[str, Callable[[Work, UUID], Awaitable[Any]]] = {
    "pause": chases.pause,
    "resume": chases.resume,
    "stop": stop,
    "nothing_open": nothing_open,
    "start": chases.start,
}


async def bring(chased: Chased, state: str) -> None:
    way = {"running": (), "paused": ("pause",), "stopped": ("stop",), "done": ("nothing_open",)}
    for event in way[state]:
        async with chased.firm.work() as work:
            await EVENTS[event](work, chased.chase)


async def everything(work: Work) -> list[Any]:
    """All rows that a move may touch."""
    return [
        await work.db.scalar(
            sa.text(
                f"select md5(string_agg(t::text, '|' order by t::text)) from {name} t where tenant_id = :t"
            ),
            {"t": work.tenant_id},
        )
        for name in ("chases", "runs", "sends", "send_subjects", "events")
    ]


@pytest.mark.parametrize(("event", "state", "to"), CELLS)
async def test_each_event_in_each_state_does_what_the_table_says(
    chased: Chased, event: str, state: str, to: str | None
) -> None:
    await bring(chased, state)
    async with chased.firm.work() as work:
        before, told = await everything(work), await told_of(work, chased.chase)
        if to is None:
            with pytest.raises(IllegalMove, match=state):
                await EVENTS[event](work, chased.chase)
            assert await everything(work) == before
        else:
            await EVENTS[event](work, chased.chase)
            assert (await get_chase(work, chased.chase)).state == to
            assert await told_of(work, chased.chase) == [*told, f"chase.{event}"]


async def test_it_begins_running_and_each_list_that_speaks_of_it_is_a_touch(chased: Chased) -> None:
    async with chased.firm.work() as work:
        shown = await get_chase(work, chased.chase)
        assert (shown.state, shown.touch_number) == ("running", 1)
        assert str(shown.last_touch_on) == "2026-11-19"
        assert str(shown.next_touch_on) == "2026-11-25"  # 14 days after 11 November
        assert await told_of(work, chased.chase) == ["chase.running", "chase.touch"]
    await chased.firm.stage()
    async with chased.firm.work() as work:
        assert await told_of(work, chased.chase) == ["chase.running", "chase.touch"]


# fmt: off
# event    send         reason    its rung is free
EFFECTS = {
    "pause": ("cancelled", "agent", True),
    "stop":  ("cancelled", "agent", True),
}
# fmt: on


@pytest.mark.parametrize("event", EFFECTS)
async def test_an_agent_who_silences_cancels_what_waits(chased: Chased, event: str) -> None:
    async with chased.firm.work() as work:
        await EVENTS[event](work, chased.chase)
        [message] = await messages_of(work, chased.run)
    assert (message.state, message.reason, not message.rungs) == EFFECTS[event]


async def test_a_reply_suppresses_what_waits_and_frees_its_rung(chased: Chased) -> None:
    async with chased.firm.work(SYSTEM) as work:
        await chases.pause_for_reply(work, [chased.customer])
        [message] = await messages_of(work, chased.run)
        shown = await get_chase(work, chased.chase)
    assert (message.state, message.reason, message.rungs) == ("suppressed", "replied", {})
    assert (shown.state, shown.pause_reason) == ("paused", "reply")


async def test_who_dealt_with_the_reply_lets_the_chase_go_on_but_not_what_an_agent_paused(
    chased: Chased,
) -> None:
    async with chased.firm.work() as work:
        await chases.pause(work, chased.chase)
        await chases.pause_for_reply(work, [chased.customer])
        await chases.resume_after_reply(work, [chased.customer])
        assert (await get_chase(work, chased.chase)).state == "paused"
        await chases.resume(work, chased.chase)
        await chases.pause_for_reply(work, [chased.customer])
        await chases.resume_after_reply(work, [chased.customer])
        assert (await get_chase(work, chased.chase)).state == "running"


async def test_a_pause_ends_on_its_day_and_what_was_missed_is_one_touch(chased: Chased) -> None:
    """At +7 when it was paused, beyond +14 when it goes on: one letter, in the words of +14."""
    async with chased.firm.work() as work:
        await chases.pause(work, chased.chase, until=work.today + timedelta(days=9))
    await chased.firm.a_day_passes(8)
    assert (await chased.firm.the_list()).left_out == {"chase_paused": 1}
    await chased.firm.a_day_passes(1)

    shown = await chased.firm.the_list()

    async with chased.firm.work() as work:
        assert (await get_chase(work, chased.chase)).state == "running"
        [message] = await messages_of(work, shown.run_id)
    assert message.rungs == {chased.invoice: "+14"}


async def test_who_pays_the_last_of_it_is_chased_no_more_and_what_is_new_starts_it_again(
    chased: Chased,
) -> None:
    async with chased.firm.work() as work:
        other = await an_overdue_invoice(work, of=chased.customer, days=7)
        await pay(work, chased.invoice, 100_00)
    async with chased.firm.work() as work:
        assert (await get_chase(work, chased.chase)).state == "running"
        await pay(work, other, 100_00)
    async with chased.firm.work() as work:
        assert (await get_chase(work, chased.chase)).state == "done"
        await an_overdue_invoice(work, of=chased.customer, days=1)
    await chased.firm.stage()
    async with chased.firm.work() as work:
        shown = await get_chase(work, chased.chase)
        assert (shown.state, shown.touch_number) == ("running", 0)
        assert (await told_of(work, chased.chase))[-2:] == ["chase.nothing_open", "chase.start"]


async def test_a_stopped_chase_stays_so_whatever_is_new(chased: Chased) -> None:
    async with chased.firm.work() as work:
        await stop(work, chased.chase)
        await an_overdue_invoice(work, of=chased.customer, days=30)

    shown = await chased.firm.the_list()

    assert shown.left_out == {"chase_stopped": 2}
    async with chased.firm.work() as work:
        assert (await get_chase(work, chased.chase)).state == "stopped"


async def test_one_invoice_can_be_paused_beside_its_customers_others(chased: Chased) -> None:
    async with chased.firm.work() as work:
        other = await an_overdue_invoice(work, of=chased.customer, days=30)
        [own] = await chases.chase_of_invoice(work, chased.invoice)
        await chases.pause(work, own)
        [message] = await messages_of(work, chased.run)
        assert (message.state, message.reason) == ("cancelled", "agent")
        assert (await get_chase(work, chased.chase)).state == "running"
    await chased.firm.a_day_passes()
    shown = await chased.firm.the_list()
    async with chased.firm.work() as work:
        assert [one.rungs for one in await messages_of(work, shown.run_id)] == [{other: "+30"}]


async def test_a_message_about_others_too_goes_without_the_paused_invoice(chased: Chased) -> None:
    async with chased.firm.work() as work:
        two = await a_customer(work)
        first, second = [await an_overdue_invoice(work, of=two, days=days) for days in (7, 14)]
    await chased.firm.stage()
    async with chased.firm.work() as work:
        [own] = await chases.chase_of_invoice(work, first)
        await chases.pause(work, own)
        [_, message] = await messages_of(work, chased.run)
    assert (message.state, message.rungs) == ("queued", {second: "+14"})


# --- who, where, which version ----------------------------------------------------------------------


@pytest.mark.parametrize("event", ["pause", "resume", "stop", "start"])
async def test_a_viewer_moves_nothing(chased: Chased, event: str) -> None:
    async with chased.firm.work(acting(AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            await EVENTS[event](work, chased.chase)


@pytest.mark.parametrize("event", ["pause", "resume", "stop", "start"])
async def test_a_customer_moves_nothing(chased: Chased, event: str) -> None:
    async with chased.firm.work(Actor(ActorType.CUSTOMER, chased.customer)) as work:
        with pytest.raises(NotAllowed):
            await EVENTS[event](work, chased.chase)


@pytest.mark.parametrize("event", ["pause", "resume", "stop", "start"])
async def test_another_firm_finds_no_such_chase(chased: Chased, event: str) -> None:
    office = chased.firm.story.house.office
    async with office.work(await a_tenant(office), actor=acting(AgentRole.OWNER)) as work:
        with pytest.raises(NotFound):
            await EVENTS[event](work, chased.chase)


async def test_a_stale_version_is_refused(chased: Chased) -> None:
    async with chased.firm.work() as work:
        with pytest.raises(StaleVersion):
            await chases.pause(work, chased.chase, version=99)


@pytest.mark.parametrize("days", [0, -1, 400])
async def test_a_pause_ends_on_a_day_to_come(chased: Chased, days: int) -> None:
    async with chased.firm.work() as work:
        with pytest.raises(Invalid):
            await chases.pause(work, chased.chase, until=work.today + timedelta(days=days))


async def test_who_stops_says_why(chased: Chased) -> None:
    async with chased.firm.work() as work:
        with pytest.raises(Invalid):
            await chases.stop(work, chased.chase, because=" – ")
