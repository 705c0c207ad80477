"""Lifecycle 10, typed from its table: what claims, answers and leases make of a send."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import events
from bursar.outbox import settling
from bursar.outbox.ports import Outcome, Result
from bursar.outbox.tables import suppressions
from tests.makers.outbox import the_account
from tests.makers.story import Story, a_released_campaign, a_story, late_customers, on_its_way
from tests.makers.wire import (
    answer,
    change_sends,
    claimed,
    one_send,
    tried,
    tries_of,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    """A firm of its own in the shared database: nothing here looks across tenants."""
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


# what the server says  → state, reason, attempts spent, minutes until the next try, stands in usage
ANSWERS = {
    "accepted": ("sent", None, 1, None, 1),
    "deferred": ("queued", None, 0, 1, 0),
    "unreachable": ("queued", None, 1, 1, 0),
    "rejected": ("failed", "rejected", 1, None, 0),
    "unknown_person": ("bounced", "hard_bounce", 1, None, 0),
    "no_answer": ("uncertain", "no_answer", 1, None, 1),
    "signed_out": ("queued", None, 0, 0, 0),
    "over_quota": ("queued", None, 0, 0, 0),
    "policy": ("queued", None, 0, 0, 0),
}


@pytest.mark.parametrize("way", ANSWERS)
async def test_an_answer_moves_a_send_as_the_table_says(story: Story, clock: FixedClock, way: str) -> None:
    state, reason, spent, minutes, used = ANSWERS[way]
    await on_its_way(story)

    await answer(story, await claimed(story), way)

    send = await one_send(story)
    assert (send.state, send.reason, send.attempts) == (state, reason, spent)
    assert send.queue_at == (None if minutes is None else clock.now() + timedelta(minutes=minutes))
    assert len(await tries_of(story, send.id)) == 1
    async with story.house.office.work(story.tenant_id) as work:
        usage = await work.db.scalar(
            sa.text("select coalesce(sum(accepted + uncertain), 0) from account_usage where tenant_id = :t"),
            {"t": work.tenant_id},
        )
        stopped = list(
            await work.db.scalars(
                sa.select(suppressions.c.address_key).where(suppressions.c.tenant_id == work.tenant_id)
            )
        )
    assert usage == used
    assert stopped == ([send.address_key] if state == "bounced" else [])


async def test_a_claim_leaves_the_queue_with_everything_that_will_be_asked_later(story: Story) -> None:
    await on_its_way(story)

    batch = await claimed(story)

    send = await one_send(story)
    assert (send.state, send.attempts, send.queue_at, send.claim_id) == ("sending", 1, None, batch.id)
    assert send.message_id.startswith(f"<{send.id.hex}.")
    assert send.message_id.encode() in batch.letters[0].message
    assert send.merge_data["invoices"][0]["balance"] == "AED\u00a0100.00"
    assert await tried(story) is None, "claimed twice"


async def test_five_errors_are_the_end_and_each_waits_longer(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    waits = []
    for _ in range(5):
        await change_sends(story, delays=0)
        await answer(story, await claimed(story), "unreachable")
        send = await one_send(story)
        if send.queue_at is not None:
            waits.append((send.queue_at - clock.now()) / timedelta(minutes=1))
            clock.move_to(send.queue_at)

    send = await one_send(story)
    assert waits == [1, 5, 30, 120]
    assert (send.state, send.reason, send.attempts) == ("failed", "unreachable", 5)
    assert send.failed_at == clock.now()


async def test_who_is_put_off_for_four_days_has_failed_and_spent_nothing(
    story: Story, clock: FixedClock
) -> None:
    await on_its_way(story)
    first = clock.now()
    await answer(story, await claimed(story), "deferred")
    for now in (first + timedelta(days=1), first + timedelta(days=5)):  # Thursday and Monday
        clock.move_to(now)
        assert (await one_send(story)).state == "queued"
        await answer(story, await claimed(story), "deferred")

    send = await one_send(story)
    assert (send.state, send.reason, send.first_deferred_at) == ("failed", "deferred_too_long", first)
    assert [outcome for _, outcome in await tries_of(story, send.id)] == ["deferred"] * 3


@pytest.mark.parametrize(
    ("purpose", "hours", "state"),
    [("notification", 23, "queued"), ("notification", 24, "failed"), ("campaign", 95, "queued")],
)
def test_a_notification_is_put_off_for_a_day_at_most(clock, purpose: str, hours: int, state: str) -> None:
    now = clock.now()
    verdict = settling.judge(
        Outcome(uuid4(), Result.DEFERRED),
        now,
        spent=1,
        tries=3,
        since=now - timedelta(hours=hours),
        purpose=purpose,
        random=lambda: 0.0,
    )
    assert verdict.state == state


def test_who_is_tried_anew_by_hand_waits_as_if_for_the_first_time(clock) -> None:
    now = clock.now()
    verdict = settling.judge(
        Outcome(uuid4(), Result.ERROR),
        now,
        spent=1,
        tries=6,
        since=None,
        purpose="campaign",
        random=lambda: 0.0,
    )
    assert verdict.queue_at == now + timedelta(minutes=1)


async def test_an_account_that_sends_again_tells_of_no_trouble(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    told = []
    for way in ("unreachable", "accepted"):
        await answer(story, await claimed(story), way)
        async with story.house.office.work(story.tenant_id) as work:
            told.append((await the_account(work, story.account_id)).last_error is not None)
        clock.advance(timedelta(minutes=2))
    assert told == [True, False]


async def test_an_address_that_does_not_exist_stands_in_the_journal_once(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 2, email="gone@example.com")
        await a_released_campaign(work)
    batch = await claimed(story)
    await answer(story, batch, "unknown_person")

    async with story.house.office.work(story.tenant_id) as work:
        kept = events.c.tenant_id == work.tenant_id, events.c.type == "suppression.hard_bounce"
        told = (await work.db.execute(sa.select(events).where(*kept))).all()
    assert [one.payload["send_id"] for one in told] == [str(batch.letters[0].send_id)]
    assert told[0].customer_id is not None
    assert "gone@example.com" not in str(told)


async def test_a_server_that_says_when_is_listened_to(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)

    await answer(story, await claimed(story), "deferred", retry_after=timedelta(minutes=7))

    assert (await one_send(story)).queue_at == clock.now() + timedelta(minutes=7)


async def test_the_message_id_is_the_same_on_every_try(story: Story, clock: FixedClock) -> None:
    await on_its_way(story)
    seen = set()
    for _ in range(3):
        batch = await claimed(story)
        seen.add((await one_send(story)).message_id)
        await answer(story, batch, "deferred")
        clock.advance(timedelta(hours=1))

    assert len(seen) == 1


async def test_a_lease_that_runs_out_makes_a_send_uncertain_and_counts_as_used(
    story: Story, clock: FixedClock
) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 0, "it still runs"
    clock.advance(timedelta(seconds=31))

    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 1
    assert await settling.sweep(story.house.office, story.tenant_id, batch.id) == 0

    send = await one_send(story)
    assert (send.state, send.reason) == ("uncertain", "lease_expired")
    assert await tried(story) is None, "an uncertain send went again by itself"


@pytest.mark.parametrize(("way", "state"), [("accepted", "sent"), ("unreachable", "queued")])
async def test_an_answer_that_comes_after_the_lease_is_evidence(
    story: Story, clock: FixedClock, way: str, state: str
) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    clock.advance(timedelta(seconds=31))
    await settling.sweep(story.house.office, story.tenant_id, batch.id)

    await answer(story, batch, way)

    send = await one_send(story)
    assert send.state == state
    assert (await tries_of(story, send.id))[0][1] == "lease_expired"


async def test_an_answer_said_twice_counts_once(story: Story) -> None:
    await on_its_way(story)
    batch = await claimed(story)
    await answer(story, batch, "accepted")
    before = await one_send(story)

    await answer(story, batch, "rejected")

    assert await one_send(story) == before
    assert await tries_of(story, before.id) == [(1, "accepted")]
