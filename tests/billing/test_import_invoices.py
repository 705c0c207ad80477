"""Sheets of invoices: what is taken, what is refused and why, and what a second time does."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.billing.queries import money
from bursar.billing.tables import invoices, payments
from bursar.core.work import Office
from bursar.tenancy.tables import customers
from tests.makers.billing import an_invoice
from tests.makers.sheets import (
    CLERK,
    a_desk,
    a_season,
    an_invoice_row,
    bring,
    count,
    csv_of,
    invoices_csv,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own: a database for each of these tests would cost more than they."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def test_a_season_of_420_invoices_becomes_60_customers_and_the_same_money(office):
    desk, tenant = await a_desk(office)
    data, fils = a_season()

    dry = await bring(desk, tenant, "invoices", data, apply=False)
    assert (dry.created, dry.refused, dry.state) == (420, 0, "ready")
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customers) == await count(work, invoices) == 0

    report = await bring(desk, tenant, "invoices", data)

    assert (report.created, report.updated, report.unchanged, report.refused) == (420, 0, 0, 0)
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customers) == 60
        assert (await work.db.execute(sa.select(sa.func.sum(invoices.c.balance_minor)))).scalar_one() == fils
        locales = sa.select(customers.c.locale, sa.func.count()).group_by(customers.c.locale)
        assert dict((await work.db.execute(locales)).all()) == {"ar": 30, "en": 30}


async def test_the_same_file_a_second_time_changes_nothing(office):
    desk, tenant = await a_desk(office)
    data, _ = a_season(40, 8)
    await bring(desk, tenant, "invoices", data)

    again = await bring(desk, tenant, "invoices", data)

    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 40, 0)
    async with desk.work(tenant, CLERK) as work:
        assert (await count(work, customers), await count(work, invoices)) == (8, 40)


async def the_invoices(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        found = await work.db.execute(
            sa.select(invoices).where(invoices.c.tenant_id == tenant).order_by(invoices.c.number)
        )
        return found.all()


REFUSED = {
    "no number": ({"Invoice number": ""}, "number", "Give the invoice's number"),
    "no customer": ({"Customer name": "", "E-mail": ""}, "customer_name", "Give the customer's code"),
    "no amount": ({"Total": ""}, "total", "Give the invoice's amount"),
    "zero": ({"Total": "0.00"}, "total", "more than zero"),
    "negative": ({"Total": "-5.00"}, "total", "more than zero"),
    "a word": ({"Total": "much"}, "total", "is not an amount"),
    "too precise": ({"Total": "1.005"}, "total", "more decimals"),
    "unknown currency": ({"Currency": "XXQ"}, "currency", "not a currency"),
    "a sign against the currency": ({"Total": "€5.00", "Currency": "AED"}, "total", "says €"),
    "no such day": ({"Due date": "31/02/2026"}, "due_date", "no day 31"),
    "no dates": ({"Due date": "", "Issue date": ""}, "due_date", "Give the due date"),
    "due before issue": ({"Due date": "2026-09-01"}, "due_date", "before the issue date"),
    "issued tomorrow": (
        {"Issue date": "2026-11-19", "Due date": "2026-12-19"},
        "issue_date",
        "in the future",
    ),
    "a formula": ({"Customer name": "=1+1"}, "customer_name", "as a formula does"),
    "two addresses": ({"E-mail": "a@x.example, b@x.example"}, "email", "exactly one"),
    "a line break in the address": ({"E-mail": "a@x.example\nBcc: b@x.example"}, "email", "one line"),
    "a very long name": ({"Customer name": "x" * 5000}, "customer_name", "more than 200 characters"),
    "more open than the total": ({"Open amount": "2,000.00"}, "balance", "No more than"),
    "amounts that do not add up": ({"Open amount": "50.00", "Paid": "60.00"}, "balance", "do not add up"),
    "nothing open": ({"Open amount": "0.00"}, "balance", "Say on which day it was paid"),
    "an address that nobody has": ({"Customer name": ""}, "customer", "no such customer"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_row_that_cannot_be_used_is_refused_with_its_field_and_changes_nothing(office, case):
    change, field, reason = REFUSED[case]
    desk, tenant = await a_desk(office)

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**change)))

    [row] = report.rows
    assert (row.number, row.outcome, row.field) == (2, "refused", field)
    assert reason in row.reason
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, invoices) == await count(work, customers) == 0


async def test_a_number_that_stands_twice_with_other_facts_is_refused_in_both_rows(office):
    desk, tenant = await a_desk(office)
    data = invoices_csv(an_invoice_row("A-1"), an_invoice_row("A-2"), an_invoice_row("A-1", Total="7.00"))

    report = await bring(desk, tenant, "invoices", data)

    assert told(report) == [(2, "refused"), (3, "created"), (4, "refused")]
    assert "stands in rows 2, 4 with different facts" in report.rows[0].reason


async def test_a_row_that_repeats_another_is_refused_and_the_first_one_counts(office):
    desk, tenant = await a_desk(office)

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(), an_invoice_row()))

    assert told(report) == [(2, "created"), (3, "refused")]
    assert "Row 3 repeats invoice A-1 of row 2" in report.rows[1].reason


@pytest.mark.parametrize(
    "change", [{"Total": "2,000.00"}, {"Customer name": "Somebody Else"}, {"Due date": "2026-12-01"}]
)
async def test_a_number_that_is_here_with_other_facts_is_refused(office, change):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row()))

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**change)))

    assert told(report) == [(2, "refused")]
    assert "here already with other facts" in report.rows[0].reason
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customers) == 1


async def test_a_number_of_our_own_series_is_refused_by_the_name_of_its_series(office):
    desk, tenant = await a_desk(office)
    async with desk.work(tenant, CLERK) as work:
        await an_invoice(work)
    [ours] = await the_invoices(desk, tenant)

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(ours.number)))

    assert told(report) == [(2, "refused")]
    assert "series invoice" in report.rows[0].reason


async def test_a_lower_open_amount_later_is_recorded_as_a_payment_once(office):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**{"Open amount": "1,050.00"})))
    part = invoices_csv(an_invoice_row(**{"Open amount": "50.00"}))
    whole = invoices_csv(an_invoice_row(**{"Open amount": "0"}))

    report = await bring(desk, tenant, "invoices", part)
    assert told(report) == [(2, "updated")]
    assert "AED 1000.00 less is open than here" in report.rows[0].reason
    assert told(await bring(desk, tenant, "invoices", part)) == [(2, "unchanged")]
    assert told(await bring(desk, tenant, "invoices", whole)) == [(2, "updated")]

    [invoice] = await the_invoices(desk, tenant)
    assert (invoice.state, invoice.balance_minor) == ("paid", 0)
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, payments) == 2


async def test_an_invoice_that_was_partly_paid_elsewhere_comes_with_its_ledger_in_balance(office):
    desk, tenant = await a_desk(office)

    await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(Paid="1,000.00")))

    [invoice] = await the_invoices(desk, tenant)
    assert (invoice.total_minor, invoice.balance_minor, invoice.state) == (1050_00, 50_00, "issued")
    async with desk.work(tenant, CLERK) as work:
        assert not (await work.db.execute(money.out_of_balance(work))).all()


async def test_a_missing_date_follows_from_the_other_and_stays_so(office, clock):
    desk, tenant = await a_desk(office)
    data = invoices_csv(
        an_invoice_row("A-1", **{"Due date": ""}),
        an_invoice_row("A-2", **{"Issue date": ""}),
        an_invoice_row("A-3", **{"Issue date": "", "Due date": "2027-03-01"}),
    )
    await bring(desk, tenant, "invoices", data)

    days = [
        (row.issue_date.isoformat(), row.due_date.isoformat()) for row in await the_invoices(desk, tenant)
    ]
    assert days == [("2026-10-01", "2026-10-31"), ("2026-10-01", "2026-10-31"), ("2026-11-18", "2027-03-01")]
    clock.advance(timedelta(days=9))
    assert (await bring(desk, tenant, "invoices", data)).unchanged == 3


async def test_what_is_known_of_a_customer_stays_and_what_is_blank_is_filled(office):
    desk, tenant = await a_desk(office)
    header = ("Customer code", "Name", "E-mail")
    await bring(desk, tenant, "customers", csv_of(header, ["C1", "Mona", "mona@x.example"]))
    row = an_invoice_row(**{"Customer code": "C1", "Phone": "0501234567"})

    report = await bring(desk, tenant, "invoices", invoices_csv(row))

    assert "full_name, email differs" in report.rows[0].reason
    async with desk.work(tenant, CLERK) as work:
        [customer] = (
            await work.db.execute(sa.select(customers).where(customers.c.tenant_id == tenant))
        ).all()
    assert (customer.full_name, customer.email, customer.phone) == ("Mona", "mona@x.example", "+971501234567")


async def test_a_customer_without_an_address_gets_one_from_a_later_sheet(office):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**{"E-mail": ""})))

    report = await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row()))

    assert told(report) == [(2, "updated")]
    async with desk.work(tenant, CLERK) as work:
        [customer] = (
            await work.db.execute(sa.select(customers).where(customers.c.tenant_id == tenant))
        ).all()
    assert customer.email == "pay@harbour.example"


@pytest.mark.parametrize(
    ("change", "currency", "minor"),
    [
        ({"Total": "1.050,00 €"}, "EUR", 1050_00),
        ({"Total": "KD 1,050.125"}, "KWD", 1050_125),
        ({"Total": "١٬٠٥٠٫٠٠"}, "AED", 1050_00),
        ({"Total": "1,050.00", "Currency": "Dhs"}, "AED", 1050_00),
    ],
)
async def test_the_currency_comes_from_its_column_or_the_sign_or_the_firm(office, change, currency, minor):
    desk, tenant = await a_desk(office)

    await bring(desk, tenant, "invoices", invoices_csv(an_invoice_row(**change)))

    [invoice] = await the_invoices(desk, tenant)
    assert (invoice.currency, invoice.total_minor) == (currency, minor)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Invoice number": st.sampled_from(["A-1", "A-2", "A-3", ""]),
            "Customer name": st.sampled_from(["Harbour", "دار الفنون", "Marina LLC"]),
            "E-mail": st.sampled_from(["", "a@x.example", "b@x.example"]),
            "Issue date": st.sampled_from(["2026-10-01", "01/10/2026", "٢٠٢٦-١٠-٠١", ""]),
            "Due date": st.sampled_from(["2026-10-31", "31/02/2026", "2026-09-01"]),
            "Total": st.sampled_from(["100.00", "1,050.00", "٥٠٫٥٠", "0", "-1"]),
            "Open amount": st.sampled_from(["", "50.00", "0"]),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
async def test_whatever_the_sheet_the_dry_run_tells_what_applying_does_and_the_money_adds_up(office, rows):
    desk, tenant = await a_desk(office)
    data = invoices_csv(*rows)

    dry = await bring(desk, tenant, "invoices", data, apply=False)
    done = await bring(desk, tenant, "invoices", data)
    again = await bring(desk, tenant, "invoices", data)

    assert [(row.outcome, row.reason) for row in dry.rows] == [(row.outcome, row.reason) for row in done.rows]
    assert done.created == len(await the_invoices(desk, tenant))
    assert (again.created, again.updated, again.refused) == (0, 0, done.refused)
    async with desk.work(tenant, CLERK) as work:
        assert not (await work.db.execute(money.out_of_balance(work))).all()
