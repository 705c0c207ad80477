"""Sheets of past invoices: what was paid and when, and what other programs call an invoice's state."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.billing.tables import invoices, payments
from bursar.core.work import Office
from bursar.tenancy.tables import customers
from tests.makers.sheets import CLERK, a_desk, an_invoice_row, bring, count, csv_of, invoices_csv

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def the_invoices(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        found = sa.select(invoices).where(invoices.c.tenant_id == tenant).order_by(invoices.c.number)
        return (await work.db.execute(found)).all()


REFUSED = {
    "paid, and nobody knows when": ({"Status": "PAID"}, "balance", "Say on which day it was paid"),
    "paid tomorrow": ({"Paid on": "2026-11-19"}, "paid_on", "in the future"),
    "paid in part without an amount": (
        {"Paid on": "2026-11-01", "Paid": "0"},
        "paid_on",
        "nothing of it was",
    ),
    "a draft": ({"Status": "DRAFT"}, "status", "A draft is no invoice yet"),
    "a cancelled one": ({"Status": "CANCELLED"}, "status", "was taken back"),
    "a refunded one": ({"Status": "REFUNDED"}, "status", "was taken back"),
    "paid and open": (
        {"Status": "PAID", "Open amount": "50.00", "Paid on": "2026-11-01"},
        "status",
        "something of it is open",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_row_whose_past_cannot_be_is_refused_with_its_field_and_changes_nothing(office, case):
    change, field, reason = REFUSED[case]
    desk, tenant = await a_desk(office)

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**change)))

    [row] = report.rows
    assert (row.outcome, row.field) == ("refused", field)
    assert reason in row.reason
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, invoices) == await count(work, customers) == 0


async def test_the_years_of_another_program_come_in_with_what_was_paid_and_when(office):
    """Its users by name, its states in capitals, its columns as a program writes them."""
    desk, tenant = await a_desk(office)
    header = (
        "invoiceNumber",
        "name",
        "email",
        "totalAmount",
        "amountPaid",
        "status",
        "issuedDate",
        "dueDate",
        "paidDate",
    )
    data = csv_of(
        header,
        ("2025110101", "Omar Farouk", "omar@mine.example", "1,900.00", "", "PAID", "2025-11-01", "2025-11-15", "2025-11-12"),
        ("2025120101", "Omar Farouk", "omar@mine.example", "1,900.00", "900.00", "OVERDUE", "2025-12-01", "2025-12-15", "2025-12-20"),
        ("2026010101", "Omar Farouk", "omar@mine.example", "1,900.00", "", "ISSUED", "2026-01-01", "2026-01-15", ""),
    )  # fmt: skip

    first = await bring(desk, tenant, "invoices", data)
    again = await bring(desk, tenant, "invoices", data)

    assert (first.created, again.unchanged) == (3, 3)
    found = [
        (one.number, one.state, one.balance_minor, one.paid_on) for one in await the_invoices(desk, tenant)
    ]
    assert found == [
        ("2025110101", "paid", 0, date(2025, 11, 12)),
        ("2025120101", "issued", 1_000_00, None),
        ("2026010101", "issued", 1_900_00, None),
    ]
    async with desk.work(tenant, CLERK) as work:
        days = sa.select(payments.c.received_on).where(payments.c.tenant_id == tenant)
        assert set(await work.db.scalars(days)) == {date(2025, 11, 12), date(2025, 12, 20)}
