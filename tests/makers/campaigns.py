"""Campaigns brought to a state by their verbs, and each event of their lifecycle by its name."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.chasing import campaigns, following, states
from bursar.chasing.tables import campaigns as campaign_rows
from bursar.core.moves import move
from bursar.core.work import Happened, Work
from bursar.outbox import runs
from bursar.outbox.tables import runs as run_rows
from bursar.outbox.tables import sends
from tests.makers.story import a_campaign, all_sends, an_account, late_customers, the_library

TOMORROW = datetime(2026, 11, 19, 10, 0)  # noqa: DTZ001  a firm's own wall clock


async def schedule(work: Work, campaign: UUID) -> None:
    await campaigns.schedule(work, campaign, TOMORROW)


def moving(step: Any) -> Callable[[Work, UUID], Awaitable[Any]]:
    async def go(work: Work, campaign: UUID) -> None:
        await move(work, step, campaign)

    return go


EVENTS: dict[str, Callable[[Work, UUID], Awaitable[Any]]] = {
    "prepare": campaigns.prepare,
    "schedule": schedule,
    "send_now": campaigns.send_now,
    "unschedule": campaigns.unschedule,
    "due": moving(states.DUE),
    "pause": campaigns.pause,
    "provider_error": moving(states.PROVIDER_ERR),
    "resume": campaigns.resume,
    "all_final": moving(states.ALL_FINAL),
    "all_failed": moving(states.ALL_FAILED),
    "retry_failed": campaigns.retry_failed,
    "cancel": campaigns.cancel,
}


async def a_late_firm(work: Work) -> Work:
    """A firm with a mailbox, its templates, and two customers who are late."""
    await an_account(work, 25)
    await the_library(work)
    await late_customers(work, 2)
    return work


async def standing(work: Work, state: str) -> UUID:
    """A campaign in `state`, brought there by the verbs; an ended one has failed sends to try again."""
    campaign = await a_campaign(work)
    if state == "scheduled":
        await schedule(work, campaign)
    elif state == "cancelled":
        await campaigns.cancel(work, campaign)
    elif state != "draft":
        await campaigns.send_now(work, campaign)
    if state == "paused":
        await campaigns.pause(work, campaign)
    if state in ("completed", "failed"):
        await end(work, campaign, "failed", "sent" if state == "completed" else "failed")
    return campaign


async def end(work: Work, campaign: UUID, first: str, second: str) -> None:
    """Its two sends end so, and the pump looks."""
    run = await run_of(work, campaign)
    ids = [one.id for one in await all_sends(work) if one.run_id == run.id]
    for send_id, state in zip(ids, (first, second), strict=True):
        became = sa.update(sends).where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
        await work.db.execute(became.values(state=state, queue_at=None))
    await finish(work, campaign)


async def finish(work: Work, campaign: UUID) -> None:
    run = await run_of(work, campaign)
    done = await runs.finish_those_done(work, [run.id])
    await following.follow_finish(work, Happened("run.finish", tuple(done)))


async def run_of(work: Work, campaign: UUID) -> sa.Row[Any]:
    found = (
        sa.select(run_rows)
        .join(campaign_rows, campaign_rows.c.run_id == run_rows.c.id)
        .where(campaign_rows.c.tenant_id == work.tenant_id, campaign_rows.c.id == campaign)
    )
    return (await work.db.execute(found)).one()
