"""When a campaign is not let go: its mailbox, its list, its time."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.chasing import campaigns
from bursar.chasing.previews import previews
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, Invalid, NotFound
from bursar.core.keys import Keyring
from bursar.core.moves import move
from bursar.core.states import Move
from bursar.core.work import Work
from bursar.outbox import states as outbox_states
from bursar.outbox.tables import sends
from tests.makers.campaigns import EVENTS, TOMORROW, a_late_firm, standing
from tests.makers.story import a_campaign, a_story, late_customers

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(work: Work) -> Work:
    return await a_late_firm(work)


@pytest.mark.parametrize(
    "trouble", [outbox_states.AUTH_FAIL, outbox_states.DISABLE], ids=lambda one: one.event
)
@pytest.mark.parametrize(
    ("event", "state"),
    [("schedule", "draft"), ("send_now", "draft"), ("resume", "paused"), ("retry_failed", "failed")],
)
async def test_nothing_is_let_go_through_a_mailbox_that_cannot_send(
    firm: Work, event: str, state: str, trouble: Move
) -> None:
    campaign = await standing(firm, state)
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
        await campaigns.schedule(firm, campaign, datetime(2026, 11, 18, 11, 59))  # noqa: DTZ001  a firm's own wall clock

    assert (refusal.value.code, refusal.value.field) == ("time_past", "at")


async def test_a_plan_is_made_in_the_firms_own_time(firm: Work) -> None:
    campaign = await standing(firm, "draft")

    at = await campaigns.schedule(firm, campaign, TOMORROW)

    assert at.utcoffset() == timedelta(hours=4)
    assert (await show(firm, campaign)).scheduled_for == at


async def test_an_unknown_campaign_is_not_found(firm: Work) -> None:
    with pytest.raises(NotFound):
        await campaigns.cancel(firm, uuid4())


async def test_a_firm_without_an_address_leaves_no_comma_behind_its_name(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    bare = {"name": "Working Title", "address_lines": [], "city": None}
    async with a_story(addresses, clock, keyring, tenant=bare) as story:
        house = story.house
        async with house.office.work(story.tenant_id) as work:
            await late_customers(work, 1)
            campaign = await a_campaign(work)
            [mail] = await previews(work, house.letters, house.composers, campaign)

    assert mail.text is not None
    assert "Working Title" in mail.text
    assert "Working Title," not in mail.text
