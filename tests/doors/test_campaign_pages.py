"""Campaign pages: choosing, looking, releasing, watching."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.disputes import open_dispute
from bursar.billing.states import DisputeReason
from bursar.chasing.campaigns import pause, schedule, send_now
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.outbox.tables import sends
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.outbox import an_account
from tests.makers.staff import HTMX, Staff, come_back, sign_in, staff_of
from tests.makers.story import a_campaign, all_sends, late_customers, the_library
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio

CHOICE = {
    "name": "November",
    "kind": "overdue_notice",
    "source": "filter",
    "group_by": "customer",
    "min_days": "1",
}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    """A firm with a mailbox and templates, at ten o'clock on a working day."""
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await an_account(
                work, is_primary=True, address="billing@wt.example", display_name="Working Title"
            )
            await the_library(work)
        yield staff


async def a_draft(staff: Staff, customers: int = 2, **given: Any) -> UUID:
    async with staff.work() as work:
        await late_customers(work, customers, **given)
        return await a_campaign(work)


async def estimate(staff: Staff, **typed: Any) -> str:
    answer = await staff.browser.post("/campaigns/estimate", data={**CHOICE, **typed}, headers=HTMX)
    assert answer.status_code == 200
    return answer.text


async def state_of(staff: Staff, campaign: UUID) -> str:
    async with staff.work() as work:
        return (await show(work, campaign)).state


async def test_a_firm_without_campaigns_is_shown_the_way(staff: Staff):
    page = (await staff.get("/campaigns")).text

    assert "No campaign yet" in page
    assert 'href="/campaigns/new"' in page


async def test_the_choice_is_counted_before_anything_is_made(staff: Staff):
    async with staff.work() as work:
        [first, _] = await late_customers(work, 2)
        await an_overdue_invoice(work, of=first, days=40, minor=250_00)
        await an_overdue_invoice(work, of=await a_customer(work, email=None))
        disputed = await an_overdue_invoice(work)
        await open_dispute(work, disputed, reason=DisputeReason.QUALITY, statement="Torn.")

    text = await estimate(staff)
    assert "<strong>2</strong> <span>customers</span>" in text
    assert "3 invoices" in text
    assert "450.00" in text
    assert "no e-mail address" in text
    assert "disputed" in text

    assert "<strong>1</strong> <span>customer</span>" in await estimate(staff, min_days="30")
    assert "<strong>1</strong>" in await estimate(staff, min_balance="200")
    assert "No open invoice fits" in await estimate(staff, currency="EUR")
    assert "whole number of days" in await estimate(staff, min_days="soon")
    assert "unknown" not in await estimate(staff, source="numbers", invoices="X-1")
    assert "no such invoice" in await estimate(staff, source="numbers", invoices="X-1, X-2\nX-1")
    async with staff.work() as work:
        assert await all_sends(work) == []


