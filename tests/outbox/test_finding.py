"""Lost answers over Gmail and Graph: found in Sent they were sent, surely absent they go again, and else a person decides."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.house import House
from bursar.outbox import settling
from bursar.outbox.claiming import claim
from bursar.outbox.finding import look_for_lost
from bursar.outbox.ports import AccountRef
from tests.makers.outbox import the_account
from tests.makers.story import a_released_campaign, all_sends, late_customers, the_library
from tests.makers.tenancy import a_tenant, events_of
from tests.makers.vendors import connected
from tests.vendors import Vendor, read

pytestmark = pytest.mark.anyio


class Firm:
    """One customer to write to, through a mailbox at a vendor."""

    def __init__(self, house: House, vendor: Vendor, tenant: UUID, account: UUID, box: str) -> None:
        self.house, self.vendor, self.tenant, self.account, self.box = house, vendor, tenant, account, box

    async def order(self) -> None:
        async with self.house.office.work(self.tenant) as work:
            await a_released_campaign(work)

    async def write(self) -> None:
        """Claim, call and settle, as the pump does."""
        house = self.house
        claimed = await claim(house.office, self.tenant, self.account, house.letters, house.composers)
        assert claimed is not None
        account = claimed.account
        sender = house.senders(account.kind, account.settings, None, AccountRef(self.tenant, self.account))
        await settling.settle(house.office, claimed, await sender.deliver(claimed.letters))
        await sender.close()

    async def look(self) -> None:
        await look_for_lost(self.house.office, self.house.finders)

    async def send(self) -> sa.Row:
        async with self.house.office.work(self.tenant) as work:
            return (await all_sends(work))[-1]

    def sent(self) -> int:
        return len(self.vendor.sent(self.box))


async def a_firm(house: House, vendor: Vendor, *, reads: bool = True) -> Firm:
    tenant, box = await a_tenant(house.office), vendor.mailbox()
    account = await connected(house, tenant, vendor, box, reads=reads)
    async with house.office.work(tenant) as work:
        await the_library(work)
        await late_customers(work, 1)
    firm = Firm(house, vendor, tenant, account, box)
    await firm.order()
    return firm


async def test_what_was_accepted_is_found_and_was_sent(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor)
    vendor.trouble("lost", operation="*end*", mailbox=firm.box)
    await firm.write()
    assert (await firm.send()).state == "uncertain"

    await firm.look()
    assert (await firm.send()).state == "uncertain"  # a moment after, a search may not know it yet
    clock.advance(timedelta(minutes=1))
    await firm.look()

    send = await firm.send()
    assert (send.state, send.reason, firm.sent()) == ("sent", None, 1)
    assert send.provider_message_id
    async with house.office.work(firm.tenant) as work:
        assert await events_of(work, send.id) == ["send.found"]


async def test_what_was_never_accepted_goes_again_once_it_is_surely_absent(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor)
    vendor.trouble("lost", operation="*end*", mailbox=firm.box, accepted=False)
    await firm.write()
    before = await firm.send()

    for minutes, state in ((9, "uncertain"), (1, "queued")):
        clock.advance(timedelta(minutes=minutes))
        await firm.look()
        assert (await firm.send()).state == state
    await firm.write()

    after = await firm.send()
    assert (after.state, after.message_id, firm.sent()) == ("sent", before.message_id, 1)


async def test_a_mailbox_that_does_not_answer_leaves_the_doubt(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor)
    vendor.trouble("lost", operation="*end*", mailbox=firm.box, accepted=False)
    await firm.write()
    clock.advance(timedelta(minutes=30))
    vendor.trouble("nonsense", mailbox=firm.box)

    await firm.look()

    assert (await firm.send()).state == "uncertain"


async def test_a_mailbox_we_may_not_read_waits_for_a_person(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor, reads=False)
    vendor.trouble("lost", operation="*end*", mailbox=firm.box)
    await firm.write()
    clock.advance(timedelta(minutes=30))

    await firm.look()

    assert (await firm.send()).state == "uncertain"


async def test_throttled_by_the_provider_the_mailbox_waits_as_long_as_it_said(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor)
    name = {"gmail": "tooManyRequests", "graph": "ApplicationThrottled"}[vendor.name]
    vendor.trouble(name, operation="*end*", mailbox=firm.box, retry_after=90)

    await firm.write()

    async with house.office.work(firm.tenant) as work:
        account = await the_account(work, firm.account)
    assert (account.state, account.throttled_until) == ("throttled", clock.now() + timedelta(seconds=90))
    send = await firm.send()
    assert (send.state, send.attempts) == ("queued", 0)


async def test_the_second_reminder_goes_on_with_the_conversation(
    house: House, vendor: Vendor, clock: FixedClock
) -> None:
    firm = await a_firm(house, vendor)
    await firm.write()
    first = await firm.send()
    clock.advance(timedelta(days=1))
    await firm.order()
    await firm.write()

    second = await firm.send()
    assert second.state == "sent"
    told = read(vendor.sent(firm.box)[-1])
    assert told["In-Reply-To"] == (first.final_message_id or first.message_id)
    if vendor.name == "gmail":
        assert first.provider_thread_id
        assert second.provider_thread_id == first.provider_thread_id
