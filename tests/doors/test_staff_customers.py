"""Customers through the door: found, shown with all that concerns them, changed, suspended."""

from collections.abc import AsyncIterator

import pytest

from bursar.billing.disputes import open_dispute
from bursar.billing.states import DisputeReason
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.tenancy.contacts import list_contacts
from bursar.tenancy.customers import get_customer, suspend_customer
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def test_an_empty_firm_is_told_how_customers_come(staff: Staff):
    assert "No customers yet" in (await staff.get("/customers")).text


async def test_a_filter_replaces_the_list_alone_and_says_when_nobody_fits(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor", tags=["season"])
        late = await a_customer(work, company_name="Dar Al Qamar")
        await an_overdue_invoice(work, of=late, minor=1_250_00)

    def names(text: str) -> list[str]:
        return [name for name in ("Atelier Noor", "Dar Al Qamar") if name in text]

    assert names((await staff.get("/customers")).text) == ["Atelier Noor", "Dar Al Qamar"]
    assert names((await staff.get("/customers", q="noor")).text) == ["Atelier Noor"]
    assert names((await staff.get("/customers", tag="season")).text) == ["Atelier Noor"]
    overdue = (await staff.get("/customers", late="1")).text
    assert names(overdue) == ["Dar Al Qamar"]
    assert "1,250.00" in overdue
    assert "Nobody fits" in (await staff.get("/customers", state="suspended")).text
    part = await staff.browser.get("/customers?q=noor", headers=HTMX)
    assert part.text.strip().startswith('<div id="results">')
    assert str(noor) in part.text


async def test_a_page_leads_to_the_next_with_the_filter_kept(staff: Staff):
    async with staff.work() as work:
        for _ in range(51):
            await a_customer(work, tags=["season"])

    first = (await staff.get("/customers", tag="season")).text

    assert "50 of 51 entries" in first
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "tag=season" in link
    assert (await staff.get(link)).text.count('<tr id="row-') == 1


async def test_one_customer_is_shown_with_all_that_concerns_them(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor", email=None)
        invoice = await an_overdue_invoice(work, of=noor, minor=1_000_00)
        await an_overdue_invoice(work, of=noor, minor=40_00, currency="EUR")
        await pay(work, invoice, 300_00)
        await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")

    page = (await staff.get(f"/customers/{noor}")).text

    for text in ("700.00", "40.00", "300.00", "no e-mail address", "Dispute opened", "disputed"):
        assert text in page


async def test_a_customer_is_added_and_each_mistake_stands_beside_its_field(staff: Staff):
    refused = await staff.post("/customers", kind="firm", company_name="Atelier Noor", email="accounts@")
    assert refused.status_code == 422
    assert 'id="error-email"' in refused.text
    assert 'value="Atelier Noor"' in refused.text

    made = await staff.post(
        "/customers", kind="firm", company_name="Atelier Noor", email="accounts@noor.example", tags="a, b"
    )

    assert made.status_code == 303
    page = (await staff.get(made.headers["location"])).text
    assert "The customer was added." in page
    assert "accounts@<wbr>noor.example" in page


async def test_an_edit_over_somebody_elses_is_refused(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
    form = (await staff.get(f"/customers/{noor}/edit")).text
    version = form.split('name="version" value="')[1].split('"')[0]
    first = await staff.post(f"/customers/{noor}", version=version, city="Al Ain")
    assert first.status_code == 303

    second = await staff.post(f"/customers/{noor}", version=version, city="Sharjah")

    assert second.status_code == 409
    assert "was changed by somebody else meanwhile" in second.text
    async with staff.work() as work:
        assert (await get_customer(work, noor)).city == "Al Ain"


async def test_suspending_asks_why_and_can_be_taken_back(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
    assert (await staff.post(f"/customers/{noor}/suspension", reason=" ")).status_code == 422
    assert (await staff.post(f"/customers/{noor}/suspension", reason="fraud")).status_code == 303
    page = (await staff.get(f"/customers/{noor}")).text
    assert "Customer suspended: fraud" in page
    assert "Reinstate" in page

    assert (await staff.post(f"/customers/{noor}/reinstatement")).status_code == 303
    assert (await staff.post(f"/customers/{noor}/reinstatement")).status_code == 409


async def test_contacts_and_consents_are_added_on_pages_of_their_own(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
    here = f"/customers/{noor}"
    for act in ("contacts", "consents", "suspension"):
        await staff.get(f"{here}/{act}/new")
    assert (await staff.post(f"{here}/contacts", name="Lina")).status_code == 422
    assert (await staff.post(f"{here}/contacts", name="Lina", email="lina@noor.example")).status_code == 303
    unproven = await staff.post(f"{here}/consents", purpose="marketing", consent="granted")
    assert unproven.status_code == 422
    said = await staff.post(f"{here}/consents", purpose="marketing", consent="granted", proof="on the phone")
    assert said.status_code == 303
    page = (await staff.get(here)).text
    assert "lina@noor.example" in page
    assert "on the phone" in page

    async with staff.work() as work:
        [contact] = await list_contacts(work, noor)
    assert (await staff.post(f"{here}/contacts/{contact.id}/removal")).status_code == 303


async def test_a_viewer_reads_and_changes_nothing(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    await viewer.get(f"/customers/{noor}")

    assert (await viewer.post(f"/customers/{noor}", city="Dubai")).status_code == 403
    assert (await viewer.post(f"/customers/{noor}/suspension", reason="why not")).status_code == 403


async def test_another_firms_customer_is_not_there(
    staff: Staff, addresses: Addresses, clock: FixedClock, keyring: Keyring
):
    async with staff_of(addresses, clock, keyring) as other:
        async with other.work() as work:
            theirs = await a_customer(work)
            await suspend_customer(work, theirs, reason="fraud")
        for path in ("", "/edit", "/suspension/new", "/contacts/new", "/consents/new"):
            assert (await staff.browser.get(f"/customers/{theirs}{path}")).status_code == 404
        for path in ("", "/suspension", "/reinstatement", "/link-revocation", "/contacts", "/consents"):
            assert (await staff.post(f"/customers/{theirs}{path}")).status_code in {404, 422}
        assert str(theirs) not in (await staff.get("/customers")).text
