"""Mailboxes are read by turns: leased, looked into with nothing open, taken in; in trouble they are asked less often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tables import events
from bursar.house import House
from bursar.notifications.tables import notifications, tasks
from bursar.outbox.health import queues
from bursar.outbox.incoming.polling import read_due
from bursar.outbox.tables import mailbox_cursors, sending_accounts
from tests.mail_servers import Imap
from tests.makers.incoming import DATA, ID, OURS, a_message_to_huda, an_answer
from tests.makers.mailbox_firms import Firm, a_firm
from tests.makers.outbox import the_send
from tests.makers.staff import a_house
from tests.makers.tenancy import an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[House]:
    async with a_house(addresses, clock, keyring, private_hosts="127.0.0.0/8") as house:
        yield house


@pytest.fixture
async def firm(house: House, imap: Imap) -> Firm:
    firm = await a_firm(house, imap)
    async with house.office.work(firm.tenant_id) as work:
        await a_message_to_huda(work, sending_account_id=firm.account_id)
    await firm.start()
    return firm


async def test_an_answer_is_read_taken_in_and_told(firm: Firm) -> None:
    agent = await an_agent(firm.house.office, firm.tenant_id, AgentRole.AGENT)
    firm.put(an_answer(f"<{OURS}>"))
    firm.put("From: a@b.example\r\nSubject: Lunch\r\n\r\nAt one?")

    [message] = await firm.read()

    [row] = await firm.came()
    assert (row.id, row.body) == (message, "We pay on Thursday.")
    async with firm.house.office.work(firm.tenant_id) as work:
        assert (await the_send(work, ID)).replied_at is not None
        told = sa.select(notifications.c.kind).where(notifications.c.agent_id == agent.id)
        assert list(await work.db.scalars(told)) == ["incoming_message.received"]
        waiting = sa.select(tasks.c.kind, tasks.c.about_id).where(tasks.c.done_at.is_(None))
        assert [tuple(one) for one in await work.db.execute(waiting)] == [("reply", message)]


async def test_a_folder_is_read_every_two_minutes_and_not_before(firm: Firm, clock: FixedClock) -> None:
    await firm.read()
    firm.put(an_answer(f"<{OURS}>"))

    assert await firm.read() == []
    assert await read_due(firm.house.office, firm.house.readers) == 0
    clock.advance(timedelta(minutes=2))
    assert await read_due(firm.house.office, firm.house.readers) == 1

    assert len(await firm.came()) == 1


async def test_two_readers_take_one_message_in_once(firm: Firm) -> None:
    firm.put(an_answer(f"<{OURS}>"))

    taken = await asyncio.gather(firm.read(), firm.read())

    assert sorted(map(len, taken)) == [0, 1]


async def test_who_dies_with_a_lease_is_followed_by_another(firm: Firm, clock: FixedClock) -> None:
    firm.put(an_answer(f"<{OURS}>"))
    async with firm.house.office.work(firm.tenant_id) as work:
        lease = work.now + timedelta(minutes=3)
        await work.db.execute(sa.update(mailbox_cursors).values(lease_until=lease))
    assert await firm.read() == []

    clock.advance(timedelta(minutes=4))

    assert len(await firm.read()) == 1


async def test_a_mailbox_that_numbers_anew_is_read_again_and_nothing_doubles(
    firm: Firm, clock: FixedClock
) -> None:
    firm.put(an_answer(f"<{OURS}>"))
    firm.put((DATA / "exchange_german.eml").read_bytes())
    await firm.read()
    firm.imap.renumber(firm.address)
    clock.advance(timedelta(minutes=2))

    assert await firm.read() == []

    assert len(await firm.came()) == 2
    assert (await firm.cursor()).failures == 0


async def test_a_broken_mailbox_backs_off_is_told_once_and_shown(firm: Firm, clock: FixedClock) -> None:
    firm.imap.trouble("bye", operation="examine", times=None)
    waits = []
    for _ in range(4):
        await firm.read()
        cursor = await firm.cursor()
        waits.append(cursor.next_read_at - clock.now())
        clock.advance(cursor.next_read_at - clock.now())

    cursor = await firm.cursor()
    assert cursor.failures == 4
    assert cursor.last_error
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(minutes=2)
    assert waits[3] >= timedelta(hours=2)
    async with firm.house.office.work(firm.tenant_id) as work:
        found = sa.select(sa.func.count()).where(events.c.type == "sending_account.unread")
        assert await work.db.scalar(found) == 1
    assert (await queues(firm.house.office)).mailboxes_unread == 1


async def test_a_mailbox_that_answers_again_is_well_again(firm: Firm, clock: FixedClock) -> None:
    firm.imap.trouble("lost", operation="examine")
    await firm.read()
    assert (await firm.cursor()).failures == 1
    clock.advance(timedelta(hours=1))
    firm.put(an_answer(f"<{OURS}>"))

    assert len(await firm.read()) == 1

    cursor = await firm.cursor()
    assert (cursor.failures, cursor.last_error) == (0, None)


async def test_a_broken_mailbox_holds_up_no_other_firm(firm: Firm) -> None:
    """The first answers nothing; the second is read in the same round."""
    second = await a_firm(firm.house, firm.imap, "billing@second.example")
    await second.start()
    firm.imap.trouble("lost", operation="examine", mailbox=firm.address, times=None)

    assert await read_due(firm.house.office, firm.house.readers) == 2

    assert (await firm.cursor()).failures == 1
    assert (await second.cursor()).last_read_at is not None


async def test_a_mailbox_of_another_tenant_takes_in_nothing_of_ours(firm: Firm) -> None:
    second = await a_firm(firm.house, firm.imap, "billing@second.example")
    await second.start()
    second.put(an_answer(f"<{OURS}>"))

    await second.read()

    assert await second.came() == []
    assert await firm.came() == []


async def test_an_account_that_does_not_send_is_not_read(firm: Firm) -> None:
    firm.put(an_answer(f"<{OURS}>"))
    async with firm.house.office.work(firm.tenant_id) as work:
        await work.db.execute(sa.text("select announce('sending_account.auth_failed', null)"))
        await work.db.execute(sa.update(sending_accounts).values(state="needs_reauth"))

    assert await firm.read() == []

    assert (await firm.cursor()).failures == 0
