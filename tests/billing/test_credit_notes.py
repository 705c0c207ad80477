"""Credit notes: by lines, by amount, over everything; of what is open and of what was paid."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.ageing import credit_of
from bursar.billing.credit_notes import CreditReason, cancel_invoice, issue_credit_note, left_of
from bursar.billing.crediting import Part
from bursar.billing.finding import get_invoice
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import issue_invoice
from bursar.billing.ledger import discrepancies
from bursar.billing.lines import Line
from bursar.billing.tables import credit_note_lines, credit_notes, exchange_rates
from bursar.core.errors import Invalid
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Office, Work
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, footprint, pay, told_of
from tests.makers.tenancy import a_customer, a_tenant


async def a_taxed_invoice(work: Work, *lines: Line, of: UUID | None = None, currency: str = "AED") -> UUID:
    """Three machines at 190.00 and a visit at 99.99, both with 5 %."""
    standard = (Line("Machine", aed(190_00), Decimal(3)), Line("Visit", aed(99_99), discount=aed(10_00)))
    customer = of or await a_customer(work)
    draft = await create_draft(work, Draft(customer, currency, lines or standard))
    await issue_invoice(work, draft)
    return draft


async def notes_of(work: Work, invoice: UUID) -> Any:
    found = sa.select(credit_notes).where(
        credit_notes.c.tenant_id == work.tenant_id, credit_notes.c.invoice_id == invoice
    )
    return (await work.db.execute(found.order_by(credit_notes.c.id))).all()


async def lines_of(work: Work, note: UUID) -> Any:
    found = sa.select(credit_note_lines).where(
        credit_note_lines.c.tenant_id == work.tenant_id, credit_note_lines.c.credit_note_id == note
    )
    return (await work.db.execute(found.order_by(credit_note_lines.c.position))).all()


@pytest.mark.anyio
class TestWhatItTakes:
    async def test_a_quantity_of_a_line_with_its_tax(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)

        note = await issue_credit_note(
            work,
            invoice,
            parts=[Part(1, Decimal(2))],
            because="two came back",
            reason_code=CreditReason.RETURNED,
        )

        assert (note.number, note.amount, note.tax) == ("CN-202611180001", aed(399_00), aed(19_00))
        [line] = await lines_of(work, note.id)
        assert (line.quantity, line.unit_price_minor, line.net_minor, line.tax_minor) == (
            2,
            190_00,
            380_00,
            19_00,
        )
        assert (line.description, line.tax_category) == ("Machine", "S")
        [stored] = await notes_of(work, invoice)
        assert (stored.reason_code, stored.reason) == ("DL8.61.1.D", "two came back")

    async def test_a_net_amount_of_a_line_is_one_piece(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)

        note = await issue_credit_note(work, invoice, parts=[Part(2, net=aed(30_00))], because="late")

        [line] = await lines_of(work, note.id)
        assert (line.quantity, line.unit_price_minor, line.net_minor, line.tax_minor) == (
            1,
            30_00,
            30_00,
            1_50,
        )

    async def test_an_amount_is_taken_from_every_line_in_proportion(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)

        note = await issue_credit_note(work, invoice, aed(69_29), because="late")

        taken = [(line.net_minor, line.tax_minor) for line in await lines_of(work, note.id)]
        assert sum(net + tax for net, tax in taken) == 69_29
        assert note.tax == aed(3_30)
        assert taken == [(56_99, 2_85), (9_00, 45)]

    async def test_all_that_is_left_takes_the_last_cent_of_tax(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)
        before = await get_invoice(work, invoice)

        for part in (aed(33), aed(100_01), None):
            await issue_credit_note(work, invoice, part, because="late")

        notes = await notes_of(work, invoice)
        assert sum(note.amount_minor for note in notes) == before.total.minor
        assert sum(note.tax_minor for note in notes) == before.tax.minor
        assert {(left.net, left.tax) for left in await left_of(work, invoice)} == {(0, 0)}
        assert (await get_invoice(work, invoice)).state == "cancelled"

    async def test_cancelling_takes_back_every_line_as_it_was(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)

        note = await cancel_invoice(work, invoice, because="duplicate")

        [stored] = await notes_of(work, invoice)
        assert (stored.reason_code, stored.amount_minor) == ("DL8.61.1.A", 692_99)
        machine, visit = await lines_of(work, note.id)
        assert (machine.quantity, machine.unit_price_minor, machine.net_minor) == (3, 190_00, 570_00)
        assert (visit.quantity, visit.unit_price_minor, visit.net_minor) == (1, 89_99, 89_99)

    async def test_all_at_once_keeps_quantities_and_prices(self, work: Work) -> None:
        note = await issue_credit_note(work, await a_taxed_invoice(work), because="late")
        machine, _ = await lines_of(work, note.id)
        assert (machine.quantity, machine.unit_price_minor) == (3, 190_00)

    @pytest.mark.parametrize(
        ("amount", "parts", "code"),
        [
            (aed(692_00), [], "credit_does_not_fit"),
            (aed(0), [], "credit_does_not_fit"),
            (Money(1, "USD"), [], "mixed_currencies"),
            (aed(1), [Part(1)], "amount_and_lines"),
            (None, [Part(1, Decimal(3))], "credit_does_not_fit"),
            (None, [Part(1, Decimal(0))], "credit_does_not_fit"),
            (None, [Part(2, net=aed(90_00))], "credit_does_not_fit"),
            (None, [Part(2, net=aed(-1))], "credit_does_not_fit"),
            (None, [Part(2, net=Money(1, "USD"))], "mixed_currencies"),
            (None, [Part(3)], "no_such_line"),
            (None, [Part(2), Part(2)], "named_twice"),
        ],
    )
    async def test_more_than_is_left_is_refused_and_nothing_written(
        self, work: Work, amount: Money | None, parts: list[Part], code: str
    ) -> None:
        invoice = await a_taxed_invoice(work)
        await issue_credit_note(work, invoice, parts=[Part(1, Decimal(1))], because="came back")
        before = await footprint(work)

        with pytest.raises((Invalid, MixedCurrencies)) as refused:
            await issue_credit_note(work, invoice, amount, parts=parts, because="late")

        assert refused.value.code == code
        assert await footprint(work) == before

    async def test_it_says_why(self, work: Work) -> None:
        invoice = await a_taxed_invoice(work)
        with pytest.raises(Invalid) as refused:
            await issue_credit_note(work, invoice, aed(1), because=" ")
        assert refused.value.code == "reason_missing"


@pytest.mark.anyio
class TestWhatBecomesOfTheInvoice:
    async def test_what_is_open_goes_before_what_was_paid(self, work: Work) -> None:
        customer = await a_customer(work)
        invoice = await an_invoice(work, of=customer)
        await pay(work, invoice, 40_00)

        note = await issue_credit_note(work, invoice, aed(75_00), because="late")

        told = await get_invoice(work, invoice)
        assert (told.state, told.balance, note.released) == ("paid", aed(0), aed(15_00))
        assert await credit_of(work, customer) == [aed(15_00)]
        assert await discrepancies(work) == []

    async def test_a_paid_invoice_gives_its_money_back_to_the_customer(self, work: Work) -> None:
        customer = await a_customer(work)
        invoice = await an_invoice(work, of=customer)
        await pay(work, invoice, 60_00)
        await pay(work, invoice, 40_00)

        await issue_credit_note(work, invoice, aed(50_00), because="late")

        told = await get_invoice(work, invoice)
        assert (told.state, told.balance, told.paid_on) == ("paid", aed(0), work.today)
        assert await credit_of(work, customer) == [aed(50_00)]
        assert (await told_of(work, invoice))[-1] == "invoice.credit_note"
        await issue_credit_note(work, invoice, because="all of it")
        assert await credit_of(work, customer) == [aed(100_00)]
        assert await discrepancies(work) == []

    async def test_the_journal_names_the_note(self, work: Work) -> None:
        note = await issue_credit_note(work, await an_invoice(work), aed(1), because="late")
        assert await told_of(work, note.id) == ["credit_note.issue"]


@pytest.mark.anyio
class TestWhatItCopies:
    async def test_parties_language_and_rate_are_the_invoices(self, work: Work) -> None:
        rate = {"currency": "USD", "on_date": work.today, "rate": Decimal("3.6725"), "source": "CBUAE"}
        await work.db.execute(sa.insert(exchange_rates).values(tenant_id=work.tenant_id, **rate))
        buyer = await a_customer(work, company_name="Atelier", locale="ar", tax_number="100765432100003")
        line = Line("Hosting", Money(1_000_10, "USD"))
        invoice = await a_taxed_invoice(work, line, of=buyer, currency="USD")

        await issue_credit_note(work, invoice, Money(6_04, "USD"), because="late")
        await issue_credit_note(work, invoice, because="late")

        first, last = await notes_of(work, invoice)
        assert (first.buyer["company_name"], first.seller["legal_name"]) == (
            "Atelier",
            "Working Title FZ-LLC",
        )
        assert (first.locale, first.exchange_rate) == ("ar", Decimal("3.6725"))
        assert (first.tax_minor, first.tax_local_minor) == (29, 1_07)
        assert last.tax_local_minor == 182_59  # what is left of 183.66; the rate alone would say 182.60

    async def test_what_was_imported_names_the_parties_of_today(self, work: Work) -> None:
        invoice = await an_overdue_invoice(work, of=await a_customer(work, company_name="Atelier"))
        await issue_credit_note(work, invoice, aed(10_00), because="late")
        [note] = await notes_of(work, invoice)
        assert (note.buyer["company_name"], note.tax_local_minor) == ("Atelier", None)

    async def test_its_number_follows_the_firms_strategy(self, office: Office) -> None:
        settings = {"billing": {"series": {"strategy": "yearly", "prefix": "HH-"}}}
        async with office.work(await a_tenant(office, settings=settings)) as work:
            note = await issue_credit_note(work, await an_invoice(work), aed(1), because="late")
        assert note.number == "CN-HH-2026-0001"


@pytest.mark.anyio
async def test_a_credit_note_may_come_days_later_and_never_before_the_last(
    office: Office, clock: Any
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        invoice = await an_invoice(work)
    clock.advance(timedelta(days=3))
    async with office.work(tenant) as work:
        assert (await issue_credit_note(work, invoice, aed(1), because="late")).number == "CN-202611210001"
