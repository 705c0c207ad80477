"""A day's list is let go by hand or by itself, called off, overtaken; and what changed since is shown before."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.billing.promises import make_promise
from bursar.billing.tables import invoices
from bursar.chasing.sequences import releasing
from bursar.chasing.sequences.lists import Changes, changes, get_list, held_lists, recent_lists
from bursar.chasing.sequences.sequences import (
    deactivate,
    list_sequences,
)
from bursar.chasing.tables import sequence_runs
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox import resolving
from bursar.outbox.tables import sends
from bursar.tenancy.tables import customers
from tests.makers.billing import pay
from tests.makers.sequences import (
    Firm,
    a_firm,
    a_sequence,
    at,
    automatic,
    break_account,
    late,
    messages_of,
)
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Firm]:
    """Wednesday 18 November, noon in Dubai; hours are 9 to 18, on Friday to 12, none on Saturday and Sunday."""
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
        yield firm


# --- by hand ----------------------------------------------------------------------------------------


async def test_a_list_released_on_the_eve_leaves_on_its_day_and_not_before(firm: Firm) -> None:
    await late(firm, 7)
    await firm.release((await firm.the_list()).run_id)

    for when, there in ((at(18, 17), 0), (at(19, 8, 59), 0), (at(19, 9), 1)):
        firm.clock.move_to(when)
        await firm.drain()
        assert len(firm.story.messages()) == there, when


async def test_a_second_release_is_refused(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    await firm.release(run)
    with pytest.raises(IllegalMove, match="run is open"):
        await firm.release(run)


async def test_an_empty_list_cannot_be_released(firm: Firm) -> None:
    with pytest.raises(Invalid, match="Nothing is left"):
        await firm.release((await firm.the_list()).run_id)


async def test_a_list_that_is_still_being_made_cannot_be_released(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        await work.db.execute(sa.update(sequence_runs).values(staged_at=None))
    with pytest.raises(Conflict, match="still being made"):
        await firm.release(run)


async def test_a_list_waits_for_its_mailbox(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        await break_account(work)
    with pytest.raises(Conflict, match="cannot send"):
        await firm.release(run)


async def test_another_firm_finds_no_such_list_and_a_viewer_lets_none_go(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    office = firm.story.house.office
    async with office.work(await a_tenant(office), actor=acting(AgentRole.OWNER)) as work:
        for act in (releasing.release(work, run), releasing.cancel(work, run), get_list(work, run)):
            with pytest.raises(NotFound):
                await act
        with pytest.raises(NotFound):
            await changes(work, run)
        assert await held_lists(work) == []
    async with firm.work(acting(AgentRole.VIEWER)) as work:
        for act in (
            releasing.release(work, run),
            releasing.cancel(work, run),
            releasing.announce(work, run, None),
        ):
            with pytest.raises(NotAllowed):
                await act


async def test_a_message_dropped_by_hand_is_said_by_the_next_list(firm: Firm) -> None:
    [invoice] = await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        [message] = await messages_of(work, run)
        await resolving.cancel(work, message.id)
    assert (await firm.the_list()).counts == {"cancelled": 1}
    await firm.a_day_passes()

    shown = await firm.the_list()

    async with firm.work() as work:
        [message] = await messages_of(work, shown.run_id)
    assert message.rungs == {invoice: "+7"}


async def test_a_day_called_off_is_said_by_the_next(firm: Firm) -> None:
    [invoice] = await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        assert await releasing.cancel(work, run) == 1
    assert await firm.stage() == []
    await firm.a_day_passes()

    shown = await firm.the_list()

    async with firm.work() as work:
        [message] = await messages_of(work, shown.run_id)
        assert message.rungs == {invoice: "+7"}
        assert [one.state for one in await recent_lists(work)] == ["held", "closed"]


async def test_a_list_that_nobody_released_on_its_day_gives_way_to_the_next(firm: Firm) -> None:
    [invoice] = await late(firm, 7)
    first = await firm.the_list()
    await firm.a_day_passes()
    await firm.the_list()
    await firm.a_day_passes()

    shown = await firm.the_list()

    async with firm.work() as work:
        old = await get_list(work, first.run_id)
        assert (old.state, old.reason, old.counts) == ("closed", "refrozen", {"cancelled": 1})
        [message] = await messages_of(work, shown.run_id)
    assert (str(shown.on_date), message.rungs) == ("2026-11-23", {invoice: "+7"})


# --- what changed since -----------------------------------------------------------------------------


async def test_nothing_changed(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        assert not await changes(work, run)


async def test_what_changed_since_is_told_before_the_release(firm: Firm) -> None:
    [paid], [half, promised], [moved] = await late(firm, 7), await late(firm, 7, 8), await late(firm, 7)
    run = (await firm.the_list()).run_id
    await late(firm, 7)
    await firm.stage()
    async with firm.work() as work:
        await pay(work, paid, 100_00)
        await pay(work, half, 40_00)
        await make_promise(work, promised, promised_for=work.today + timedelta(days=2))
        theirs = sa.select(invoices.c.customer_id).where(invoices.c.id == moved)
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.id == theirs.scalar_subquery())
            .values(email="new@example.com", email_key="new@example.com")
        )
        found = await changes(work, run)

    assert (found.stopped, found.added) == ({"paid": 1}, 1)
    assert found.dropped == {"paid": 1, "promise": 1}
    assert sorted(one.what for one in found.differences) == [("lower",), ("moved",)]
    assert isinstance(found, Changes)


# --- a ladder is changed ----------------------------------------------------------------------------


async def test_a_changed_ladder_makes_the_held_list_anew(firm: Firm) -> None:
    [invoice] = await late(firm, 7)
    old = await firm.the_list()
    await automatic(firm)

    new = await firm.the_list()

    assert new.run_id != old.run_id
    assert new.on_date == old.on_date
    async with firm.work() as work:
        assert (await get_list(work, new.run_id)).counts == {"queued": 1}
        [message] = await messages_of(work, new.run_id)
        assert message.rungs == {invoice: "+7"}
        keys = (await work.db.scalars(sa.select(sends.c.touch_key).order_by(sends.c.id))).all()
    assert keys[1] == f"{keys[0]}/2"


async def test_switched_off_it_says_nothing_more(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        [sequence] = await list_sequences(work)
        await deactivate(work, sequence.id)
        shown = await get_list(work, run)
    assert (shown.state, shown.reason, shown.counts) == ("closed", "unscheduled", {"cancelled": 1})
    assert await firm.stage() == []
