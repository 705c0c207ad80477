"""Reading a mailbox is begun by an owner where it works, and ended at once."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import SYSTEM, Actor
from bursar.house import House
from bursar.outbox.incoming.switching import ImapServer, any_read, reading_of, start_reading, stop_reading
from bursar.outbox.tables import sending_accounts
from tests.mail_servers import Imap
from tests.makers.incoming import OURS, a_message_to_huda, an_answer
from tests.makers.mailbox_firms import Firm, a_firm
from tests.makers.staff import a_house
from tests.makers.tenancy import a_tenant

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


async def test_reading_begins_only_where_it_works(house: House, imap: Imap) -> None:
    firm = await a_firm(house, imap)
    wrong = ImapServer("127.0.0.1", imap.port, "starttls")

    with pytest.raises(Invalid) as refusal:
        await start_reading(
            house.office, firm.tenant_id, SYSTEM, house.readers, firm.account_id, server=wrong
        )
    assert refusal.value.field == "host"
    with pytest.raises(Invalid):
        await firm.start(folder="Nowhere")

    async with house.office.work(firm.tenant_id) as work:
        assert await reading_of(work, firm.account_id) is None
        assert not await any_read(work)


async def test_only_an_owner_says_where_a_password_goes(house: House, imap: Imap) -> None:
    firm = await a_firm(house, imap)
    admin = Actor(ActorType.AGENT, None, AgentRole.ADMIN)

    with pytest.raises(NotAllowed):
        await start_reading(
            house.office,
            firm.tenant_id,
            admin,
            house.readers,
            firm.account_id,
            server=ImapServer("127.0.0.1", imap.port, "none"),
        )

    assert imap.commands() == []


async def test_what_is_stopped_keeps_its_place(firm: Firm, clock: FixedClock) -> None:
    firm.put(an_answer(f"<{OURS}>"))
    await firm.read()
    async with firm.house.office.work(firm.tenant_id) as work:
        await stop_reading(work, firm.account_id)
        await stop_reading(work, firm.account_id)
        assert await reading_of(work, firm.account_id) is None
    clock.advance(timedelta(hours=1))
    assert await firm.read() == []

    await firm.start()

    async with firm.house.office.work(firm.tenant_id) as work:
        reading = await reading_of(work, firm.account_id)
    assert reading is not None
    assert (reading.host, reading.folder) == ("127.0.0.1", "INBOX")
    assert (await firm.cursor()).position["uid"] == 1


async def test_another_firms_account_cannot_be_read(house: House, firm: Firm) -> None:
    stranger = await a_tenant(house.office)

    with pytest.raises(NotFound):
        await start_reading(
            house.office,
            stranger,
            SYSTEM,
            house.readers,
            firm.account_id,
            server=ImapServer("127.0.0.1", 143),
        )
    async with house.office.work(stranger) as work:
        with pytest.raises(NotFound):
            await stop_reading(work, firm.account_id)


async def test_a_mailbox_connected_for_sending_alone_asks_for_more(house: House, imap: Imap) -> None:
    firm = await a_firm(house, imap)
    async with house.office.work(firm.tenant_id) as work:
        await work.db.execute(sa.update(sending_accounts).values(kind="gmail", settings={}))

    with pytest.raises(Conflict):
        await start_reading(house.office, firm.tenant_id, SYSTEM, house.readers, firm.account_id)
