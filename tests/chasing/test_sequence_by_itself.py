"""A day's list goes by itself at the announced time, on a working day; nobody has reviewed it then."""

from collections.abc import AsyncIterator
from datetime import time

import pytest
import sqlalchemy as sa

from bursar.chasing.sequences import releasing
from bursar.chasing.sequences.lists import get_list
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Invalid
from bursar.core.keys import Keyring
from bursar.tenancy.calendars import set_holiday
from bursar.tenancy.tables import customers
from tests.makers.sequences import (
    Firm,
    a_firm,
    a_sequence,
    at,
    automatic,
    break_account,
    go_off,
    late,
    messages_of,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Firm]:
    """Wednesday 18 November, noon in Dubai; hours are 9 to 18, on Friday to 12, none on Saturday and Sunday."""
    async with a_firm(addresses, clock, keyring) as firm:
        async with firm.work() as work:
            await a_sequence(work)
        yield firm


async def test_a_list_goes_by_itself_at_the_announced_time_and_once(firm: Firm) -> None:
    await automatic(firm)
    await late(firm, 7)
    shown = await firm.the_list()
    assert shown.release_at == at(19, 10, 30)

    assert await go_off(firm, at(19, 10, 29)) == 0
    assert firm.story.messages() == []
    assert await go_off(firm, at(19, 10, 30)) == 1
    assert await go_off(firm, at(19, 10, 31)) == 0
    assert len(firm.story.messages()) == 1


async def test_an_empty_list_is_over_at_its_time(firm: Firm) -> None:
    await automatic(firm)
    shown = await firm.the_list()
    await go_off(firm, at(19, 11))
    async with firm.work() as work:
        assert (await get_list(work, shown.run_id)).reason == "finished"


async def test_an_automatic_list_waits_for_its_mailbox(firm: Firm) -> None:
    await automatic(firm)
    await late(firm, 7)
    await firm.the_list()
    async with firm.work() as work:
        await break_account(work)
    assert await go_off(firm, at(19, 11)) == 0


async def test_an_agent_announces_another_time_or_none(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        assert await releasing.announce(work, run, time(15)) == at(19, 15)
    assert await go_off(firm, at(19, 14)) == 0
    async with firm.work() as work:
        with pytest.raises(Invalid, match="future"):
            await releasing.announce(work, run, time(13))
        await releasing.announce(work, run, None)
    assert await go_off(firm, at(19, 16)) == 0


async def test_nobody_reviewed_an_automatic_list_so_a_new_address_gets_its_letter_a_day_later(
    firm: Firm,
) -> None:
    await automatic(firm)
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        await work.db.execute(
            sa.update(customers).values(email="new@example.com", email_key="new@example.com")
        )
    await go_off(firm, at(19, 11))
    async with firm.work() as work:
        [message] = await messages_of(work, run)
    assert (message.state, message.reason) == ("suppressed", "moved")

    await firm.the_list()
    await go_off(firm, at(20, 11))

    [letter] = firm.story.messages()
    assert letter["To"].endswith("<new@example.com>")


async def test_a_reviewed_message_whose_address_changed_waits_for_an_agent(firm: Firm) -> None:
    await late(firm, 7)
    run = (await firm.the_list()).run_id
    async with firm.work() as work:
        await work.db.execute(
            sa.update(customers).values(email="new@example.com", email_key="new@example.com")
        )
    await firm.release(run)
    firm.clock.move_to(at(19, 11))
    await firm.drain()
    async with firm.work() as work:
        assert (await get_list(work, run)).counts == {"changed": 1}


# --- the calendar -----------------------------------------------------------------------------------


async def test_what_a_weekend_and_a_feast_would_have_said_is_said_on_the_next_working_day(firm: Firm) -> None:
    async with firm.work() as work:
        await set_holiday(work, (at(23, 9)).date(), "A feast")
    await late(firm, 4)
    days = []
    for _ in range(6):
        days.append(str((await firm.the_list()).on_date))
        await firm.a_day_passes()
    assert days == ["2026-11-19", "2026-11-20", *["2026-11-24"] * 4]
