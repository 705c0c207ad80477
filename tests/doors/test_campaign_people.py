"""The staff app about whom a campaign writes to: a sheet reminded of, exclusions, segments, two texts, what came of it."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.importers import import_desk
from bursar.billing.tables import invoices
from bursar.chasing.campaigns import send_now
from bursar.chasing.exclusions import exclude, list_exclusions
from bursar.chasing.leaving_out import list_left_out
from bursar.chasing.results import show
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.tenancy.imports import import_sheet
from bursar.tenancy.states import ImportKind
from tests.makers.campaigning import a_chasing_firm, a_draft
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.story import a_campaign, a_crowd, all_sends, late_customers
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio

SHEET = (
    "Invoice,Customer,Email,Amount,Currency,Due\n"
    "S-1,Noor,noor@customer.example,100.00,AED,2026-10-01\n"
    "S-2,Noor,noor@customer.example,50.00,AED,2027-03-01\n"
)
CHOICE = {"name": "November", "kind": "overdue_notice", "source": "filter", "group_by": "customer"}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


def place_of(answer) -> UUID:
    return UUID(answer.headers["location"].rsplit("/", 1)[-1])


async def test_an_applied_sheet_offers_to_remind_and_leads_to_the_messages(staff: Staff):
    desk, kind = import_desk(staff.office), ImportKind.INVOICES
    given = (desk, staff.tenant_id, staff.actor, kind)
    dry = await import_sheet(*given, "dry.csv", SHEET.encode(), apply=False)
    assert "Remind these" not in (await staff.get(f"/imports/{dry.id}")).text
    run = await import_sheet(*given, "autumn.csv", SHEET.encode(), apply=True)
    assert "Remind these" in (await staff.get(f"/imports/{run.id}")).text

    made = await staff.post(f"/imports/{run.id}/campaign")

    page = (await staff.get(made.headers["location"])).text
    assert "noor@" in page
    assert "2 invoices" in page
    assert 'value="sheet" checked' in (await staff.get(f"{made.headers['location']}/edit")).text
    assert (await staff.post(f"/imports/{dry.id}/campaign")).status_code == 409


async def test_a_customer_is_excluded_found_and_lifted(staff: Staff):
    async with staff.work() as work:
        customer = await a_customer(work, company_name="Noor Fashion")
    assert "Nobody is left out" in (await staff.get("/exclusions")).text
    assert "Noor Fashion" in (await staff.get("/exclusions/new", q="noor")).text
    assert "Noor Fashion" in (await staff.get("/exclusions/new", customer=customer)).text
    refused = await staff.post(f"/customers/{customer}/exclusions", covers="everything", reason=" ")
    assert (refused.status_code, "Say why" in refused.text) == (422, True)

    done = await staff.post(
        f"/customers/{customer}/exclusions", covers="campaigns", reason="Court", until="2026-12-01"
    )

    assert done.status_code == 303
    page = (await staff.get("/exclusions", q="court")).text
    for words in ("Noor Fashion", "Court", "1 Dec 2026", "Campaigns only"):
        assert words in page
    async with staff.work() as work:
        [kept] = (await list_exclusions(work)).rows
    assert (await staff.post(f"/exclusions/{kept.id}/lifting")).status_code == 303
    assert "Noor Fashion" not in (await staff.get("/exclusions")).text
    assert "Noor Fashion" in (await staff.get("/exclusions", lifted="1")).text


async def test_one_invoice_is_excluded_from_its_own_form(staff: Staff):
    async with staff.work() as work:
        await late_customers(work, 1)
        row = (await work.db.execute(sa.select(invoices.c.id, invoices.c.number))).one()

    assert row.number in (await staff.get("/exclusions/new", invoice=row.id)).text
    await staff.post(f"/invoices/{row.id}/exclusions", covers="everything", reason="Wrong address")

    async with staff.work() as work:
        [kept] = (await list_exclusions(work)).rows
    assert (kept.invoice_number, kept.covers) == (row.number, "everything")


async def test_a_customer_is_left_out_of_a_draft_and_put_back(staff: Staff):
    draft = await a_draft(staff, 2)
    async with staff.work() as work:
        [first, _] = await all_sends(work)
    assert "Leave this customer out" in (await staff.get(f"/campaigns/{draft}/messages/{first.id}")).text

    done = await staff.post(f"/campaigns/{draft}/exclusions", customer=str(first.customer_id))

    assert done.headers["location"] == f"/campaigns/{draft}"
    async with staff.work() as work:
        assert (await show(work, draft)).excluded == {"by_hand": 1}
        [kept] = await list_left_out(work, draft)
    assert "Put back" in (await staff.get(f"/campaigns/{draft}/left-out")).text
    await staff.post(f"/campaigns/{draft}/exclusions/{kept.id}/removal")
    async with staff.work() as work:
        assert (await show(work, draft)).excluded == {}


async def test_pasted_numbers_are_taken_out_and_those_that_are_not_in_it_refused(staff: Staff):
    draft = await a_draft(staff, 2)
    async with staff.work() as work:
        number = (await work.db.scalars(sa.select(invoices.c.number).limit(1))).one()

    refused = await staff.post(f"/campaigns/{draft}/exclusions", invoices="NOBODY-7")
    done = await staff.post(
        f"/campaigns/{draft}/exclusions", invoices=f"{number}\nNOBODY-7", reason="Paid in cash"
    )

    assert (refused.status_code, "NOBODY-7" in refused.text) == (422, True)
    assert done.status_code == 303
    page = (await staff.get(f"/campaigns/{draft}/left-out", reason="by_hand")).text
    assert number in page
    assert "Paid in cash" in page


async def test_who_is_out_is_counted_by_reason_and_each_count_opens_its_rows(staff: Staff):
    async with staff.work() as work:
        [one, *_] = await late_customers(work, 3)
        await late_customers(work, 1, email=None)
        await exclude(work, one, reason="Court")
        draft = await a_campaign(work)

    page = (await staff.get(f"/campaigns/{draft}")).text
    assert f"/campaigns/{draft}/left-out?reason=excluded" in page
    rows = (await staff.get(f"/campaigns/{draft}/left-out", reason="no_address")).text
    assert rows.count('href="/invoices/') == 1


async def test_recipients_are_narrowed_to_a_reason(staff: Staff):
    async with staff.work() as work:
        [one, _] = await late_customers(work, 2)
        campaign = await a_campaign(work)
        await send_now(work, campaign)
        await exclude(work, one, reason="Court")

    page = (await staff.get(f"/campaigns/{campaign}", state="suppressed", reason="excluded")).text

    assert page.count('href="/sends/') == 1
    assert "reason=excluded" in page


async def test_a_segment_is_kept_offered_again_and_deleted(staff: Staff):
    segment = {**CHOICE, "segment_name": "Arabic, small", "languages": "ar", "max_balance": "500"}
    refused = await staff.post("/campaign-segments", **{**segment, "segment_name": ""})
    crossed = await staff.post("/campaign-segments", **{**segment, "min_days": "soon"})

    kept = await staff.post("/campaign-segments", **segment)

    assert (refused.status_code, crossed.status_code, kept.status_code) == (422, 422, 303)
    form = (await staff.get(kept.headers["location"])).text
    assert 'name="languages" value="ar" checked' in form
    assert 'value="500"' in form
    assert "Arabic, small" in (await staff.get("/campaigns/new")).text
    segment_id = kept.headers["location"].rpartition("=")[2]
    await staff.post(f"/campaign-segments/{segment_id}/deletion")
    assert "Arabic, small" not in (await staff.get("/campaigns/new")).text


async def test_a_colleagues_segment_is_their_own(staff: Staff):
    kept = await staff.post("/campaign-segments", **CHOICE, segment_name="Mine", max_balance="500")
    colleague = await sign_in(staff.house, staff.tenant_id, AgentRole.ADMIN)

    assert 'value="500"' not in (await colleague.get(kept.headers["location"])).text
    segment_id = kept.headers["location"].rpartition("=")[2]
    assert (await colleague.post(f"/campaign-segments/{segment_id}/deletion")).status_code == 404


async def test_two_texts_and_customers_kept_out_are_chosen_shown_and_told_apart(staff: Staff):
    async with staff.work() as work:
        await a_crowd(work, 80)
    made = await staff.post(
        "/campaigns",
        **CHOICE,
        template="overdue_gentle",
        other_template="overdue_firm",
        other_share="40",
        holdout_percent="25",
        description="Autumn",
    )

    campaign = place_of(made)
    review = (await staff.get(f"/campaigns/{campaign}")).text
    assert "25 % of the customers are kept out" in review
    edit = (await staff.get(f"/campaigns/{campaign}/edit")).text
    assert 'value="40"' in edit
    assert 'value="25"' in edit
    async with staff.work() as work:
        await send_now(work, campaign)
    page = (await staff.get(f"/campaigns/{campaign}")).text
    for words in ("What the messages brought", "Kept out", "may well be chance"):
        assert words in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"other_template": "overdue_firm", "other_share": "all"}, "Give a whole number of percent."),
        ({"holdout_percent": "51"}, "Give a whole number between 0 and 50."),
        ({"countries": "Nowhere"}, "Write the country by its name"),
    ],
)
async def test_what_cannot_be_read_comes_back_beside_its_field(
    staff: Staff, typed: dict[str, str], words: str
):
    async with staff.work() as work:
        await late_customers(work, 1)

    refused = await staff.post("/campaigns", **CHOICE, **typed)

    assert refused.status_code == 422
    assert words in refused.text


async def test_the_first_look_leaves_an_open_menu_alone(staff: Staff):
    draft = await a_draft(staff)
    async with staff.work() as work:
        await send_now(work, draft)
    await staff.post(f"/campaigns/{draft}/cancellation")
    async with staff.work() as work:
        version = (await show(work, draft)).version

    seen = (await staff.get(f"/campaigns/{draft}/progress", seen=version)).text
    older = (await staff.get(f"/campaigns/{draft}/progress", seen=version - 1)).text

    assert "event: acts\n" not in seen
    assert "event: progress\n" in seen
    assert "event: acts\n" in older


async def test_a_viewer_leaves_nobody_out(staff: Staff):
    draft = await a_draft(staff)
    async with staff.work() as work:
        [first, *_] = await all_sends(work)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    for path in (f"/campaigns/{draft}/exclusions", f"/customers/{first.customer_id}/exclusions"):
        typed = {"customer": str(first.customer_id), "covers": "everything", "reason": "Mine"}
        assert (await viewer.post(path, **typed)).status_code == 403


async def test_exclusions_and_segments_of_another_firm_do_not_exist(staff: Staff, addresses, clock, keyring):
    draft = await a_draft(staff)
    async with staff.work() as work:
        [first, *_] = await all_sends(work)
        made = await exclude(work, first.customer_id, reason="Court")
    async with staff_of(addresses, clock, keyring) as other:
        typed = {"customer": str(first.customer_id), "covers": "everything", "reason": "Mine"}
        for path in (
            f"/campaigns/{draft}/exclusions",
            f"/campaigns/{draft}/exclusions/{made}/removal",
            f"/customers/{first.customer_id}/exclusions",
            f"/exclusions/{made}/lifting",
        ):
            assert (await other.post(path, **typed)).status_code == 404
        assert "Court" not in (await other.get("/exclusions")).text
        got = await other.browser.get(f"/exclusions/new?customer={first.customer_id}")
        assert got.status_code == 404


async def test_the_new_pages_speak_arabic(staff: Staff):
    async with staff.work() as work:
        await a_crowd(work, 60)
        one, *_ = await late_customers(work, 1)
        await exclude(work, one, reason="Court")
        campaign = await a_campaign(
            work, template="overdue_gentle", other_template="overdue_firm", holdout_percent=20
        )
        await send_now(work, campaign)

    for path in (
        "/exclusions",
        f"/exclusions/new?customer={one}",
        f"/campaigns/{campaign}",
        f"/campaigns/{campaign}/left-out",
    ):
        page = (await staff.get(path + ("&" if "?" in path else "?") + "lang=ar")).text
        assert 'dir="rtl"' in page
        assert "Leave out" not in page
