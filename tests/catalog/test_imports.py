"""Sheets of products, prices and units: a dry run, refusals by row, the same sheet twice changes nothing."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.products import find_product
from bursar.catalog.units import count_units
from bursar.core.money import Money
from bursar.core.work import Office
from tests.makers.catalog import a_product, billed, priced, ranges
from tests.makers.sheets import CLERK, a_desk, bring, csv_of, xlsx_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own: a database for each of these tests would cost more than they."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


async def a_host(office: Office, *products: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A desk, a tenant with two customers, and its products by code."""
    desk, tenant = await a_desk(office)
    async with desk.work(tenant, CLERK) as work:
        noor = await a_customer(work, external_code="C-1", company_name="Atelier Noor")
        await a_customer(work, external_code="C-2", company_name="Blue Door")
        made = {code: await a_product(work, code=code, name=f"Product {code}") for code in products}
    return desk, tenant, noor, made


async def prices_of(desk: Any, tenant: Any, customer: Any, product: Any) -> list[tuple[str, str | None, int]]:
    async with desk.work(tenant, CLERK) as work:
        return await ranges(work, customer, product)


RATES = csv_of(
    ("Tenant", "Rate", "Effective Date"),
    ("C-1", "190.00", "2026-06-01"),
    ("Atelier Noor", "200.00", "2026-01-01"),
    ("C-2", "150", "2026-03-15"),
)


async def test_a_history_of_rates_becomes_prices_in_a_row_once_however_often_it_is_imported(
    office: Office,
) -> None:
    desk, tenant, noor, made = await a_host(office, "HOST")

    dry = await bring(desk, tenant, "prices", RATES, apply=False)
    assert (dry.created, await prices_of(desk, tenant, noor, made["HOST"])) == (3, [])
    assert (await bring(desk, tenant, "prices", RATES)).created == 3
    again = await bring(desk, tenant, "prices", RATES)

    assert (again.created, again.unchanged, again.refused) == (0, 3, 0)
    assert await prices_of(desk, tenant, noor, made["HOST"]) == [
        ("2026-01-01", "2026-06-01", 200_00),
        ("2026-06-01", None, 190_00),
    ]


@pytest.mark.parametrize(
    "header",
    [
        ("العميل", "المنتج", "السعر", "من تاريخ", "إلى تاريخ"),
        ("Client", "Produit", "Tarif", "À partir du", "Jusqu'au"),
        ("Customer code", "Product", "Unit price", "Valid from", "Valid until"),
    ],
)
async def test_headers_are_understood_in_three_languages(office: Office, header: tuple[str, ...]) -> None:
    desk, tenant, noor, made = await a_host(office, "HOST", "POWER")
    row = ("C-1", "POWER", "١٢٫٥٠", "2026-12-01", "2027-01-01")

    done = await bring(desk, tenant, "prices", xlsx_of(header, row))

    assert (done.created, done.refused) == (1, 0)
    assert await prices_of(desk, tenant, noor, made["POWER"]) == [("2026-12-01", "2027-01-01", 12_50)]


PRICE_ROW = {
    "Customer": "C-1",
    "Product": "HOST",
    "Price": "190.00",
    "Currency": "",
    "From": "2026-12-01",
    "Until": "",
}
BAD_PRICES = {
    "a zero": ({"Price": "0"}, "price", "more than zero"),
    "below zero": ({"Price": "-5"}, "price", "more than zero"),
    "too many decimals": ({"Price": "1.005"}, "price", "more decimals"),
    "words": ({"Price": "a lot"}, "price", ""),
    "no price": ({"Price": ""}, "price", "Give the price"),
    "another currency": ({"Currency": "USD"}, "currency", "in USD and the product in AED"),
    "no currency at all": ({"Currency": "XXQ"}, "currency", "not a currency"),
    "an end before the start": ({"Until": "2026-11-30"}, "effective_to", "after the first day"),
    "an overlap": ({"From": "2027-01-10", "Until": "2027-01-20"}, "effective_to", "Two prices would hold"),
    "the day of another": ({"From": "2027-01-01"}, "effective_from", "begins on 2027-01-01 already"),
    "no day": ({"From": ""}, "effective_from", "Give the day"),
    "nobody": ({"Customer": "C-9"}, "customer", "There is no customer"),
    "no product": ({"Product": "X"}, "product", "There is no product"),
    "no product said": ({"Product": ""}, "product", "Say which product"),
}


@pytest.mark.parametrize("case", BAD_PRICES)
async def test_a_price_that_cannot_be_is_refused_by_its_row_and_the_others_are_written(
    office: Office, case: str
) -> None:
    change, field, said = BAD_PRICES[case]
    desk, tenant, noor, made = await a_host(office, "HOST", "POWER")
    async with desk.work(tenant, CLERK) as work:
        await priced(work, noor, made["HOST"], "2027-01-01", 5_00)
    good = {**PRICE_ROW, "Customer": "C-2"}
    data = csv_of(tuple(PRICE_ROW), tuple({**PRICE_ROW, **change}.values()), tuple(good.values()))

    dry = await bring(desk, tenant, "prices", data, apply=False)
    done = await bring(desk, tenant, "prices", data)

    assert (done.created, done.refused) == (1, 1)
    row = done.rows[0]
    assert (row.outcome, row.field) == ("refused", field)
    assert said in row.reason
    assert dry.rows[0].reason == row.reason


