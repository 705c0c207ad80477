"""Products and units through the pages."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import pytest

from bursar.catalog.products import find_product
from bursar.catalog.units import count_units
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.catalog import a_product
from tests.makers.staff import Staff, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
HOSTING = {
    "code": "HOST",
    "name": "Hosting",
    "name_local": "استضافة",
    "price": "1,200.00",
    "currency": "AED",
    "tax_category": "S",
    "tax_rate": "5",
    "unit_code": "MON",
    "item_kind": "services",
}


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def a_pair(staff: Staff, minor: int = 200_00) -> tuple[UUID, UUID]:
    async with staff.work() as work:
        return await a_customer(work, company_name="Atelier Noor", tags=["big"]), await a_product(
            work, minor=minor
        )


async def test_a_product_is_added_shown_changed_and_archived(staff: Staff):
    assert "No products yet" in (await staff.get("/products")).text
    form = (await staff.get("/products/new")).text
    assert 'value="5"' in form
    made = await staff.post("/products", **HOSTING)
    assert made.status_code == 303
    where = made.headers["location"]

    page = (await staff.get(where)).text
    assert "The product was added." in page
    assert "1,200.00" in page
    assert "استضافة" in page
    assert 'value="1200.00"' in (await staff.get(f"{where}/edit")).text
    assert (await staff.post(where, **{**HOSTING, "price": ""})).status_code == 303
    assert "by agreement" in (await staff.get("/products", q="host")).text
    assert (await staff.post(f"{where}/archiving")).status_code == 303
    assert "Hosting" not in (await staff.get("/products")).text
    assert "Hosting" in (await staff.get("/products", archived="1")).text
    assert (await staff.post(f"{where}/restoration")).status_code == 303
    async with staff.work() as work:
        assert (await find_product(work, "HOST")).active


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", "", "Give the product a code."),
        ("name", "", "Give the product a name."),
        ("price", "0", "A price is more than zero."),
        ("currency", "XXQ", "Choose a currency."),
        ("tax_category", "E", "This tax rate does not fit the category."),
        ("tax_category", "?", "Choose one of the list."),
        ("tax_rate", "much", "Give the tax rate in percent."),
        ("unit_code", "hours", "A unit is a code"),
    ],
)
async def test_a_mistake_is_told_beside_what_was_typed(staff: Staff, field: str, value: str, said: str):
    answer = await staff.post("/products", **{**HOSTING, field: value})

    assert answer.status_code == 422
    assert said in answer.text
    assert "استضافة" in answer.text
    assert "No products yet" in (await staff.get("/products")).text


async def test_units_are_added_listed_on_a_day_retired_and_taken_out(staff: Staff):
    customer, product = await a_pair(staff)
    assert "No unit in service" in (await staff.get("/units")).text
    assert "Atelier Noor" in (await staff.get("/units/new")).text
    await staff.get(f"/customers/{customer}/units/new")
    typed = {"product": str(product), "label": "M-1\n\nM-2\r\nM-3", "active_from": "2026-11-01"}

    assert (await staff.post(f"/customers/{customer}/units", **typed)).status_code == 303
    page = (await staff.get("/units", q="M-2")).text
    assert page.count("M-2</bdi>") == 1
    unit = page.split('id="row-')[1].split('"')[0]
    assert "M-2" in (await staff.get(f"/units/{unit}/retirement/new")).text
    assert (await staff.post(f"/units/{unit}/retirement", active_to="2026-10-01")).status_code == 422
    assert (await staff.post(f"/units/{unit}/retirement", active_to="2026-11-10")).status_code == 303
    assert "M-2" not in (await staff.get("/units")).text
    assert "M-2" in (await staff.get("/units", on="2026-11-09")).text
    assert (await staff.post(f"/units/{unit}/removal")).status_code == 303
    async with staff.work() as work:
        assert await count_units(work, date(2026, 11, 5)) == {(customer, product): 2}
    assert ">2<" in (await staff.get(f"/customers/{customer}/prices")).text


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"label": " \n "}, 422, "Give the unit&#39;s name or serial number."),
        ({"label": "x" * 101}, 422, "at most 100 characters"),
        ({"active_from": ""}, 422, "Give a date."),
        ({"product": ""}, 422, "Choose one of the list."),
        ({"label": "M-9", "active_from": "2026-11-05"}, 409, "counted twice on one day"),
    ],
)
async def test_units_that_cannot_be_are_not_added(
    staff: Staff, change: dict[str, str], status: int, said: str
):
    customer, product = await a_pair(staff)
    good = {"product": str(product), "label": "M-9", "active_from": "2026-11-01"}
    await staff.post(f"/customers/{customer}/units", **good)

    answer = await staff.post(f"/customers/{customer}/units", **{**good, **change})

    assert answer.status_code == status
    assert said in answer.text
