"""Reminders wait for their readers' hours, and are never dropped for it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing import campaigns
from bursar.chasing.following import start_due
from bursar.chasing.previews import send_test
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Invalid
from bursar.core.keys import Keyring
from bursar.core.tables import events
from bursar.outbox import pausing
from bursar.tenancy.calendars import set_holiday
from bursar.tenancy.contacts import add_contact
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, late_customers
from tests.makers.wire import claimed, one_send, sends_of, tried

pytestmark = pytest.mark.anyio


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """What a wall clock shows."""
    return datetime(2026, month, day, hour, minute)  # noqa: DTZ001  whose clock, the firm knows


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    """A firm in Dubai, UTC+4: open 9 to 18, on Fridays 9 to 12, and not at the weekend."""
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (utc(19, 4, 59), utc(19, 5)),  # a minute before nine
        (utc(18, 14), utc(19, 5)),  # six in the evening is closed
        (utc(20, 8), utc(23, 5)),  # Friday noon: Monday
        (utc(21, 8), utc(23, 5)),  # Saturday
    ],
)
async def test_outside_the_hours_a_mail_waits_for_the_next(
    story: Story, clock: FixedClock, now: datetime, opens: datetime
) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await a_released_campaign(work)
    clock.move_to(now)

    assert await tried(story) is None

    send = await one_send(story)
    assert (send.state, send.queue_at, send.attempts, send.delays) == ("queued", opens, 0, 0)
    clock.move_to(opens)
    await claimed(story)


async def test_a_holiday_is_passed_over(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await set_holiday(work, date(2026, 11, 18), "A day off")
        await late_customers(work, 1)
        await a_released_campaign(work)

    assert await tried(story) is None

    assert (await one_send(story)).queue_at == utc(19, 5)


async def test_each_reader_has_their_own_hours(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await late_customers(work, 1, time_zone="America/New_York")
        await late_customers(work, 1, time_zone="Asia/Tokyo")
        await a_released_campaign(work)

    batch = await claimed(story)  # noon in Dubai, 3 at night in New York, 17:00 in Tokyo

    assert len(batch.letters) == 2
    [waiting] = [one for one in await sends_of(story) if one.state == "queued"]
    assert waiting.queue_at == utc(18, 14)


async def test_all_of_a_closed_zone_wait_at_once_and_not_a_batch_each(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(shared_addresses, clock, keyring, batch_size=2) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 7)
            await a_released_campaign(work)
        clock.move_to(utc(18, 20))

        assert await tried(story) is None

        assert {one.queue_at for one in await sends_of(story)} == {utc(19, 5)}


async def test_an_agent_may_choose_any_hour(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await campaigns.send_now(work, await a_campaign(work), any_hour=True)
    clock.move_to(utc(21, 22))

    await claimed(story)


async def test_a_test_to_oneself_goes_at_any_hour(story: Story, clock: FixedClock) -> None:
    clock.move_to(utc(21, 22))
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_campaign(work)
    original = await one_send(story)
    async with story.house.office.work(story.tenant_id) as work:
        await send_test(work, campaign, original.id, "Me@Example.com")

    batch = await claimed(story)

    assert [letter.recipient for letter in batch.letters] == ["Me@example.com"]
    assert (await sends_of(story))[0].state == "queued", "the original was touched"


async def test_a_test_of_a_list_that_was_frozen_anew_stops_nobody_else(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        campaign = await a_campaign(work)
    original = await one_send(story)
    async with story.house.office.work(story.tenant_id) as work:
        await send_test(work, campaign, original.id, "me@example.com")
        await campaigns.prepare(work, campaign)
        await campaigns.send_now(work, campaign)

    batch = await claimed(story)

    assert [letter.recipient for letter in batch.letters] == [original.to_address]


# --- plans ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        (at(3, 26, 10), utc(26, 8, month=3)),  # winter: UTC+2
        (at(3, 29, 10), utc(29, 7, month=3)),  # summer began on Friday
        (at(3, 27, 2, 30), utc(27, 0, 30, month=3)),  # there is no such time: an hour later
        (at(10, 25, 1, 30), utc(24, 22, 30, month=10)),  # there are two: the first
    ],
)
async def test_a_plan_is_read_on_the_firms_own_clock_through_its_changes(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, local: datetime, instant: datetime
) -> None:
    clock.move_to(utc(1, 8, month=3))
    jerusalem = {"country": "IL", "currency": "ILS", "time_zone": "Asia/Jerusalem"}
    async with a_story(shared_addresses, clock, keyring, tenant=jerusalem) as story:
        async with story.house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            campaign = await a_campaign(work)
            await campaigns.schedule(work, campaign, local)
        async with story.house.office.work(story.tenant_id) as work:
            assert (await show(work, campaign)).scheduled_for == instant


async def planned(story: Story, customers: int = 1) -> UUID:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, customers)
        campaign = await a_campaign(work)
        await campaigns.schedule(work, campaign, at(11, 18, 14))
    return campaign


async def state_of(story: Story, campaign: UUID) -> str:
    async with story.house.office.work(story.tenant_id) as work:
        return (await show(work, campaign)).state


async def test_a_planned_campaign_starts_when_its_time_has_come_and_once(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        campaign = await planned(story)
        clock.move_to(utc(18, 9, 59))
        assert await start_due(story.house.office) == 0
        clock.move_to(utc(18, 10))

        assert [await start_due(story.house.office) for _ in range(2)] == [1, 0]

        assert await state_of(story, campaign) == "sending"
        await claimed(story)


async def test_of_a_plan_of_which_nothing_is_left_the_end_is_a_completed_campaign(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as story:
        campaign = await planned(story)
        async with story.house.office.work(story.tenant_id) as work:
            run = (await show(work, campaign)).run_id
            assert run is not None
            await campaigns.runs.cancel_queued(work, run, "agent")
        clock.move_to(utc(18, 10))

        await start_due(story.house.office)

        assert await state_of(story, campaign) == "completed"


async def test_a_plan_whose_mailbox_cannot_send_waits_and_keeps_no_other_firm_waiting(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_story(addresses, clock, keyring) as broken, a_story(addresses, clock, keyring) as sound:
        waiting, other = await planned(broken), await planned(sound)
        async with broken.house.office.work(broken.tenant_id) as work:
            await pausing.needs_reauth(work, broken.account_id, "535")
        clock.move_to(utc(18, 10) + timedelta(minutes=1))

        assert await start_due(broken.house.office) == 1

        assert await state_of(broken, waiting) == "scheduled"
        assert await state_of(sound, other) == "sending"


@pytest.mark.parametrize("address", ["Them@example.com", "BOOKS@example.com"])
async def test_a_test_never_goes_to_a_customer(story: Story, address: str) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        [customer] = await late_customers(work, 1, email="them@example.com")
        await add_contact(work, customer, {"name": "Books", "role": "billing", "email": "books@example.com"})
        campaign = await a_campaign(work)
    original = await one_send(story)
    async with story.house.office.work(story.tenant_id) as work:
        with pytest.raises(Invalid) as refused:
            await send_test(work, campaign, original.id, address)

    assert refused.value.code == "test_to_customer"


async def test_who_plans_to_send_at_any_hour_stands_in_the_journal(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
        await campaigns.schedule(work, await a_campaign(work), at(11, 21, 22), any_hour=True)

        kept = events.c.tenant_id == work.tenant_id, events.c.type == "campaign.schedule"
        told = (await work.db.execute(sa.select(events.c.payload).where(*kept))).scalar_one()
    assert told == {"because": "any_hour"}
