"""Invoices through the door: the list and its sums, drafts, issue, cancellation, promises, disputes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from bursar.billing.disputes import list_disputes, open_dispute
from bursar.billing.finding import get_invoice
from bursar.billing.promises import list_promises
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.billing import a_draft, an_invoice, an_overdue_invoice, pay
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


def lines(*rows: tuple[str, str, str], act: str = "") -> dict[str, object]:
    typed = {
        "description": [row[0] for row in rows],
        "quantity": [row[1] for row in rows],
        "unit_price": [row[2] for row in rows],
        "tax_category": ["S"] * len(rows),
        "tax_rate": ["5"] * len(rows),
        "currency": "AED",
    }
    return {**typed, "act": act} if act else typed


async def test_the_list_is_cut_by_status_age_currency_and_words_and_adds_up(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        await an_overdue_invoice(work, of=noor, minor=1_000_00, days=10)
        await an_overdue_invoice(work, minor=200_00, days=70)
        await an_overdue_invoice(work, minor=30_00, days=100, currency="EUR")
        await an_invoice(work, minor=4_00)
        await a_draft(work)
        await an_invoice(work, state=InvoiceState.PAID)

    async def rows(**asked: str) -> int:
        return (await staff.get("/invoices", **asked)).text.count('<tr id="row-')

    assert await rows() == 6
    assert await rows(status="overdue") == 3
    assert await rows(status="open") == 4
    assert await rows(status="draft") == 1
    assert await rows(status="paid") == 1
    assert await rows(age="30") == 1
    assert await rows(age="90") == 1
    assert await rows(age="older", currency="EUR") == 1
    assert await rows(q="noor") == 1
    assert await rows(customer=str(noor)) == 1
    page = (await staff.get("/invoices", status="overdue")).text
    assert "1,200.00" in page
    assert "30.00" in page


async def test_a_draft_is_written_line_by_line_and_adds_up_while_one_types(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
    assert "Atelier Noor" in (await staff.get("/invoices/new", q="noor")).text
    await staff.get("/invoices/new", customer=str(noor))

    typed = {"customer": str(noor), **lines(("Season", "2", "100"), ("", "1", ""), act="sum")}
    part = await staff.browser.post("/invoices", data=typed, headers=HTMX)
    assert part.text.strip().startswith('<div id="lines"')
    assert "210.00" in part.text
    longer = await staff.browser.post("/invoices", data={**typed, "act": "add"})
    assert longer.status_code == 200
    assert longer.text.count('name="description"') == 3
    shorter = await staff.browser.post("/invoices", data={**typed, "act": "remove-1"})
    assert shorter.text.count('name="description"') == 1
    assert 'value="Season"' in shorter.text


async def test_a_draft_is_saved_changed_issued_and_then_fixed(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
    refused = await staff.browser.post(
        "/invoices", data={"customer": str(noor), **lines(("Season", "two", "100"))}
    )
    assert refused.status_code == 422
    assert "Write a number, like 2 or 1.5." in refused.text
    made = await staff.browser.post(
        "/invoices", data={"customer": str(noor), **lines(("Season", "2", "100"))}
    )
    path = made.headers["location"]
    assert "210.00" in (await staff.get(path)).text
    form = (await staff.get(f"{path}/edit")).text
    version = form.split('name="version" value="')[1].split('"')[0]
    changed = await staff.browser.post(
        path, data={"version": version, "notes": "Thank you", **lines(("Season", "3", "100"))}
    )
    assert changed.status_code == 303
    stale = await staff.browser.post(path, data={"version": "1", **lines(("Season", "4", "100"))})
    assert stale.status_code == 409

    issued = await staff.post(f"{path}/issue")

    assert issued.status_code == 303
    page = (await staff.get(path)).text
    assert "Issued under the number" in page
    assert "315.00" in page
    assert "Thank you" in page
    assert (await staff.browser.post(path, data=lines(("Season", "1", "1")))).status_code == 409
    assert (await staff.post(f"{path}/deletion")).status_code == 409


async def test_a_draft_without_a_number_can_be_deleted(staff: Staff):
    async with staff.work() as work:
        draft = await a_draft(work)
    assert (await staff.post(f"/invoices/{draft}/deletion")).headers["location"] == "/invoices"
    assert (await staff.browser.get(f"/invoices/{draft}")).status_code == 404


async def test_cancelling_asks_why_and_leaves_a_credit_note(staff: Staff):
    async with staff.work() as work:
        invoice = await an_invoice(work)
        paid = await an_invoice(work)
        await pay(work, paid, 10_00)
    await staff.get(f"/invoices/{invoice}/cancellation/new")
    assert (await staff.post(f"/invoices/{invoice}/cancellation", reason="")).status_code == 422
    done = await staff.post(f"/invoices/{invoice}/cancellation", reason="sent twice")
    assert done.status_code == 303
    page = (await staff.get(f"/invoices/{invoice}")).text
    assert "Credit note" in page
    assert "sent twice" in page

    refused = await staff.post(f"/invoices/{paid}/cancellation", reason="sent twice")
    assert refused.status_code == 409
    assert "Money was paid on this invoice." in refused.text


async def test_a_promise_is_written_down_moved_and_withdrawn(staff: Staff):
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
        day = work.today + timedelta(days=5)
    here = f"/invoices/{invoice}"
    await staff.get(f"{here}/promises/new")
    assert (await staff.post(f"{here}/promises", promised_for="soon")).status_code == 422
    assert (await staff.post(f"{here}/promises", promised_for=day.isoformat())).status_code == 303
    page = (await staff.get(here)).text
    assert "Nothing is sent at present" in page
    assert "payment promised" in page
    async with staff.work() as work:
        [promise] = await list_promises(work, invoice_id=invoice)
    mine = f"{here}/promises/{promise.id}"
    await staff.get(f"{mine}/date/new")
    later = (day + timedelta(days=2)).isoformat()
    assert (await staff.post(f"{mine}/date", promised_for=later)).status_code == 303
    assert (await staff.post(f"{mine}/withdrawal")).status_code == 303
    assert (await staff.post(f"{mine}/withdrawal")).status_code == 409


async def a_disputed_invoice(staff: Staff) -> tuple[UUID, str]:
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
        dispute = await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")
    return invoice, f"/invoices/{invoice}/disputes/{dispute}"


async def test_a_dispute_is_written_down_talked_about_and_accepted(staff: Staff):
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
    here = f"/invoices/{invoice}"
    await staff.get(f"{here}/disputes/new")
    assert (await staff.post(f"{here}/disputes", reason="quality", statement="")).status_code == 422
    said = await staff.post(f"{here}/disputes", reason="quality", statement="The seam is torn.")
    assert said.status_code == 303
    async with staff.work() as work:
        [dispute] = await list_disputes(work, invoice_id=invoice)
    mine = f"{here}/disputes/{dispute.id}"
    assert (await staff.post(f"{mine}/comments", body="Pictures asked for.")).status_code == 303
    page = (await staff.get(here)).text
    assert "The seam is torn." in page
    assert "Pictures asked for." in page
    await staff.get(f"{mine}/acceptance/new")
    assert (await staff.post(f"{mine}/acceptance", credit="900", reason="torn")).status_code == 422
    assert (await staff.post(f"{mine}/acceptance", credit="40", reason="torn")).status_code == 303
    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).balance.plain() == "60.00"


async def test_a_dispute_is_rejected_with_a_reason_or_withdrawn(staff: Staff):
    _, first = await a_disputed_invoice(staff)
    _, second = await a_disputed_invoice(staff)
    await staff.get(f"{first}/rejection/new")
    assert (await staff.post(f"{first}/rejection", reason="")).status_code == 422
    assert (await staff.post(f"{first}/rejection", reason="not torn")).status_code == 303
    assert (await staff.post(f"{second}/withdrawal")).status_code == 303


async def test_the_page_says_what_happened_and_who_did_it(staff: Staff):
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
        await pay(work, invoice, 30_00)

    page = (await staff.get(f"/invoices/{invoice}")).text

    assert "Invoice imported" in page
    assert "Payment put towards the invoice" in page
    assert "70.00" in page
    assert "10 days late" in page


async def test_a_viewer_changes_no_invoice(staff: Staff):
    async with staff.work() as work:
        invoice = await an_invoice(work)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    await viewer.get(f"/invoices/{invoice}")

    assert (await viewer.post(f"/invoices/{invoice}/cancellation", reason="x")).status_code == 403


async def test_another_firms_invoice_is_not_there(
    staff: Staff, addresses: Addresses, clock: FixedClock, keyring: Keyring
):
    async with staff_of(addresses, clock, keyring) as other:
        async with other.work() as work:
            theirs = await an_invoice(work)
        here = f"/invoices/{theirs}"
        for path in ("", "/edit", "/cancellation/new", "/promises/new", "/disputes/new"):
            assert (await staff.browser.get(here + path)).status_code == 404, path
        for path in ("", "/issue", "/deletion", "/cancellation", "/credit"):
            assert (await staff.post(here + path, reason="x")).status_code == 404, path
        assert str(theirs) not in (await staff.get("/invoices")).text
