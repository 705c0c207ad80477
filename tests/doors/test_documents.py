"""Documents at the doors: pages, programs and commands give the same bytes, and nobody another firm's."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.issuing import issue_invoice
from bursar.tenancy.tables import tenants
from tests.makers.api import Program, a_program
from tests.makers.billing import a_draft, aed, an_overdue_invoice
from tests.makers.einvoices import BUYER, FIRM, a_taxed_line
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def an_issued_invoice(program: Program, **line: Any) -> UUID:
    async with program.work() as work:
        await work.db.execute(sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id).values(**FIRM))
        draft = await a_draft(work, of=await a_customer(work, **BUYER), lines=[a_taxed_line(**line)])
        await issue_invoice(work, draft)
    return draft


async def test_a_program_fetches_the_pdf_the_same_each_time(program: Program) -> None:
    invoice = await an_issued_invoice(program)

    first, second = [await program("GET", f"/invoices/{invoice}/pdf") for _ in range(2)]

    assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf")
    assert first.headers["content-disposition"] == 'attachment; filename="invoice-202611180001.pdf"'
    assert first.content.startswith(b"%PDF")
    assert first.content == second.content


async def test_a_program_fetches_a_credit_note_and_both_e_invoices(program: Program) -> None:
    invoice = await an_issued_invoice(program)
    async with program.work() as work:
        note = await issue_credit_note(work, invoice, aed(105_00), because="one day less")

    pdf = await program("GET", f"/credit-notes/{note.id}/pdf")
    xml = await program("GET", f"/credit-notes/{note.id}/xml")
    of_invoice = await program("GET", f"/invoices/{invoice}/xml")

    assert pdf.content.startswith(b"%PDF")
    assert b"<CreditNote xmlns" in xml.content
    assert b"urn:peppol:pint:billing-1@ae-1" in of_invoice.content
    assert of_invoice.headers["content-type"].startswith("application/xml")


async def test_an_e_invoice_that_would_be_refused_is_not_given_and_says_by_which_rules(
    program: Program,
) -> None:
    invoice = await an_issued_invoice(program, classification_code=None)

    answer = await program("GET", f"/invoices/{invoice}/xml")

    assert (answer.status_code, answer.json()["code"]) == (409, "einvoice_incomplete")
    assert "ibr-185-ae" in answer.json()["detail"]


async def test_a_draft_and_an_imported_invoice_have_no_document(program: Program) -> None:
    async with program.work() as work:
        invoices = [await a_draft(work), await an_overdue_invoice(work)]

    for invoice in invoices:
        answer = await program("GET", f"/invoices/{invoice}/pdf")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_document")


async def test_nobody_fetches_another_firms_document(program: Program) -> None:
    invoice = await an_issued_invoice(program)
    stranger = await a_program(program.house)

    for path in ("pdf", "xml"):
        assert (await stranger("GET", f"/invoices/{invoice}/{path}")).status_code == 404
        assert (await stranger("GET", f"/credit-notes/{invoice}/{path}")).status_code == 404
