"""Whatever happens in whatever order, the balance is what the ledger says; and what is written stays."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.allocations import apply_credit, reverse_allocation
from bursar.billing.credit_notes import cancel_invoice, issue_credit_note
from bursar.billing.disputes import open_dispute
from bursar.billing.finding import get_invoice
from bursar.billing.issuing import issue_invoice
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.billing.tables import credit_notes, invoice_payments, invoices, payments
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import Refusal
from bursar.core.work import Office, Work
from bursar.outbox.states import SendState
from tests.makers.billing import a_draft, a_line, aed, an_invoice, pay
from tests.makers.outbox import a_send, a_subject, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

EVENTS = ("pay", "pay both", "credit", "cancel", "reverse payment", "reverse allocation", "apply credit")
STEPS = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(0, 1), st.integers(1, 70_00), st.integers(0, 9)),
    min_size=1,
    max_size=14,
)


async def ids_of(work: Work, table: sa.Table, customer: UUID) -> list[UUID]:
    mine = sa.select(table.c.id).where(
        table.c.tenant_id == work.tenant_id, table.c.customer_id == customer, table.c.amount_minor > 0
    )
    return list(await work.db.scalars(mine.order_by(table.c.id)))


async def step(
    work: Work, customer: UUID, both: list[UUID], event: str, which: int, minor: int, at: int
) -> None:
    """One act that may be refused; a refusal writes nothing."""
    match event:
        case "pay":
            await pay(work, both[which], minor)
        case "pay both":
            await record_payment(
                work, NewPayment(aed(minor * 2), work.today, allocate_to=[(one, None) for one in both])
            )
        case "credit":
            await issue_credit_note(work, both[which], aed(minor), because="late")
        case "cancel":
            await cancel_invoice(work, both[which], because="duplicate")
        case "reverse payment" if found := await ids_of(work, payments, customer):
            await reverse_payment(work, found[at % len(found)], because="bounced")
        case "reverse allocation" if found := await ids_of(work, invoice_payments, customer):
            await reverse_allocation(work, found[at % len(found)], because="mistaken")
        case "apply credit":
            await apply_credit(work, both[which])


async def total(work: Work, table: sa.Table, customer: UUID) -> int:
    amounts = sa.select(sa.func.coalesce(sa.func.sum(table.c.amount_minor), 0)).where(
        table.c.tenant_id == work.tenant_id, table.c.customer_id == customer
    )
    return int((await work.db.execute(amounts)).scalar_one())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_money_is_neither_made_nor_lost(work: Work, steps: list[tuple[str, int, int, int]]) -> None:
    customer = await a_customer(work)
    both = [await an_invoice(work, of=customer) for _ in range(2)]

    for event, which, minor, at in steps:
        try:
            await step(work, customer, both, event, which, minor, at)
        except Refusal:
            continue

    assert await ledger.discrepancies(work) == []
    found = [await get_invoice(work, one) for one in both]
    credit = sum(money.minor for money in await credit_of(work, customer))
    received = await total(work, payments, customer)
    allocated = await total(work, invoice_payments, customer)
    credited = await total(work, credit_notes, customer)
    assert received == allocated + credit
    assert credit >= 0
    assert sum(one.balance.minor for one in found) + allocated + credited == 200_00
    for one in found:
        assert (one.state in ("paid", "cancelled")) == (not one.balance)
        assert (one.paid_on is not None) == (one.state == "paid")


async def test_the_taxes_of_partial_credits_add_up_to_the_invoices(work: Work) -> None:
    line = a_line(100_01, tax_category=TaxCategory.STANDARD, tax_rate=Decimal(5))
    invoice = await a_draft(work, lines=[line])
    await issue_invoice(work, invoice)
    for minor in (33_33, 33_33, 38_35):
        await issue_credit_note(work, invoice, aed(minor), because="late")

    taxes = sa.select(credit_notes.c.tax_minor).where(credit_notes.c.tenant_id == work.tenant_id)
    assert sum(await work.db.scalars(taxes)) == 5_00
    assert (await get_invoice(work, invoice)).state == "cancelled"
    assert await ledger.discrepancies(work) == []


@pytest.mark.parametrize(
    "statement",
    [
        "update invoices set total_minor = 1, subtotal_minor = 1, balance_minor = 1",
        "update invoices set number = '1'",
        "update invoices set due_date = due_date + 1",
        "update invoices set buyer = '{}'",
        "update invoices set balance_minor = total_minor + 1",
        "update invoices set balance_minor = -1",
        "update invoices set state = 'paid'",
        "delete from invoices",
        "update invoice_lines set description = 'other'",
        "delete from invoice_lines",
        "update payments set amount_minor = 1",
        "delete from payments",
        "update invoice_payments set amount_minor = 1",
        "delete from invoice_payments",
        "update credit_notes set amount_minor = 1",
        "delete from credit_notes",
    ],
)
async def test_the_database_refuses_to_change_what_was_issued_or_received(work: Work, statement: str) -> None:
    await pay(work, await an_invoice(work), 10_00)
    await an_invoice(work, state=InvoiceState.CANCELLED)

    with pytest.raises(DBAPIError):
        await work.db.execute(sa.text(statement))


async def test_an_issued_invoice_gets_no_further_line(office: Office) -> None:
    async with office.work(await a_tenant(office)) as work:
        invoice, tenant = await an_invoice(work), work.tenant_id
    later = sa.text(
        "insert into invoice_lines (tenant_id, invoice_id, customer_id, position, description, quantity,"
        " unit_price_minor, tax_category, tax_rate, net_minor, tax_minor)"
        " select tenant_id, id, customer_id, 9, 'x', 1, 1, 'S', 5, 1, 0 from invoices where id = :id"
    )
    with pytest.raises(DBAPIError, match="lines of an issued invoice do not change"):
        async with office.work(tenant) as work:
            await work.db.execute(later, {"id": invoice})


async def quieten(work: Work, how: str, invoice: UUID) -> None:
    match how:
        case "paid":
            await pay(work, invoice, 100_00)
        case "credited":
            await cancel_invoice(work, invoice, because="duplicate")
        case "promise":
            await make_promise(work, invoice, promised_for=work.today)
        case "dispute":
            await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn")


@pytest.mark.parametrize("reason", ["paid", "credited", "promise", "dispute"])
async def test_what_is_settled_or_quiet_leaves_queued_sends_and_an_empty_one_is_not_sent(
    work: Work, reason: str
) -> None:
    customer = await a_customer(work)
    first, second = [await an_invoice(work, of=customer) for _ in range(2)]
    send: Any = await a_send(work, customer_id=customer)
    for invoice in (first, second):
        await a_subject(work, send, subject_id=invoice, customer_id=customer)

    await quieten(work, reason, first)
    assert (await the_send(work, send)).state == SendState.QUEUED

    await quieten(work, reason, second)
    found = await the_send(work, send)
    assert (found.state, found.reason) == (SendState.SUPPRESSED, reason)


async def test_the_ledger_check_finds_what_is_wrong(work: Work) -> None:
    invoice = await an_invoice(work)
    await work.db.execute(
        sa.update(invoices)
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
        .values(balance_minor=1)
    )
    assert await ledger.discrepancies(work) == [ledger.Discrepancy(invoice, 1, 100_00)]
