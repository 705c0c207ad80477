"""Documents on the pages: fetched, their e-invoice looked at, and the duty to send them entered."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.documents.einvoices import carry
from bursar.billing.documents.obligations import obligations
from bursar.billing.issuing import issue_invoice
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.tenancy.tables import tenants
from tests.makers.billing import a_draft, aed
from tests.makers.einvoices import BUYER, FIRM, a_taxed_line, an_obligation
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def an_issued_invoice(staff: Staff) -> UUID:
    settings = {"billing": {"einvoice": {"provider": "sandbox"}}}
    async with staff.work() as work:
        await work.db.execute(
            sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id).values(**FIRM, settings=settings)
        )
        draft = await a_draft(work, of=await a_customer(work, **BUYER), lines=[a_taxed_line()])
        await issue_invoice(work, draft)
    return draft


async def test_an_invoice_shows_its_pdf_in_the_browser_and_a_draft_has_none(staff: Staff) -> None:
    invoice = await an_issued_invoice(staff)
    async with staff.work() as work:
        draft = await a_draft(work)
        note = await issue_credit_note(work, invoice, aed(105_00), because="less")

    for here in (f"/invoices/{invoice}", f"/credit-notes/{note.id}"):
        assert f'href="{here}/pdf"' in (await staff.get(here)).text
        shown = await staff.get(f"{here}/pdf")
        assert shown.content.startswith(b"%PDF")
        assert shown.headers["content-type"] == "application/pdf"
        assert shown.headers["content-disposition"].startswith("inline;")
        assert shown.headers["x-content-type-options"] == "nosniff"
    assert f"/invoices/{draft}/pdf" not in (await staff.get(f"/invoices/{draft}")).text
    assert (await staff.browser.get(f"/invoices/{draft}/pdf")).status_code == 409


async def test_the_xml_is_saved_and_never_shown(staff: Staff) -> None:
    invoice = await an_issued_invoice(staff)

    fetched = await staff.get(f"/invoices/{invoice}/xml")

    assert b"<Invoice xmlns" in fetched.content
    assert fetched.headers["content-disposition"].startswith("attachment;")


async def test_an_invoice_says_where_its_e_invoice_stands(staff: Staff) -> None:
    async with staff.work() as work:
        await an_obligation(work, date(2026, 11, 1))
        tenant_id = work.tenant_id
    invoice = await an_issued_invoice(staff)
    assert "E-invoice" not in (await staff.get(f"/invoices/{invoice}")).text

    await carry(staff.house.carrier, tenant_id)  # no provider is bound here: it does not answer

    page = (await staff.get(f"/invoices/{invoice}")).text
    assert "Waiting" in page
    assert "The provider did not answer" in page


async def test_an_admin_takes_a_case_over_and_changes_it(staff: Staff) -> None:
    page = (await staff.get("/settings/e-invoices")).text
    assert "No duty is entered." in page
    assert "Revenue below AED 50 million" in page

    taken = await staff.post("/settings/e-invoices/case", phase="from_50m")
    assert taken.status_code == 303
    assert "You will owe e-invoices from" in (told := (await staff.get("/settings/e-invoices")).text)
    assert "1 Jan 2027" in told
    saved = await staff.post(
        "/settings/e-invoices",
        mandatory_from="2026-11-01",
        asp_by="2026-10-30",
        source="our own reading",
        checked_on="2026-11-18",
    )

    assert saved.status_code == 303
    assert "You owe e-invoices." in (await staff.get("/settings/e-invoices")).text
    async with staff.work() as work:
        [duty] = await obligations(work)
    assert (duty.mandatory_from, duty.source) == (date(2026, 11, 1), "our own reading")


async def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_stays(staff: Staff) -> None:
    typed: dict[str, Any] = {
        "mandatory_from": "2027-01-01",
        "asp_by": "2027-02-01",
        "source": "a paper",
        "checked_on": "2026-11-18",
    }

    refused = await staff.post("/settings/e-invoices", **typed)

    assert refused.status_code == 422
    assert "The service provider is named before e-invoices begin." in refused.text
    assert 'value="2027-02-01"' in refused.text


async def test_a_provider_is_chosen_and_let_go(staff: Staff) -> None:
    await staff.post("/settings/e-invoices/provider", provider="sandbox")
    assert "Now: sandbox" in (await staff.get("/settings/e-invoices")).text

    await staff.post("/settings/e-invoices/provider", provider="")

    assert "Use the sandbox" in (await staff.get("/settings/e-invoices")).text


async def test_a_viewer_looks_and_fetches_but_decides_nothing(staff: Staff) -> None:
    invoice = await an_issued_invoice(staff)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    assert (await viewer.get(f"/invoices/{invoice}/pdf")).content.startswith(b"%PDF")
    assert (await viewer.get("/settings/e-invoices")).status_code == 200
    for path, typed in (
        ("/settings/e-invoices/case", {"phase": "from_50m"}),
        ("/settings/e-invoices/case", {"phase": "nonsense"}),
        ("/settings/e-invoices/provider", {"provider": "sandbox"}),
        (
            "/settings/e-invoices",
            {"mandatory_from": "2027-01-01", "source": "a paper", "checked_on": "2026-11-18"},
        ),
    ):
        assert (await viewer.post(path, **typed)).status_code == 403
    async with staff.work() as work:
        assert await obligations(work) == []


async def test_another_firms_document_is_not_there(staff: Staff) -> None:
    invoice = await an_issued_invoice(staff)
    stranger = await sign_in(staff.house, await a_tenant(staff.house.office), AgentRole.OWNER)

    for path in ("pdf", "xml"):
        assert (await stranger.browser.get(f"/invoices/{invoice}/{path}")).status_code == 404
        assert (await stranger.browser.get(f"/credit-notes/{invoice}/{path}")).status_code == 404
