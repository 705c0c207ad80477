"""Results through the pages: numbers, the messages behind them, files of them."""

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.results import some_results
from tests.makers.staff import Staff, sign_in, staff_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


def figures_of(html: str) -> dict[str, str]:
    """Labels of the figures with their values, without markup."""
    found = re.findall(
        r'figure-label">(.*?)</span>\s*<span class="figure-value">(.*?)</span>\s*(?:<span class="figure-hint|</)',
        html,
        re.DOTALL,
    )
    return {_bare(label): _bare(value) for label, value in found}


def _bare(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).replace("\u2068", "").replace("\u2069", "").split())


async def test_an_empty_firm_is_told_what_comes(staff: Staff):
    page = await staff.get("/results")
    assert page.status_code == 200
    assert "No messages in this period" in page.text
    assert "What counts" in page.text
    assert "<canvas" not in page.text


async def test_numbers_stand_on_the_page_and_open_their_messages(staff: Staff):
    async with staff.work() as work:
        told = await some_results(work)

    page = (await staff.get("/results")).text
    figures = figures_of(page)
    assert figures["Sent"] == "4"
    assert figures["Bounced or failed"] == "1"
    assert figures["Held back"] == "1"
    assert figures["Answered"] == "1"
    assert figures["Opened by people"] == "1"
    assert figures["Promises kept"] == "1"
    assert figures["Days to pay"] == "2"
    assert "Gentle" in page
    assert page.count("<canvas") == 4  # messages, two currencies, answers

    bounced = (await staff.get("/results/messages", figure="bounced")).text
    assert f"/sends/{told.sends[3]}" in bounced
    assert bounced.count('href="/sends/') == 1
    assert (await staff.get("/results/messages", figure="suppressed", reason="paid")).text.count(
        'href="/sends/'
    ) == 1
    assert (await staff.get("/results/messages", figure="suppressed", reason="promise")).text.count(
        'href="/sends/'
    ) == 0
    assert (await staff.get("/results/messages", figure="ordered")).text.count('href="/sends/') == 6
    assert (await staff.get("/results/messages", figure="ordered", purpose="notice")).text.count(
        'href="/sends/'
    ) == 1


@pytest.mark.parametrize("by", ["template", "campaign", "sequence", "sending_account", "purpose"])
async def test_each_comparison_has_its_table_and_its_file(staff: Staff, by: str):
    async with staff.work() as work:
        await some_results(work)
    page = (await staff.get("/results", by=by)).text
    rows = {"template": "Gentle", "campaign": "November", "purpose": "Notices of invoices"}
    assert rows.get(by, "By mailbox") in page
    text = (await staff.get("/exports/results.csv", by=by)).content.decode("utf-8-sig").splitlines()
    assert text[0].startswith("Name,Ordered,Sent,Delivered,Bounced")
    assert text[0].endswith("AED within 30 days,USD within 7 days,USD within 14 days,USD within 30 days")
    if by == "campaign":
        assert text[1:] == ["November,5,4,0,1,0,1,0,0,0,1,1,1,0,0,1,1,0,40.00,40.00,40.00,0.00,60.00,60.00"]


async def test_periods_as_a_workbook_have_a_row_each(staff: Staff):
    async with staff.work() as work:
        await some_results(work)
    answer = await staff.get("/exports/results.xlsx", interval="day")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 85
    assert sum(row[1] for row in rows[1:]) == 6  # type: ignore[misc,arg-type]  # numbers, as the header says


async def test_a_campaign_and_a_template_narrow_everything(staff: Staff):
    async with staff.work() as work:
        told = await some_results(work)
    page = (await staff.get("/results", campaign=told.campaign)).text
    assert "November" in page
    assert "Show everything" in page
    assert "of 5 ordered" in page
    assert "of 5 ordered" in (await staff.get("/results", template=told.template)).text


async def test_a_campaign_of_last_year_is_shown_whole_and_links_here(staff: Staff, clock: FixedClock):
    async with staff.work() as work:
        told = await some_results(work)
    clock.advance(timedelta(days=300))
    again = await sign_in(staff.house, staff.tenant_id)
    assert f"/results?campaign={told.campaign}" in (await again.get(f"/campaigns/{told.campaign}")).text
    assert "of 5 ordered" in (await again.get("/results", campaign=told.campaign)).text
    assert "No messages in this period" in (await again.get("/results")).text


@pytest.mark.parametrize(
    "given",
    [
        {"from": "2026-11-18", "to": "2026-11-01"},
        {"from": "soon"},
        {"from": "1900-01-01"},
        {"days": "0"},
    ],
)
async def test_a_period_that_is_none_is_said_beside_it(staff: Staff, given: dict[str, str]):
    page = await staff.browser.get("/results", params=given)
    assert page.status_code == 422
    assert 'role="alert"' in page.text


@pytest.mark.parametrize(
    "given",
    [
        {"by": "nothing"},
        {"interval": "century"},
        {"template": "x"},
        {"purpose": "<b>"},
        {"days": "a,b"},
        {"figure": "x"},
    ],
)
async def test_what_an_address_makes_up_is_passed_over(staff: Staff, given: dict[str, str]):
    async with staff.work() as work:
        await some_results(work)
    for path in ("/results", "/results/messages"):
        assert (await staff.get(path, **given)).status_code == 200


async def test_the_tables_stand_without_script_and_no_handler_in_the_page(staff: Staff):
    async with staff.work() as work:
        await some_results(work)
    page = (await staff.get("/results")).text
    assert page.count("<table") >= 3
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert "<script>" not in page
