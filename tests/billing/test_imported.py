"""Invoices of another program: their numbers, what was paid before, and the same sheet again."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.billing import ledger
from bursar.billing.aged import aged_report, credit_at
from bursar.billing.ageing import credit_of
from bursar.billing.finding import get_invoice, lines_of
from bursar.billing.imported import Imported, ImportedInvoice, add_imported, plan_imported
from bursar.billing.receipts import list_payments
from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoice_payments, payments
from bursar.core.errors import NotAllowed
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import Money
from bursar.core.work import Actor, Work
from bursar.tenancy.states import RowOutcome
from tests.makers.billing import aed, footprint, pay, statements, told_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


def row(work: Work, **given: Any) -> ImportedInvoice:
    facts = {
        "number": "POP-17",
        "customer_id": None,
        "total": aed(100_00),
        "balance": aed(100_00),
        "issue_date": work.today - timedelta(days=60),
        "due_date": work.today - timedelta(days=30),
    }
    return ImportedInvoice(**{**facts, **given})


async def take_in(work: Work, *given: ImportedInvoice) -> list[Imported]:
    return await add_imported(work, "sheet", given)


async def test_an_open_invoice_comes_in_issued_with_its_own_number(work: Work) -> None:
    customer = await a_customer(work)

    [answer] = await take_in(work, row(work, customer_id=customer, description="Autumn"))

    assert answer.outcome is RowOutcome.CREATED
    assert answer.id
    found = await get_invoice(work, answer.id)
    assert (found.series, found.number, found.state, found.status) == (
        "import:sheet",
        "POP-17",
        InvoiceState.ISSUED,
        "overdue",
    )
    [line] = await lines_of(work, answer.id)
    assert (line["description"], line["net_minor"], line["tax_category"]) == ("Autumn", 100_00, "O")
    assert await told_of(work, answer.id) == ["invoice.issued"]


async def test_what_was_paid_before_is_in_the_ledger_and_not_in_this_month(work: Work) -> None:
    customer = await a_customer(work)

    [answer] = await take_in(work, row(work, customer_id=customer, balance=aed(30_00)))

    assert answer.id
    found = await get_invoice(work, answer.id)
    assert (found.balance, found.total) == (aed(30_00), aed(100_00))
    opening = (await work.db.execute(sa.select(payments).where(payments.c.tenant_id == work.tenant_id))).one()
    assert (opening.amount_minor, opening.source, opening.reference) == (70_00, "import", "opening balance")
    assert opening.received_on == found.issue_date
    assert await credit_of(work, customer) == []
    assert await ledger.discrepancies(work) == []


async def test_a_paid_one_comes_in_as_history_with_its_payment_on_its_day(work: Work) -> None:
    customer, day = await a_customer(work), work.today - timedelta(days=20)

    [answer] = await take_in(work, row(work, customer_id=customer, balance=aed(0), paid_on=day))

    assert answer.id
    found = await get_invoice(work, answer.id)
    assert (found.state, found.status, found.balance, found.paid_on) == ("paid", "paid", aed(0), day)
    [paid] = await list_payments(work, invoice_id=answer.id)
    assert (paid.amount, paid.received_on, paid.source) == (aed(100_00), day, "import")
    assert await told_of(work, answer.id) == ["invoice.paid"]
    assert work.happened == []  # nobody is thanked, nobody is told: it was long ago
    assert await ledger.discrepancies(work) == []
    for as_of, open_then in ((day - timedelta(days=1), 100_00), (day, 0)):
        report = await aged_report(work, as_of)
        assert sum(aged.total.minor for aged in report.totals.values()) == open_then


async def test_one_paid_in_advance_counts_from_its_issue_and_one_paid_in_part_from_its_day(
    work: Work,
) -> None:
    customer, issued = await a_customer(work), work.today - timedelta(days=60)
    early, late = issued - timedelta(days=5), issued + timedelta(days=7)

    await take_in(
        work,
        row(work, customer_id=customer, balance=aed(0), paid_on=early),
        row(work, customer_id=customer, number="POP-18", balance=aed(40_00), paid_on=late),
    )

    assert await ledger.discrepancies(work) == []
    assert {one.received_on for one in await list_payments(work)} == {early, late}
    applied = sa.select(invoice_payments.c.applied_on).where(invoice_payments.c.tenant_id == work.tenant_id)
    assert set(await work.db.scalars(applied)) == {issued, late}
    assert await credit_at(work, customer, early) == {"AED": aed(100_00)}


async def test_an_open_one_that_the_next_sheet_calls_paid_is_paid_on_the_day_it_says(work: Work) -> None:
    customer, day = await a_customer(work), work.today - timedelta(days=3)
    await take_in(work, row(work, customer_id=customer))
    given = row(work, customer_id=customer, balance=aed(0), paid_on=day)

    [answer] = await take_in(work, given)
    [again] = await take_in(work, given)

    assert (answer.outcome, again.outcome) == (RowOutcome.UPDATED, RowOutcome.UNCHANGED)
    assert answer.id
    assert (await get_invoice(work, answer.id)).paid_on == day


async def test_the_same_sheet_again_changes_nothing(work: Work) -> None:
    customer = await a_customer(work)
    given = (
        row(work, customer_id=customer, balance=aed(30_00)),
        row(work, customer_id=customer, number="POP-18", balance=aed(0), paid_on=work.today),
    )
    first = await take_in(work, *given)
    before = await footprint(work)

    again = await take_in(work, *given)

    assert [one.outcome for one in again] == [RowOutcome.UNCHANGED] * 2
    assert [one.id for one in again] == [one.id for one in first]
    assert await footprint(work) == before


async def test_a_sheet_that_has_less_open_tells_of_a_payment(work: Work) -> None:
    customer = await a_customer(work)
    [first] = await take_in(work, row(work, customer_id=customer))

    [again] = await take_in(work, row(work, customer_id=customer, balance=aed(40_00)))

    assert (again.outcome, again.id, again.paid) == (RowOutcome.UPDATED, first.id, aed(60_00))
    assert first.id
    assert (await get_invoice(work, first.id)).balance == aed(40_00)
    assert await ledger.discrepancies(work) == []


async def test_a_sheet_that_does_not_know_of_a_payment_yet_changes_nothing(work: Work) -> None:
    given = row(work, customer_id=await a_customer(work))
    [first] = await take_in(work, given)
    assert first.id
    for minor in (40_00, 60_00):
        await pay(work, first.id, minor)
        [again] = await take_in(work, given)
        assert again.outcome is RowOutcome.UNCHANGED


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no number": ({"number": " "}, "number_missing"),
    "no total": ({"total": aed(0), "balance": aed(0)}, "total_not_positive"),
    "nothing open, nobody knows since when": ({"balance": aed(0)}, "nothing_open"),
    "paid tomorrow": ({"balance": aed(0), "paid": 1}, "paid_on_in_future"),
    "a day of payment and nothing paid": ({"paid": 0}, "nothing_paid"),
    "more open than the total": ({"balance": aed(100_01)}, "balance_does_not_fit"),
    "less than nothing open": ({"balance": aed(-1)}, "balance_does_not_fit"),
    "two currencies": ({"balance": Money(1, "USD")}, "mixed_currencies"),
    "issued tomorrow": ({"days": 1}, "issue_date_in_future"),
    "due before issue": ({"due": -61}, "due_before_issue"),
}


@pytest.mark.parametrize("given", REFUSALS)
async def test_a_row_that_cannot_be_taken_in_leaves_the_others_alone(work: Work, given: str) -> None:
    facts, code = dict(REFUSALS[given][0]), REFUSALS[given][1]
    if "days" in facts:
        facts["issue_date"] = work.today + timedelta(days=facts.pop("days"))
    if "due" in facts:
        facts["due_date"] = work.today + timedelta(days=facts.pop("due"))
    if "paid" in facts:
        facts["paid_on"] = work.today + timedelta(days=facts.pop("paid"))
    customer = await a_customer(work)

    bad, good = await take_in(
        work, row(work, customer_id=customer, **facts), row(work, customer_id=customer, number="POP-18")
    )

    assert bad.refusal
    assert (bad.outcome, bad.refusal.code) == (RowOutcome.REFUSED, code)
    assert good.outcome is RowOutcome.CREATED


async def test_a_number_twice_in_a_sheet_and_an_unknown_customer_are_refused(work: Work) -> None:
    customer = await a_customer(work)

    answers = await take_in(
        work, row(work, customer_id=customer), row(work, customer_id=customer), row(work, number="POP-19")
    )

    codes = [answer.refusal and answer.refusal.code for answer in answers]
    assert codes == [None, "duplicate_number", "not_found"]


async def test_an_invoice_that_is_here_with_other_facts_is_refused(work: Work) -> None:
    customer = await a_customer(work)
    await take_in(work, row(work, customer_id=customer))

    for other in ({"total": aed(101_00)}, {"due_date": work.today}, {"customer_id": await a_customer(work)}):
        [answer] = await take_in(work, row(work, **{"customer_id": customer, **other}))
        assert answer.refusal
        assert answer.refusal.code == "invoice_differs"


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(work: Work) -> None:
    customer = await a_customer(work)
    await take_in(work, row(work, customer_id=customer))
    before = await footprint(work)

    planned = await plan_imported(
        work,
        "sheet",
        [
            row(work, customer_id=customer),
            row(work, number="POP-18"),
            row(work, number="POP-19", balance=aed(0)),
        ],
    )

    assert [one.outcome for one in planned] == ["unchanged", "created", "refused"]
    assert await footprint(work) == before


async def test_two_sources_may_use_the_same_numbers(work: Work) -> None:
    customer = await a_customer(work)
    for source in ("sheet", "old books"):
        [answer] = await add_imported(work, source, [row(work, customer_id=customer)])
        assert answer.outcome is RowOutcome.CREATED


async def test_a_viewer_takes_nothing_in(work: Work) -> None:
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    with pytest.raises(NotAllowed):
        await take_in(work, row(work))


async def test_a_thousand_invoices_come_in_with_the_statements_of_two(work: Work) -> None:
    customers = [await a_customer(work) for _ in range(5)]

    async def sent_for(name: str, count: int) -> int:
        given = [
            row(work, number=f"{name}-{at}", customer_id=customers[at % 5], balance=aed(100_00 - at % 2))
            for at in range(count)
        ]
        with statements(work) as sent:
            answers = await take_in(work, *given)
        assert {answer.outcome for answer in answers} == {RowOutcome.CREATED}
        return len(sent)

    assert await sent_for("few", 2) == await sent_for("many", 1_000)
    assert await ledger.discrepancies(work) == []
