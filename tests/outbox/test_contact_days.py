"""One nudge a day to one person, over all campaigns, customers and invoices."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from bursar.chasing.states import GroupBy
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from bursar.outbox.contact_days import Nudge, take
from bursar.outbox.screening import is_nudge
from bursar.outbox.tables import contact_days
from tests.makers.outbox import a_send
from tests.makers.story import Story, a_campaign, a_released_campaign, a_story, late_customers
from tests.makers.tenancy import a_customer
from tests.makers.wire import answer, claimed, sends_of, tried

pytestmark = pytest.mark.anyio

DAY = date(2026, 11, 18)


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


async def released(story: Story, **given) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await a_released_campaign(work, **given)


async def go(story: Story) -> int:
    """One claim, accepted; how many letters left."""
    batch = await tried(story)
    if batch is None:
        return 0
    await answer(story, batch, "accepted")
    return len(batch.letters)


async def test_a_second_campaign_on_the_same_day_waits_for_tomorrow(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2)
    await released(story)
    await released(story)

    assert await go(story) == 2
    assert await go(story) == 0

    waiting = [one for one in await sends_of(story) if one.state == "queued"]
    nine_in_dubai = clock.now().replace(hour=5) + timedelta(days=1)
    assert [(one.queue_at, one.delays) for one in waiting] == [(nine_in_dubai, 1)] * 2
    clock.move_to(nine_in_dubai)
    assert await go(story) == 2


async def test_mails_by_invoice_go_one_a_day_and_the_fifth_is_too_much(
    story: Story, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=22))  # ten in the morning: Fridays end at noon
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=5)
    await released(story, group_by=GroupBy.INVOICE)

    left = []
    for _ in range(7):  # Thursday to Wednesday; the weekend is quiet
        left.append(await go(story))
        clock.advance(timedelta(days=1))

    assert left == [1, 1, 0, 0, 1, 1, 0]
    ends = sorted((one.state, one.reason, one.delays) for one in await sends_of(story))
    assert ends == [
        ("sent", None, 0),
        ("sent", None, 1),
        ("sent", None, 2),
        ("sent", None, 3),
        ("suppressed", "quiet_cap", 3),
    ]


async def test_three_customers_of_one_bookkeeper_are_one_nudge_a_day(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 3, email="books@example.com")
    await released(story)

    assert [await go(story), await go(story)] == [1, 0]
    clock.advance(timedelta(days=1))
    assert [await go(story), await go(story)] == [1, 0]


async def test_a_try_that_failed_does_not_stop_its_own_next_try(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1)
    await released(story)
    await answer(story, await claimed(story), "unreachable")
    clock.advance(timedelta(minutes=2))

    assert await go(story) == 1


@pytest.mark.parametrize(
    ("purpose", "stream", "counts"),
    [
        ("campaign", "reminder", True),
        ("chase", "reminder", True),
        ("payment_reminder", "reminder", True),
        ("review_request", "reminder", True),
        ("notice", "reminder", True),
        ("notice", "transactional", False),
        ("notification", "transactional", False),
        ("payment_link", "transactional", False),
        ("test", "transactional", False),
    ],
)
def test_what_somebody_asked_for_neither_counts_nor_waits(purpose: str, stream: str, counts: bool) -> None:
    assert is_nudge(purpose, stream) is counts


async def test_the_day_is_the_readers_own(story: Story, clock: FixedClock) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, time_zone="America/New_York")
        await a_campaign(work)
    clock.move_to(clock.now().replace(hour=15))  # ten in the morning there
    await released(story)
    assert await go(story) == 1

    async with story.house.office.work(story.tenant_id) as work:
        days = set(
            await work.db.scalars(
                sa.select(contact_days.c.on_date).where(contact_days.c.tenant_id == work.tenant_id)
            )
        )
    assert days == {DAY}


async def test_who_loses_by_one_key_gives_the_other_back(work: Work) -> None:
    first, second, third = sorted([await a_send(work) for _ in range(3)])
    ours, theirs = await a_customer(work), await a_customer(work)
    nudges = [
        Nudge(first, "books@example.com", ours, DAY),
        Nudge(second, "books@example.com", theirs, DAY),
    ]

    assert await take(work, nudges) == {first}

    assert await take(work, [Nudge(third, "they@example.com", theirs, DAY)]) == {third}


async def test_taking_twice_is_taking_once(work: Work) -> None:
    send, customer = await a_send(work), await a_customer(work)
    nudge = Nudge(send, "a@example.com", customer, DAY)

    assert [await take(work, [nudge]), await take(work, [nudge])] == [{send}, {send}]


async def test_who_would_go_but_for_one_that_cannot_go_itself_goes(work: Work) -> None:
    """The second blocks the third by its customer, and is blocked itself by the first's address."""
    first, second, third = sorted([await a_send(work) for _ in range(3)])
    ours, theirs = await a_customer(work), await a_customer(work)
    nudges = [
        Nudge(first, "books@example.com", ours, DAY),
        Nudge(second, "books@example.com", theirs, DAY),
        Nudge(third, "they@example.com", theirs, DAY),
    ]

    assert await take(work, nudges) == {first, third}
