"""Sheets from the bank: what came in is a line, once, however often the sheet comes; what went out is none."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.billing.bank import list_lines
from bursar.core.money import Money
from bursar.core.work import Office
from tests.makers.sheets import CLERK, a_desk, bring, csv_of, told, xlsx_of

pytestmark = pytest.mark.anyio

HEADER = ("Date", "Amount", "Payer", "Reference")
ROW = ("2026-11-03", "1,050.00", "Harbour Cafe", "20261120-0007")


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def lines_of(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        return [
            (one.received_on.isoformat(), one.amount, one.payer, one.reference)
            for one in await list_lines(work, limit=100)
        ]


async def test_a_sheet_becomes_lines_and_the_same_sheet_again_changes_nothing(office):
    desk, tenant = await a_desk(office)
    data = csv_of(HEADER, ROW, ("2026-11-01", "٢٠٫٥٠", "", ""))

    dry = await bring(desk, tenant, "bank_lines", data, apply=False)
    assert (dry.created, await lines_of(desk, tenant)) == (2, [])
    first = await bring(desk, tenant, "bank_lines", data)
    again = await bring(desk, tenant, "bank_lines", data)

    assert (first.created, again.created, again.unchanged) == (2, 0, 2)
    assert [row.id for row in first.rows] == [row.id for row in again.rows]
    assert await lines_of(desk, tenant) == [
        ("2026-11-01", Money(20_50, "AED"), None, None),
        ("2026-11-03", Money(1050_00, "AED"), "Harbour Cafe", "20261120-0007"),
    ]


async def test_rows_that_are_alike_are_as_many_lines_and_an_overlapping_sheet_adds_only_the_new(office):
    desk, tenant = await a_desk(office)
    await bring(desk, tenant, "bank_lines", csv_of(HEADER, ROW, ROW))

    more = await bring(desk, tenant, "bank_lines", xlsx_of(HEADER, ROW, ROW, ROW))

    assert (more.created, more.unchanged) == (1, 2)
    assert len(await lines_of(desk, tenant)) == 3


async def test_a_sheet_with_money_in_and_out_takes_only_what_came_in(office):
    desk, tenant = await a_desk(office)
    header = ("Date", "Details", "Debit", "Credit", "Currency")
    data = csv_of(
        header,
        ("2026-11-03", "rent", "500.00", "", "AED"),
        ("2026-11-03", "transfer", "", "70.00", "USD"),
        ("2026-11-03", "transfer", "0.00", "80.00", "AED"),
    )

    report = await bring(desk, tenant, "bank_lines", data)

    assert (told(report)[0], report.rows[0].field) == ((2, "refused"), "debit")
    assert {line[1] for line in await lines_of(desk, tenant)} == {Money(70_00, "USD"), Money(80_00, "AED")}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (
            ("2026-11-03", "-50.00", "", ""),
            "This money went out. Only what came in is taken from a bank's sheet.",
        ),
        (("2026-11-03", "", "X", ""), "Give the amount that arrived."),
        (("2026-11-03", "0.00", "", ""), "The amount must be more than zero."),
        (("", "50.00", "", ""), "Give the day on which the money arrived."),
        (
            ("2027-01-01", "50.00", "", ""),
            "Money cannot have arrived in the future. Give the day it arrived.",
        ),
    ],
)
async def test_a_row_that_is_no_income_is_refused_and_says_why(office, row, code):
    desk, tenant = await a_desk(office)

    report = await bring(desk, tenant, "bank_lines", csv_of(HEADER, ROW, row))

    assert (report.created, report.refused) == (1, 1)
    assert report.rows[1].reason == code


async def test_an_id_of_the_banks_is_one_line_and_other_facts_under_it_are_refused(office):
    desk, tenant = await a_desk(office)
    header = (*HEADER, "Transaction ID")
    await bring(desk, tenant, "bank_lines", csv_of(header, (*ROW, "T1")))

    report = await bring(
        desk,
        tenant,
        "bank_lines",
        csv_of(header, (*ROW, "T1"), ("2026-11-03", "9.00", "", "", "T1"), (*ROW, "T2")),
    )
    changed = await bring(desk, tenant, "bank_lines", csv_of(header, ("2026-11-03", "9.00", "", "", "T2")))

    assert (report.created, report.unchanged, report.refused) == (1, 1, 1)
    assert changed.refused == 1
    assert "another amount" in changed.rows[0].reason
