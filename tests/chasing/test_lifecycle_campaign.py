"""Lifecycle 9, typed from its table: every state with every event, and what each does to its run and sends."""

from typing import Any

import pytest
import sqlalchemy as sa

from bursar.chasing import campaigns
from bursar.chasing.campaigns import CampaignPlan
from bursar.chasing.results import show
from bursar.chasing.states import CampaignKind
from bursar.core.errors import Conflict, IllegalMove, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from tests.makers.billing import told_of
from tests.makers.campaigns import EVENTS, TOMORROW, a_late_firm, end, run_of, standing
from tests.makers.story import a_campaign, all_sends, an_account, late_customers, the_library
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

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


@pytest.fixture
async def firm(work: Work) -> Work:
    return await a_late_firm(work)


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
