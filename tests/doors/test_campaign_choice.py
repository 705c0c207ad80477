"""Choosing what to chase: the form, counted while it is filled in, and the list of campaigns."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bursar.billing.disputes import open_dispute
from bursar.billing.states import DisputeReason
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.billing import an_overdue_invoice
from tests.makers.campaigning import a_chasing_firm, a_draft
from tests.makers.staff import HTMX, Staff
from tests.makers.story import all_sends, late_customers
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
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


async def estimate(staff: Staff, **typed: Any) -> str:
    answer = await staff.browser.post("/campaigns/estimate", data={**CHOICE, **typed}, headers=HTMX)
    assert answer.status_code == 200
    return answer.text


async def test_the_choice_is_counted_before_anything_is_made(staff: Staff):
    async with staff.work() as work:
        [first, _] = await late_customers(work, 2)
        await an_overdue_invoice(work, of=first, days=40, minor=250_00)
        await an_overdue_invoice(work, of=await a_customer(work, email=None))
        disputed = await an_overdue_invoice(work)
        await open_dispute(work, disputed, reason=DisputeReason.QUALITY, statement="Torn.")

    text = await estimate(staff)
    assert "<strong>2</strong> <span>customers get" in text
    assert "3 invoices" in text
    assert "450.00" in text
    assert "no e-mail address" in text
    assert "disputed" in text

    assert "<strong>1</strong> <span>customer gets" in await estimate(staff, min_days="30")
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


async def test_a_firm_without_campaigns_is_shown_the_way(staff: Staff):
    page = (await staff.get("/campaigns")).text

    assert "No campaign yet" in page
    assert 'href="/campaigns/new"' in page


async def test_the_list_is_filtered_by_state(staff: Staff):
    draft = await a_draft(staff)
    assert f'href="/campaigns/{draft}"' in (await staff.get("/campaigns", state="draft")).text
    assert "No campaign stands here" in (await staff.get("/campaigns", state="sending")).text
