"""A campaign released, watched, paused, called off."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.chasing.campaigns import pause, schedule, send_now
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.tables import sends
from tests.makers.billing import an_invoice, pay
from tests.makers.campaigning import a_chasing_firm, a_draft, state_of, the_invoice_of
from tests.makers.staff import Staff, come_back, sign_in, staff_of
from tests.makers.story import a_campaign, all_sends, late_customers

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


async def test_it_is_released_once(staff: Staff):
    draft = await a_draft(staff)

    released = await staff.post(f"/campaigns/{draft}/release", when="now")
    twice = await staff.post(f"/campaigns/{draft}/release", when="now")

    assert released.status_code == 303
    assert twice.status_code == 409
    assert await state_of(staff, draft) == "sending"


async def test_who_looked_at_an_older_state_does_not_release(staff: Staff):
    draft = await a_draft(staff)

    answer = await staff.post(f"/campaigns/{draft}/release", when="now", version="99")

    assert answer.status_code == 409
    assert await state_of(staff, draft) == "draft"


async def test_it_is_released_at_a_local_time(staff: Staff):
    draft = await a_draft(staff)
    refused = await staff.post(f"/campaigns/{draft}/release", when="at", at="2020-01-01T09:00")
    unread = await staff.post(f"/campaigns/{draft}/release", when="at", at="soon")

    planned = await staff.post(
        f"/campaigns/{draft}/release", when="at", at="2027-01-11T09:00", any_hour="yes"
    )

    assert (refused.status_code, unread.status_code, planned.status_code) == (422, 422, 303)
    assert "Choose a time in the future." in refused.text
    async with staff.work() as work:
        campaign = await show(work, draft)
    assert campaign.scheduled_for is not None
    assert campaign.scheduled_for.isoformat() == "2027-01-11T05:00:00+00:00"
    page = (await staff.get(f"/campaigns/{draft}")).text
    assert "11 Jan 2027, 09:00" in page
    assert (await staff.post(f"/campaigns/{draft}/unscheduling")).status_code == 303
    assert await state_of(staff, draft) == "draft"


async def test_a_closed_window_is_explained(staff: Staff, clock: FixedClock):
    draft = await a_draft(staff)
    clock.advance(timedelta(hours=14))
    late = await come_back(staff.house, staff.tenant_id, staff.actor)

    page = (await late.get(f"/campaigns/{draft}/release")).text

    assert "Your sending hours are over for now" in page
    assert "Sending hours open" in page


async def test_it_is_paused_taken_up_again_and_cancelled(staff: Staff):
    draft = await a_draft(staff)
    async with staff.work() as work:
        await send_now(work, draft)

    for act, state, button in (
        ("pause", "paused", "resumption"),
        ("resumption", "sending", "pause"),
        ("cancellation", "cancelled", "clones"),
    ):
        assert (await staff.post(f"/campaigns/{draft}/{act}")).status_code == 303
        assert await state_of(staff, draft) == state
        assert f'action="/campaigns/{draft}/{button}"' in (await staff.get(f"/campaigns/{draft}")).text
    assert (await staff.post(f"/campaigns/{draft}/pause")).status_code == 409


async def test_a_clone_is_a_new_draft(staff: Staff):
    draft = await a_draft(staff)

    cloned = await staff.post(f"/campaigns/{draft}/clones")

    assert cloned.headers["location"] != f"/campaigns/{draft}"
    assert "November (" in (await staff.get(cloned.headers["location"])).text


async def test_progress_comes_by_itself_and_ends(staff: Staff):
    draft = await a_draft(staff)
    async with staff.work() as work:
        await send_now(work, draft)
    await staff.post(f"/campaigns/{draft}/cancellation")

    async with asyncio.timeout(10):
        told = (await staff.get(f"/campaigns/{draft}/progress")).text

    for part in ("acts", "progress", "results", "end"):
        assert told.count(f"event: {part}\n") == 1
    assert "Cancelled" in told


async def test_recipients_are_found_by_state_and_name(staff: Staff):
    draft = await a_draft(staff, 3)
    async with staff.work() as work:
        await send_now(work, draft)
        [first, *_] = await all_sends(work)
        await work.db.execute(
            sa.update(sends)
            .where(sends.c.id == first.id)
            .values(state="failed", reason="rejected", queue_at=None)
        )

    failed = (await staff.get(f"/campaigns/{draft}", state="failed")).text
    named = (await staff.get(f"/campaigns/{draft}", q=first.to_address[:9])).text

    for page in (failed, named):
        assert page.count('href="/sends/') == 1
        assert f'href="/sends/{first.id}"' in page
    assert "refused by their mail server" in failed


async def test_what_came_in_since_stands_in_the_list_and_on_its_page(staff: Staff):
    async with staff.work() as work:
        [payer, _] = await late_customers(work, 2)
        draft = await a_campaign(work)
        await send_now(work, draft)
    async with staff.work() as work:
        await pay(work, await the_invoice_of(work, payer), 60_00)

    assert "60.00" in (await staff.get("/campaigns")).text
    assert "60.00" in (await staff.get(f"/campaigns/{draft}")).text


async def test_a_viewer_looks_and_does_not_act(staff: Staff):
    draft = await a_draft(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    await viewer.get(f"/campaigns/{draft}")
    for act in ("release", "freeze", "cancellation", "clones"):
        assert (await viewer.post(f"/campaigns/{draft}/{act}")).status_code == 403
    assert await state_of(staff, draft) == "draft"


async def test_another_firms_campaign_does_not_exist(staff: Staff, addresses, clock, keyring):
    async with staff_of(addresses, clock, keyring) as other:
        draft = await a_draft(staff)
        async with staff.work() as work:
            [first, *_] = await all_sends(work)

        for path in (
            "",
            "/edit",
            "/release",
            "/left-out",
            "/progress",
            f"/messages/{first.id}",
            f"/messages/{first.id}/html",
        ):
            assert (await other.browser.get(f"/campaigns/{draft}{path}")).status_code == 404
        for act in ("release", "freeze", "pause", "cancellation", "clones", f"/messages/{first.id}/tests"):
            assert (await other.post(f"/campaigns/{draft}/{act}")).status_code == 404


async def test_a_choice_by_days_is_shown_again_as_it_was_typed(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 1)
        draft = await a_campaign(work, {"min_days_overdue": 2, "max_days_overdue": 300})

    page = (await staff.get(f"/campaigns/{draft}/edit")).text
    assert re.search(r'name="min_days"[^>]*value="2"', page)


async def test_the_pages_speak_arabic(staff: Staff):
    draft = await a_draft(staff)
    async with staff.work() as work:
        planned = await a_campaign(work)
        await schedule(work, planned, work.now + timedelta(days=2))
        gone = await a_campaign(work)
        await send_now(work, gone)
        await pause(work, gone)
        await an_invoice(work)

    for path in ("", "/new", f"/{draft}", f"/{draft}/edit", f"/{draft}/release", f"/{planned}", f"/{gone}"):
        page = (await staff.get(f"/campaigns{path}", lang="ar")).text
        assert 'dir="rtl"' in page