async def test_a_choice_becomes_a_draft_to_look_at(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 2)

    made = await staff.post("/campaigns", **CHOICE)

    assert made.status_code == 303
    page = (await staff.get(made.headers["location"])).text
    assert "November" in page
    assert page.count('class="message-line"') == 2
    assert "billing@wt.example" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Give the campaign a name"),
        ({"source": "numbers", "invoices": " "}, "Paste at least one invoice number"),
        ({"currency": "EUR"}, "No open invoice fits this choice"),
        ({"min_days": "x"}, "whole number of days"),
        ({"min_balance": "much"}, "field-min_balance"),
        ({"kind": "shouting"}, "Choose one of the list"),
        ({"template": "nothing"}, "There is no such template"),
    ],
)
async def test_a_choice_that_cannot_be_is_shown_again_with_what_to_do(
    staff: Staff, typed: dict[str, str], said: str
):
    async with staff.work() as work:
        await late_customers(work, 1)

    answer = await staff.post("/campaigns", **{**CHOICE, **typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="overdue_notice"' in answer.text
    assert "No campaign yet" in (await staff.get("/campaigns")).text


async def test_a_draft_is_changed_and_its_list_made_anew(staff: Staff):
    draft = await a_draft(staff)
    form = (await staff.get(f"/campaigns/{draft}/edit")).text
    assert 'value="November"' in form

    saved = await staff.post(f"/campaigns/{draft}", **{**CHOICE, "name": "Once more", "group_by": "invoice"})

    assert saved.headers["location"] == f"/campaigns/{draft}"
    assert "Once more" in (await staff.get(f"/campaigns/{draft}")).text


async def test_each_message_is_seen_as_it_would_go(staff: Staff):
    draft = await a_draft(staff, 3, invoices=2)
    async with staff.work() as work:
        [_, second, _] = await all_sends(work)

    page = (await staff.get(f"/campaigns/{draft}/messages/{second.id}")).text
    assert "Message 2 of 3" in page
    assert "Working Title" in page
    assert second.to_address in page
    text = (await staff.get(f"/campaigns/{draft}/messages/{second.id}", view="text")).text
    assert 'class="mail-text"' in text

    frame = await staff.get(f"/campaigns/{draft}/messages/{second.id}/html")
    assert "sandbox" in frame.headers["content-security-policy"]
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    assert "/o/" not in frame.text
    assert "/u/" not in frame.text

    part = await staff.browser.get(f"/campaigns/{draft}/messages/{second.id}", headers=HTMX)
    assert part.text.lstrip().startswith("<")
    assert "<html" not in part.text


async def test_a_test_goes_to_oneself(staff: Staff):
    draft = await a_draft(staff, 1)
    async with staff.work() as work:
        [send] = await all_sends(work)
    path = f"/campaigns/{draft}/messages/{send.id}/tests"

    answer = await staff.browser.post(path, data={"to": "me@wt.example"}, headers=HTMX)
    wrong = await staff.browser.post(path, data={"to": "me@"}, headers=HTMX)

    assert answer.status_code == 200
    assert "on its way" in answer.headers["hx-trigger"]
    assert wrong.status_code == 422
    async with staff.work() as work:
        tests = [one.to_address for one in await all_sends(work) if one.purpose == "test"]
    assert tests == ["me@wt.example"]


async def test_what_was_paid_since_the_list_was_made_is_said(staff: Staff):
    async with staff.work() as work:
        [payer, _] = await late_customers(work, 2)
        draft = await a_campaign(work)
        await pay(work, await _invoice_of(work, payer), 100_00)

    page = (await staff.get(f"/campaigns/{draft}")).text

    assert "Something changed since the list was made" in page
    assert "<span>paid</span><strong>1</strong>" in page
    released = (await staff.get(f"/campaigns/{draft}/release")).text
    assert "1 message leaves from billing@wt.example" in released
    again = await staff.post(f"/campaigns/{draft}/freeze")
    assert again.status_code == 303
    assert "Something changed" not in (await staff.get(f"/campaigns/{draft}")).text


async def _invoice_of(work: Work, customer: UUID) -> UUID:
    from bursar.billing.tables import invoices

    return (await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == customer))).one()


async def test_who_is_left_out_is_listed_with_why(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 1)
        await an_overdue_invoice(work, of=await a_customer(work, email=None))
        draft = await a_campaign(work)

    page = (await staff.get(f"/campaigns/{draft}/left-out")).text

    assert "no e-mail address" in page
    assert page.count('href="/invoices/') == 1


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
        await pay(work, await _invoice_of(work, payer), 60_00)

    assert "60.00" in (await staff.get("/campaigns")).text
    assert "60.00" in (await staff.get(f"/campaigns/{draft}")).text


async def test_the_list_is_filtered_by_state(staff: Staff):
    draft = await a_draft(staff)
    assert f'href="/campaigns/{draft}"' in (await staff.get("/campaigns", state="draft")).text
    assert "No campaign stands here" in (await staff.get("/campaigns", state="sending")).text


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