async def test_prices_of_billed_days_are_refused_and_later_ones_taken(office: Office) -> None:
    desk, tenant, noor, made = await a_host(office, "HOST")
    async with desk.work(tenant, CLERK) as work:
        await billed(work, noor, made["HOST"], "2026-11-01", "2026-11-30")
    data = csv_of(("Customer", "Price", "From"), ("C-1", "1", "2026-11-30"), ("C-1", "2", "2026-12-01"))

    done = await bring(desk, tenant, "prices", data)

    assert [row.outcome for row in done.rows] == ["refused", "created"]
    assert "billed up to 2026-11-30" in done.rows[0].reason


async def test_units_come_once_and_a_later_sheet_retires_them(office: Office) -> None:
    desk, tenant, noor, made = await a_host(office, "HOST")
    header = ("Customer", "Serial number", "Start date", "End date")
    first = csv_of(header, *(("C-1", f"SN-{at}", "2026-11-01", "") for at in range(5)))

    assert (await bring(desk, tenant, "units", first, apply=False)).created == 5
    assert (await bring(desk, tenant, "units", first)).created == 5
    assert (await bring(desk, tenant, "units", first)).unchanged == 5
    later = await bring(desk, tenant, "units", csv_of(header, ("C-1", "SN-0", "2026-11-01", "2026-11-10")))

    assert later.updated == 1
    async with desk.work(tenant, CLERK) as work:
        assert await count_units(work, work.today) == {(noor, made["HOST"]): 4}


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (("C-9", "SN-1", "2026-11-01", ""), "customer", "There is no customer"),
        (("C-1", "", "2026-11-01", ""), "label", "Give the unit's name"),
        (("C-1", "SN-1", "", ""), "active_from", "Give the day"),
        (("C-1", "SN-1", "2026-11-01", "2026-11-01"), "active_to", "cannot end before it began"),
        (("C-1", "SN-9", "2026-11-20", ""), "label", "counted twice on one day"),
        (("C-1", "=1+1", "2026-11-20", ""), "label", "formula"),
    ],
)
async def test_a_unit_that_cannot_be_is_refused_by_its_row(
    office: Office, row: tuple[str, ...], field: str, said: str
) -> None:
    desk, tenant, _, _ = await a_host(office, "HOST")
    header = ("Customer", "Serial number", "Start date", "End date")

    done = await bring(desk, tenant, "units", csv_of(header, ("C-1", "SN-9", "2026-11-01", ""), row))

    assert [each.outcome for each in done.rows] == ["created", "refused"]
    assert done.rows[1].field == field
    assert said in done.rows[1].reason


async def test_products_are_added_and_later_sheets_change_what_they_say(office: Office) -> None:
    desk, tenant, _, _ = await a_host(office)
    header = ("Code", "Name", "Price", "Currency", "Tax category", "VAT rate", "Unit", "Type")
    rows = (
        ("HOST", "Hosting", "200.00", "AED", "", "", "mon", "service"),
        ("SPARE", "Spare part", "12.50", "USD", "zero rated", "", "", "بضائع"),
        ("OWN", "By agreement", "", "", "S", "5%", "", ""),
    )
    sheet = csv_of(header, *rows)
    assert (await bring(desk, tenant, "products", sheet, apply=False)).created == 3
    assert (await bring(desk, tenant, "products", sheet)).created == 3
    assert (await bring(desk, tenant, "products", sheet)).unchanged == 3

    changed = await bring(
        desk, tenant, "products", csv_of(("Code", "Name", "Price"), ("HOST", "Hosting", "210"))
    )

    assert changed.updated == 1
    async with desk.work(tenant, CLERK) as work:
        host, spare, own = [await find_product(work, code) for code in ("HOST", "SPARE", "OWN")]
    assert (host.price, host.unit_code, host.tax_category) == (
        Money(210_00, "AED"),
        "MON",
        TaxCategory.STANDARD,
    )
    assert (spare.price, spare.tax_category, spare.tax_rate) == (Money(12_50, "USD"), TaxCategory.ZERO, 0)
    assert (spare.item_kind, own.price, own.tax_rate) == (ItemKind.GOODS, None, 5)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Code": ""}, "code"),
        ({"Name": ""}, "name"),
        ({"Price": "0"}, "price"),
        ({"VAT rate": "5", "Tax category": "exempt"}, "tax_rate"),
        ({"Tax category": "heavy"}, "tax_category"),
        ({"Unit": "hours"}, "unit_code"),
        ({"Type": "magic"}, "item_kind"),
        ({"Code": "GOOD"}, "code"),
    ],
)
async def test_a_product_that_cannot_be_is_refused_by_its_row(
    office: Office, change: dict[str, str], field: str
) -> None:
    desk, tenant, _, _ = await a_host(office)
    row = {"Code": "P", "Name": "x", "Price": "1", "Tax category": "", "VAT rate": "", "Unit": "", "Type": ""}
    data = csv_of(tuple(row), tuple({**row, "Code": "GOOD"}.values()), tuple({**row, **change}.values()))

    dry = await bring(desk, tenant, "products", data, apply=False)
    done = await bring(desk, tenant, "products", data)

    assert [each.outcome for each in done.rows] == ["created", "refused"]
    assert (done.rows[1].field, done.rows[1].reason) == (field, dry.rows[1].reason)
