"""Journal, tasks, notifications, search, one's own account, and what the firm says about itself."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pyotp.totp import TOTP

from bursar.billing.disputes import open_dispute
from bursar.billing.states import DisputeReason
from bursar.chasing.campaigns import pause, send_now
from bursar.chasing.states import ALL_FINAL
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.tenancy import accounts
from bursar.tenancy.agents import list_agents
from tests.makers.billing import an_overdue_invoice
from tests.makers.staff import Staff, a_browser, sign_in, staff_of
from tests.makers.story import a_campaign, an_account, late_customers, the_library
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
PASSWORD = "seven grey herons at noon"


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def with_password(staff: Staff) -> None:
    """The owner sets a password by a link, as a person does, and signs in with it."""
    people = await list_agents(staff.office, staff.tenant_id, staff.actor)
    reset = await accounts.request_reset(staff.office, people[0].email)
    assert reset is not None
    await staff.post(f"/password/{reset.token}", password=PASSWORD)
    entered = await staff.post("/sign-in", email=people[0].email, password=PASSWORD)
    assert entered.status_code == 303


async def test_the_journal_says_what_happened_and_can_be_narrowed(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
        await an_overdue_invoice(work, of=noor)

    everything = (await staff.get("/journal")).text
    assert "Customer added" in everything
    assert "Invoice imported" in everything
    assert "Customer added" not in (await staff.get("/journal", noun="invoice")).text
    assert "Invoice imported" in (await staff.get(f"/journal/customer/{noor}")).text
    assert (await staff.browser.get(f"/journal/invoice/{noor}")).status_code == 404


async def test_the_journal_leads_to_what_it_tells_of_and_names_whose_it_is(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        invoice = await an_overdue_invoice(work, of=noor)

    assert f'href="/invoices/{invoice}"' in (await staff.get("/journal")).text
    of_noor = (await staff.get(f"/journal/customer/{noor}")).text
    assert "<h1>Journal of <bdi>Atelier Noor</bdi>" in of_noor
    assert f'href="/customers/{noor}"' in of_noor


async def test_why_sending_stands_still_is_told_in_words(staff: Staff):
    async with staff.work() as work:
        await an_account(work, 2525)
        await the_library(work)
        await late_customers(work, 1)
        campaign = await a_campaign(work)
        await send_now(work, campaign)
        await pause(work, campaign)

    assert "Sending paused: stopped by an agent" in (await staff.get("/journal")).text


async def test_a_campaign_in_a_notification_is_called_by_its_name(staff: Staff):
    colleague = await sign_in(staff.house, staff.tenant_id)
    async with colleague.work() as work:
        await an_account(work, 2525)
        await the_library(work)
        await late_customers(work, 1)
        campaign = await a_campaign(work)
        await send_now(work, campaign)
        await move(work, ALL_FINAL, campaign)

    assert "<bdi>November</bdi>" in (await staff.get("/notifications")).text


async def test_a_task_is_listed_and_done(staff: Staff):
    assert "Nothing to do" in (await staff.get("/tasks")).text
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
        await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")
    page = (await staff.get("/tasks")).text
    assert f'href="/invoices/{invoice}"' in page
    [path] = re.findall(r'action="(/tasks/[^"]+/completion)"', page)
    assert (await staff.post(path)).status_code == 303
    assert (await staff.post(path)).status_code == 404


async def test_notifications_are_read_one_by_one_or_all(staff: Staff):
    colleague = await sign_in(staff.house, staff.tenant_id)
    async with colleague.work() as work:
        for _ in range(3):
            invoice = await an_overdue_invoice(work)
            await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")
    page = (await staff.get("/notifications")).text
    assert page.count('class="unread"') == 3
    [first, *_] = re.findall(r'action="(/notifications/[^"/]+/reading)"', page)
    await staff.post(first)
    assert (await staff.get("/notifications")).text.count('class="unread"') == 2
    await staff.post("/notifications/reading")
    assert 'class="top-count"' not in (await staff.get("/")).text


async def test_one_box_finds_customers_and_invoices(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        invoice = await an_overdue_invoice(work, of=noor)
    page = (await staff.get("/search", q="noor")).text
    assert f"/customers/{noor}" in page
    assert f"/invoices/{invoice}" in page
    assert "Nothing found" in (await staff.get("/search", q="<script>")).text
    assert "What are you looking for?" in (await staff.get("/search")).text


async def test_an_account_has_a_name_a_language_and_sessions_that_end(staff: Staff):
    saved = await staff.post("/account/profile", name="Rania Haddad", locale="ar")
    assert saved.status_code == 303
    page = (await staff.get("/account")).text
    assert "Rania Haddad" in page
    assert 'dir="rtl"' in page
    assert (await staff.post("/account/profile", name="")).status_code == 422


async def test_a_password_is_changed_by_who_knows_it_and_ends_other_sessions(staff: Staff, clock: FixedClock):
    await with_password(staff)
    clock.advance(timedelta(minutes=1))
    wrong = await staff.post("/account/password", current="not this one", password=PASSWORD)
    assert wrong.status_code == 422
    other = a_browser(staff.house)
    other.cookies.update(staff.browser.cookies)

    done = await staff.post("/account/password", current=PASSWORD, password="four calm boats come home")

    assert done.status_code == 303
    await staff.get("/account")
    assert (await other.get("/account")).status_code == 303


async def test_the_second_factor_is_shown_once_confirmed_and_switched_off(staff: Staff, clock: FixedClock):
    await with_password(staff)
    offer = (await staff.post("/account/second-factor/offer")).text
    assert 'class="qr"' in offer
    assert "style=" not in offer
    [secret] = re.findall(r"<code dir=\"ltr\">([A-Z2-7]{32})</code>", offer)
    wrong = await staff.post("/account/second-factor", code="000000")
    assert wrong.status_code == 422
    [secret] = re.findall(r"<code dir=\"ltr\">([A-Z2-7]{32})</code>", wrong.text)
    on = await staff.post("/account/second-factor", code=TOTP(secret).at(clock.now()))
    assert on.status_code == 200
    assert on.text.count("<li><code>") == 10
    assert "Switch it off" in (await staff.get("/account")).text
    assert (await staff.post("/account/second-factor/removal", password="no")).status_code == 422
    assert (await staff.post("/account/second-factor/removal", password=PASSWORD)).status_code == 303


async def test_the_firm_is_described_and_mistakes_stand_beside_their_field(staff: Staff):
    page = (await staff.get("/settings")).text
    assert 'value="Working Title"' in page
    assert (await staff.post("/settings", name="Working Title FZ", city="Dubai")).status_code == 303
    wrong = await staff.post("/settings", name="Working Title", time_zone="Dubai")
    assert wrong.status_code == 422
    assert 'id="error-time_zone"' in wrong.text


async def test_the_week_and_its_holidays_are_the_firms(staff: Staff):
    await staff.get("/settings/calendar")
    hours = {f"{day}-from": "09:00" for day in ("mon", "tue")} | {"mon-to": "17:00", "tue-to": "17:00"}
    assert (await staff.post("/settings/calendar", **hours)).status_code == 303
    page = (await staff.get("/settings/calendar")).text
    assert page.count('value="17:00"') == 2
    assert (await staff.post("/settings/calendar")).status_code == 422
    assert (await staff.post("/settings/holidays/proposals", year="2027")).status_code == 303
    assert "proposed" in (await staff.get("/settings/calendar", year="2027")).text
    await staff.post("/settings/holidays/confirmation", year="2027")
    assert "proposed" not in (await staff.get("/settings/calendar", year="2027")).text
    assert (await staff.post("/settings/holidays", on_date="2026-12-24", label="Eve", half="yes")).is_redirect
    assert "half day" in (await staff.get("/settings/calendar", year="2026")).text
    assert (await staff.post("/settings/holidays/2026-12-24/removal")).is_redirect
    assert (await staff.post("/settings/holidays/2026-12-24/removal")).status_code == 404


async def test_somebody_is_invited_moved_and_switched_off(staff: Staff):
    made = await staff.post("/settings/people", name="Omar", email="omar@wt.example", role="agent")
    [link] = re.findall(r"http://127\.0\.0\.1:8000(/password/[\w-]+)", made.text)
    assert (await a_browser(staff.house).get(link)).status_code == 200
    assert (await staff.post("/settings/people", name="", email="x", role="agent")).status_code == 422
    omar = next(
        one for one in await list_agents(staff.office, staff.tenant_id, staff.actor) if one.name == "Omar"
    )
    here = f"/settings/people/{omar.id}"
    assert (await staff.post(f"{here}/role", role="viewer")).status_code == 303
    assert "/password/" in (await staff.post(f"{here}/invitation")).text
    assert (await staff.post(f"{here}/deactivation")).status_code == 303
    assert (await staff.post(f"/settings/people/{staff.actor.id}/deactivation")).status_code == 409


async def test_a_key_is_shown_once_and_revoked(staff: Staff):
    assert (await staff.post("/settings/api-keys", name="Books")).status_code == 422
    made = await staff.post("/settings/api-keys", name="Books", scopes="invoices:read")
    assert made.text.count("bursar_") >= 2
    page = (await staff.get("/settings/api-keys")).text
    [path] = re.findall(r'action="(/settings/api-keys/[^"]+/revocation)"', page)
    assert (await staff.post(path)).status_code == 303
    assert (await staff.post(path)).status_code == 404


async def test_a_viewer_sees_settings_and_changes_none(staff: Staff):
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    for path in ("/settings", "/settings/calendar", "/settings/people", "/settings/api-keys"):
        await viewer.get(path)
    assert (await viewer.post("/settings", name="Mine")).status_code == 403
    assert (await viewer.post("/settings/api-keys", name="x", scopes="*")).status_code == 403
    assert (
        await viewer.post("/settings/people", name="x", email="x@x.example", role="owner")
    ).status_code == 403


async def test_a_season_of_shorter_days_is_named_shown_and_taken_back(staff: Staff) -> None:
    ramadan = {"first": "2027-02-08", "last": "2027-03-08", "opens": "10:00", "closes": "14:00"}
    assert (await staff.post("/settings/short-days", **ramadan)).status_code == 303
    page = (await staff.get("/settings/calendar")).text
    assert "10:00 – 14:00" in page
    for wrong in ({"opens": ""}, {"closes": "09:00"}, {"last": "2027-02-01"}, {"first": "soon"}):
        assert (await staff.post("/settings/short-days", **{**ramadan, **wrong})).status_code == 422
    assert (await staff.post("/settings/short-days/2027-02-08/removal")).status_code == 303
    assert "10:00 – 14:00" not in (await staff.get("/settings/calendar")).text
