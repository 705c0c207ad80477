"""A draft looked at: each message as it would go, what changed, who is left out."""

from collections.abc import AsyncIterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.campaigning import a_chasing_firm, a_draft, the_invoice_of
from tests.makers.staff import HTMX, Staff
from tests.makers.story import a_campaign, all_sends, late_customers
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


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
        await pay(work, await the_invoice_of(work, payer), 100_00)

    page = (await staff.get(f"/campaigns/{draft}")).text

    assert "Something changed since the list was made" in page
    assert "<span>paid</span><strong>1</strong>" in page
    released = (await staff.get(f"/campaigns/{draft}/release")).text
    assert "1 message leaves from billing@wt.example" in released
    again = await staff.post(f"/campaigns/{draft}/freeze")
    assert again.status_code == 303
    assert "Something changed" not in (await staff.get(f"/campaigns/{draft}")).text


async def test_who_is_left_out_is_listed_with_why(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 1)
        await an_overdue_invoice(work, of=await a_customer(work, email=None))
        draft = await a_campaign(work)

    page = (await staff.get(f"/campaigns/{draft}/left-out")).text

    assert "no e-mail address" in page
    assert page.count('href="/invoices/') == 1
