"""Lifecycle 9, typed from its table: every state with every event, and what each does to its run and sends."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.chasing import campaigns, following, states
from bursar.chasing.campaigns import CampaignPlan
from bursar.chasing.results import show
from bursar.chasing.states import CampaignKind
from bursar.chasing.tables import campaigns as campaign_rows
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move
from bursar.core.states import Move
from bursar.core.work import Actor, Happened, Office, Work
from bursar.outbox import runs
from bursar.outbox import states as outbox_states
from bursar.outbox.tables import runs as run_rows
from bursar.outbox.tables import sends
from tests.makers.billing import told_of
from tests.makers.story import a_campaign, all_sends, an_account, late_customers, the_library
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

TOMORROW = datetime(2026, 11, 19, 10, 0)  # noqa: DTZ001  a firm's own wall clock

# fmt: off
#                    draft        scheduled    sending      paused       completed    failed       cancelled
TABLE = {
    "prepare":        ("draft",     None,        None,        None,        None,        None,        None),
    "schedule":       ("scheduled", None,        None,        None,        None,        None,        None),
    "send_now":       ("sending",   None,        None,        None,        None,        None,        None),
    "unschedule":     (None,        "draft",     None,        None,        None,        None,        None),
    "due":            (None,        "sending",   None,        None,        None,        None,        None),
    "pause":          (None,        None,        "paused",    None,        None,        None,        None),
    "provider_error": (None,        None,        "paused",    None,        None,        None,        None),
    "resume":         (None,        None,        None,        "sending",   None,        None,        None),
    "all_final":      (None,        None,        "completed", "completed", None,        None,        None),
    "all_failed":     (None,        None,        "failed",    "failed",    None,        None,        None),
    "retry_failed":   (None,        None,        None,        None,        "sending",   "sending",   None),
    "cancel":         ("cancelled", "cancelled", "cancelled", "cancelled", None,        None,        None),
}
# fmt: on
STATES = ("draft", "scheduled", "sending", "paused", "completed", "failed", "cancelled")
CELLS = [(event, state, to) for event, row in TABLE.items() for state, to in zip(STATES, row, strict=True)]


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


@pytest.fixture
async def firm(work: Work) -> Work:
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


async def everything(work: Work) -> list[Any]:
    """All rows that a move may touch."""
    tables = ("campaigns", "runs", "sends", "send_subjects", "campaign_invoices", "events")
    return [
        await work.db.scalar(
            sa.text(
                f"select md5(string_agg(t::text, '|' order by t::text)) from {name} t where tenant_id = :t"
            ),
            {"t": work.tenant_id},
        )
        for name in tables
    ]


@pytest.mark.parametrize(("event", "state", "to"), CELLS)
async def test_each_event_in_each_state_does_what_the_table_says(
    firm: Work, event: str, state: str, to: str | None
) -> None:
    campaign = await standing(firm, state)
    before, told = await everything(firm), await told_of(firm, campaign)

    if to is None:
        with pytest.raises((IllegalMove, Conflict)):
            await EVENTS[event](firm, campaign)
        assert await everything(firm) == before
    else:
        await EVENTS[event](firm, campaign)
        assert (await show(firm, campaign)).state == to
        new = [] if event == "prepare" else [f"campaign.{event}"]
        assert await told_of(firm, campaign) == told + new


def test_every_state_can_be_reached_and_a_cancelled_campaign_stays_so() -> None:
    assert {to for _, _, to in CELLS if to} == set(STATES)
    assert all(to is None for _, state, to in CELLS if state == "cancelled")


# fmt: off
# event           from         run: state, reason             sends
EFFECTS = {
    "schedule":     ("draft",     "held",   None,               {"queued"}),
    "send_now":     ("draft",     "open",   None,               {"queued"}),
    "unschedule":   ("scheduled", "held",   None,               {"queued", "cancelled"}),
    "pause":        ("sending",   "paused", "agent",            {"queued"}),
    "resume":       ("paused",    "open",   None,               {"queued"}),
    "retry_failed": ("completed", "open",   None,               {"queued", "sent"}),
    "cancel":       ("sending",   "closed", "cancelled",        {"cancelled"}),
}
# fmt: on


@pytest.mark.parametrize("event", EFFECTS)
async def test_the_run_and_the_sends_follow(firm: Work, event: str) -> None:
    state, run_state, reason, ends = EFFECTS[event]
    campaign = await standing(firm, state)

    await EVENTS[event](firm, campaign)

    run = await run_of(firm, campaign)
    assert (run.state, run.reason) == (run_state, reason)
    assert {one.state for one in await all_sends(firm)} == ends


async def test_preparing_again_closes_the_earlier_list_and_takes_what_is_new(firm: Work) -> None:
    campaign = await standing(firm, "draft")
    old = await run_of(firm, campaign)
    await late_customers(firm, 1)

    await campaigns.prepare(firm, campaign)

    new = await run_of(firm, campaign)
    assert new.id != old.id
    assert [one.state for one in await all_sends(firm) if one.run_id == old.id] == ["cancelled"] * 2
    assert [one.state for one in await all_sends(firm) if one.run_id == new.id] == ["queued"] * 3


@pytest.mark.parametrize(
    ("first", "second", "to"),
    [
        ("sent", "sent", "completed"),
        ("failed", "sent", "completed"),
        ("failed", "bounced", "completed"),
        ("suppressed", "suppressed", "completed"),
        ("suppressed", "failed", "failed"),
        ("failed", "failed", "failed"),
        ("sent", "uncertain", "sending"),
        ("sent", "sending", "sending"),
    ],
)
async def test_how_its_sends_ended_says_how_a_campaign_ended(
    firm: Work, first: str, second: str, to: str
) -> None:
    campaign = await standing(firm, "sending")

    await end(firm, campaign, first, second)

    assert (await show(firm, campaign)).state == to
    assert (await run_of(firm, campaign)).state == ("open" if to == "sending" else "closed")


async def test_a_clone_is_a_draft_with_a_list_of_its_own_and_no_plan(firm: Work) -> None:
    campaign = await standing(firm, "scheduled")

    new = await campaigns.clone(firm, campaign, "December")

    shown, old = await show(firm, new), await show(firm, campaign)
    assert (shown.state, shown.scheduled_for, shown.started_at, shown.total) == ("draft", None, None, 2)
    assert shown.run_id != old.run_id
    assert (old.state, old.total) == ("scheduled", 2)


# --- who, where, which version ----------------------------------------------------------------------

VERBS = ("prepare", "schedule", "send_now", "unschedule", "pause", "resume", "retry_failed", "cancel")


@pytest.mark.parametrize("event", VERBS)
async def test_a_viewer_does_none_of_it(firm: Work, event: str) -> None:
    campaign = await standing(firm, EFFECTS.get(event, ("draft",))[0])
    firm.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)

    with pytest.raises(NotAllowed):
        await EVENTS[event](firm, campaign)


@pytest.mark.parametrize("event", VERBS)
async def test_an_agent_does_all_of_it(firm: Work, event: str) -> None:
    campaign = await standing(firm, EFFECTS.get(event, ("draft",))[0])
    firm.actor = Actor(ActorType.AGENT, None, AgentRole.AGENT)

    await EVENTS[event](firm, campaign)


async def test_a_campaign_of_another_tenant_is_not_there(office: Office) -> None:
    theirs, ours = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        await an_account(work, 25)
        await the_library(work)
        await late_customers(work, 1)
        campaign = await a_campaign(work)

    async with office.work(ours) as work:
        for event in VERBS:
            with pytest.raises(NotFound):
                await EVENTS[event](work, campaign)
        with pytest.raises(NotFound):
            await campaigns.clone(work, campaign, "Mine")
        with pytest.raises(NotFound):
            await show(work, campaign)

    async with office.work(theirs) as work:
        assert (await show(work, campaign)).state == "draft"


async def test_a_stale_version_is_refused(firm: Work) -> None:
    campaign = await standing(firm, "draft")
    seen = (await show(firm, campaign)).version
    await campaigns.prepare(firm, campaign)
    before = await everything(firm)
    plan = CampaignPlan("Other", CampaignKind.OVERDUE_NOTICE, {})

    for verb in (
        campaigns.send_now(firm, campaign, version=seen),
        campaigns.schedule(firm, campaign, TOMORROW, version=seen),
        campaigns.edit_campaign(firm, campaign, plan, version=seen),
    ):
        with pytest.raises(StaleVersion):
            await verb

    assert await everything(firm) == before


# --- guards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [outbox_states.AUTH_FAIL, outbox_states.DISABLE], ids=lambda one: one.event
)
@pytest.mark.parametrize("event", ["schedule", "send_now", "resume", "retry_failed"])
async def test_nothing_is_let_go_through_a_mailbox_that_cannot_send(
    firm: Work, event: str, trouble: Move
) -> None:
    campaign = await standing(firm, EFFECTS[event][0])
    await move(firm, trouble, (await show(firm, campaign)).sending_account_id)

    with pytest.raises(Conflict) as refusal:
        await EVENTS[event](firm, campaign)

    assert refusal.value.code == "account_not_active"


@pytest.mark.parametrize("event", ["schedule", "send_now"])
async def test_a_list_of_which_nothing_is_left_is_not_let_go(firm: Work, event: str) -> None:
    campaign = await standing(firm, "draft")
    await firm.db.execute(
        sa.update(sends).where(sends.c.tenant_id == firm.tenant_id).values(state="suppressed", queue_at=None)
    )

    with pytest.raises(Invalid) as refusal:
        await EVENTS[event](firm, campaign)

    assert refusal.value.code == "nothing_to_send"


async def test_the_past_cannot_be_planned(firm: Work) -> None:
    campaign = await standing(firm, "draft")

    with pytest.raises(Invalid) as refusal:
        await campaigns.schedule(firm, campaign, datetime(2026, 11, 18, 11, 59))  # noqa: DTZ001

    assert (refusal.value.code, refusal.value.field) == ("time_past", "at")


async def test_a_plan_is_made_in_the_firms_own_time(firm: Work) -> None:
    campaign = await standing(firm, "draft")

    at = await campaigns.schedule(firm, campaign, TOMORROW)

    assert at.utcoffset() == timedelta(hours=4)
    assert (await show(firm, campaign)).scheduled_for == at


async def test_an_unknown_campaign_is_not_found(firm: Work) -> None:
    with pytest.raises(NotFound):
        await campaigns.cancel(firm, uuid4())
