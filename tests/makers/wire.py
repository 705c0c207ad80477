"""The three beats by hand: claim for a story's account, answer as a mail server would, write it down."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.chasing.tables import campaigns
from bursar.outbox.batches import Claimed
from bursar.outbox.claiming import claim
from bursar.outbox.ports import Outcome, Result
from bursar.outbox.settling import settle
from bursar.outbox.tables import attempts, runs, send_subjects, sends
from tests.makers.story import Story, all_sends

WAYS: Mapping[str, tuple[Result, str | None, str | None]] = {
    "accepted": (Result.ACCEPTED, "250", None),
    "deferred": (Result.DEFERRED, "450", "4.2.0"),
    "unreachable": (Result.ERROR, None, None),
    "rejected": (Result.REJECTED, "554", "5.6.0"),
    "unknown_person": (Result.REJECTED, "550", "5.1.1"),
    "no_answer": (Result.UNKNOWN, None, None),
    "signed_out": (Result.REFUSED, "535", "5.7.8"),
    "over_quota": (Result.REFUSED, "550", "5.4.5"),
    "policy": (Result.REFUSED, "550", "5.7.1"),
}
"""What a server may say, by a name for tests: result, code, enhanced code."""


async def claimed(story: Story, account_id: UUID | None = None) -> Claimed:
    """A batch of the story's account; there must be something to send."""
    batch = await tried(story, account_id)
    assert batch is not None
    return batch


async def tried(story: Story, account_id: UUID | None = None) -> Claimed | None:
    """What a claim gives; None when no letter is to be carried."""
    house = story.house
    batch = await claim(
        house.office, story.tenant_id, account_id or story.account_id, house.letters, house.composers
    )
    return batch if batch is not None and batch.letters else None


async def answer(story: Story, batch: Claimed, *ways: str, **given: Any) -> None:
    """Settle a batch: one way for all its letters, or one for each in their order."""
    told = ways if len(ways) == len(batch.letters) else ways * len(batch.letters)
    outcomes = [
        outcome(letter.send_id, way, **given) for letter, way in zip(batch.letters, told, strict=True)
    ]
    await settle(story.house.office, batch, outcomes, random=lambda: 0.0)


def outcome(send_id: UUID, way: str, *, retry_after: timedelta | None = None) -> Outcome:
    result, code, enhanced = WAYS[way]
    return Outcome(send_id, result, code, enhanced, "as the test says", retry_after=retry_after)


async def one_send(story: Story) -> sa.Row[Any]:
    [send] = await sends_of(story)
    return send


async def sends_of(story: Story) -> Sequence[sa.Row[Any]]:
    async with story.house.office.work(story.tenant_id) as work:
        return await all_sends(work)


async def subjects_of(story: Story) -> Sequence[sa.Row[Any]]:
    async with story.house.office.work(story.tenant_id) as work:
        found = sa.select(send_subjects).where(send_subjects.c.tenant_id == work.tenant_id)
        return (await work.db.execute(found)).all()


async def tries_of(story: Story, send_id: UUID) -> list[tuple[int, str]]:
    """Number and outcome of each try, in order."""
    async with story.house.office.work(story.tenant_id) as work:
        found = (
            sa.select(attempts.c.number, attempts.c.outcome)
            .where(attempts.c.tenant_id == work.tenant_id, attempts.c.send_id == send_id)
            .order_by(attempts.c.id)
        )
        return [(row.number, row.outcome) for row in await work.db.execute(found)]


async def standing(story: Story, campaign_id: UUID) -> tuple[str, str | None, str, str | None]:
    """State and reason of a campaign and of its run."""
    async with story.house.office.work(story.tenant_id) as work:
        found = (
            sa.select(campaigns.c.state, campaigns.c.pause_reason, runs.c.state.label("run"), runs.c.reason)
            .join(runs, (runs.c.tenant_id == campaigns.c.tenant_id) & (runs.c.id == campaigns.c.run_id))
            .where(campaigns.c.tenant_id == work.tenant_id, campaigns.c.id == campaign_id)
        )
        row = (await work.db.execute(found)).one()
        return row.state, row.pause_reason, row.run, row.reason


async def change_sends(story: Story, **values: Any) -> None:
    """Put all sends of the tenant where a test needs them."""
    async with story.house.office.work(story.tenant_id) as work:
        await work.db.execute(sa.update(sends).where(sends.c.tenant_id == work.tenant_id).values(**values))
