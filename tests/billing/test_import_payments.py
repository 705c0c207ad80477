"""Sheets of payments: which invoice they pay, what is over, and that no payment is taken twice."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.billing.imported import ImportedInvoice, add_imported
from bursar.billing.queries import money
from bursar.billing.tables import invoices, payments
from bursar.core.money import Money
from bursar.core.work import Office
from tests.conftest import NOW
from tests.makers.sheets import CLERK, a_desk, an_invoice_row, bring, count, csv_of, invoices_csv, told
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio

HEADER = ("Invoice number", "Amount", "Payment date", "Reference")
ROW = ("A-1", "50.00", "2026-11-01", "TT 1")


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own: a database for each of these tests would cost more than they."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def a_desk_with_invoices(office, *numbers):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "invoices", invoices_csv(*(an_invoice_row(number) for number in numbers)))
    return desk, tenant


async def balances(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        assert not (await work.db.execute(money.out_of_balance(work))).all()
        found = await work.db.execute(
            sa.select(invoices.c.number, invoices.c.balance_minor)
            .where(invoices.c.tenant_id == tenant)
            .order_by(invoices.c.number)
        )
        return dict(found.all())


async def test_payments_lower_what_is_open_once_however_often_they_are_imported(office):
    desk, tenant = await a_desk_with_invoices(office, "A-1", "A-2")
    data = csv_of(HEADER, ROW, ["A-2", "1,050.00", "2026-11-01", ""], ["A-1", "٥٠٫٠٠", "2026-11-01", "TT 2"])

    dry = await bring(desk, tenant, "payments", data, apply=False)
    assert (dry.created, await balances(desk, tenant)) == (3, {"A-1": 1050_00, "A-2": 1050_00})

    assert (await bring(desk, tenant, "payments", data)).created == 3
    again = await bring(desk, tenant, "payments", data)

    assert (again.created, again.unchanged) == (0, 3)
    assert await balances(desk, tenant) == {"A-1": 950_00, "A-2": 0}


async def test_what_is_paid_too_much_is_the_customers_credit_and_said_so(office):
    desk, tenant = await a_desk_with_invoices(office, "A-1")
    data = csv_of(HEADER, ["A-1", "1,000.00", "2026-11-01", "a"], ["A-1", "100.00", "2026-11-02", "b"])

    dry = await bring(desk, tenant, "payments", data, apply=False)
    done = await bring(desk, tenant, "payments", data)

    assert dry.rows[1].reason == done.rows[1].reason
    assert done.rows[1].reason == "AED 50.00 is more than was open: kept as the customer's credit."
    assert await balances(desk, tenant) == {"A-1": 0}


REFUSED = {
    "an unknown invoice": ({"Invoice number": "Z-9"}, "invoice_number", "no invoice Z-9"),
    "no invoice": ({"Invoice number": ""}, "invoice_number", "Give the number"),
    "no amount": ({"Amount": ""}, "amount", "Give the amount"),
    "nothing": ({"Amount": "0"}, "amount", "more than zero"),
    "less than nothing": ({"Amount": "(5.00)"}, "amount", "more than zero"),
    "another currency": ({"Currency": "EUR"}, "currency", "in EUR and the invoice in AED"),
    "tomorrow": ({"Payment date": "2026-11-19"}, "received_on", "in the future"),
    "no day": ({"Payment date": ""}, "received_on", "Give the day"),
    "no such day": ({"Payment date": "30/02/2026"}, "received_on", "no day 30"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_payment_that_cannot_be_is_refused_with_its_field_and_changes_nothing(office, case):
    change, field, reason = REFUSED[case]
    desk, tenant = await a_desk_with_invoices(office, "A-1")
    row = {**dict(zip(HEADER, ROW, strict=True)), **change}

    [told_row] = (await bring(desk, tenant, "payments", csv_of(list(row), list(row.values())))).rows

    assert (told_row.number, told_row.outcome, told_row.field) == (2, "refused", field)
    assert reason in told_row.reason
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, payments) == 0


async def test_two_rows_of_one_payment_are_one_unless_their_ids_differ(office):
    desk, tenant = await a_desk_with_invoices(office, "A-1")
    header = (*HEADER, "Payment ID")

    report = await bring(
        desk,
        tenant,
        "payments",
        csv_of(
            header,
            [*ROW, "P1"],
            [*ROW, "P2"],
            [*ROW, "P1"],
            [*ROW, ""],
            ["A-1", "50", "2026-11-01", "TT 1", ""],
        ),
    )

    assert told(report) == [(2, "created"), (3, "created"), (4, "refused"), (5, "created"), (6, "refused")]
    assert "Row 6 repeats the payment of row 5" in report.rows[4].reason


async def test_an_id_that_came_before_with_another_amount_is_refused(office):
    desk, tenant = await a_desk_with_invoices(office, "A-1")
    header = (*HEADER, "Payment ID")
    await bring(desk, tenant, "payments", csv_of(header, [*ROW, "P1"]))

    report = await bring(
        desk, tenant, "payments", csv_of(header, ["A-1", "51.00", "2026-11-01", "TT 1", "P1"])
    )

    assert told(report) == [(2, "refused")]
    assert report.rows[0].field == "external_id"


async def test_a_number_that_two_series_hold_is_refused_with_both(office):
    desk, tenant = await a_desk_with_invoices(office, "A-1")
    async with desk.work(tenant, CLERK) as work:
        amount = Money(5_00, "AED")
        day = NOW.date()
        other = ImportedInvoice("A-1", await a_customer(work), amount, amount, day, day)
        await add_imported(work, "books", [other])

    [row] = (await bring(desk, tenant, "payments", csv_of(HEADER, ROW))).rows

    assert row.outcome == "refused"
    assert "import:books" in row.reason
    assert "import:sheet" in row.reason
