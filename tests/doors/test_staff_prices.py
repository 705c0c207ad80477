"""Prices and changes of price through the pages."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from bursar.billing.recurring.planning import create_recurring
from bursar.catalog.prices import list_prices
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.catalog import a_product, billed, priced, ranges
from tests.makers.recurring import a_plan
from tests.makers.staff import Staff, sign_in, staff_of
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


async def test_a_price_shows_what_it_changes_before_it_is_agreed(staff: Staff):
    customer, product = await a_pair(staff, minor=200_00)
    async with staff.work() as work:
        await create_recurring(
            work, await a_plan(work, customer_id=customer, product_id=product, quantity=Decimal(10))
        )
    assert "No price of their own" in (await staff.get(f"/customers/{customer}/prices")).text
    await staff.get(f"/customers/{customer}/prices/new", product=str(product))
    typed = {"product": str(product), "unit_price": "190.00", "effective_from": "2027-03-01"}

    looked = await staff.post(f"/customers/{customer}/prices", **typed, step="look")

    assert looked.status_code == 200
    assert "Invoices that change" in looked.text
    assert "2027-03" in looked.text
    assert "1,900.00" in looked.text
    async with staff.work() as work:
        assert await ranges(work, customer, product) == []
    agreed = await staff.post(f"/customers/{customer}/prices", **typed, step="agree")
    assert agreed.status_code == 303
    page = (await staff.get(agreed.headers["location"])).text
    assert "190.00" in page
    assert "to come" in page


async def test_what_is_seldom_meant_is_asked_about(staff: Staff):
    customer, product = await a_pair(staff)
    typed = {"product": str(product), "unit_price": "50", "effective_from": "2026-11-01", "currency": "USD"}
    path = f"/customers/{customer}/prices"

    asked = await staff.post(path, **typed, step="agree")
    assert asked.status_code == 422
    assert 'name="other_currency"' in asked.text
    again = await staff.post(path, **typed, other_currency="yes", step="agree")
    assert 'name="backdated"' in again.text
    done = await staff.post(path, **typed, other_currency="yes", backdated="yes", step="agree")
    assert done.status_code == 303


async def test_a_price_is_ended_corrected_and_taken_back(staff: Staff):
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        first = (await priced(work, customer, product, "2026-12-01", 190_00)).price_id
        second = (await priced(work, customer, product, "2027-03-01", 180_00)).price_id
    for path in (f"/prices/{first}/end/new", f"/prices/{first}/edit"):
        assert "AED 190.00" in (await staff.get(path)).text

    assert (await staff.post(f"/prices/{second}/end", effective_to="2027-06-01")).status_code == 303
    assert (await staff.post(f"/prices/{first}", unit_price="195")).status_code == 303
    assert (await staff.post(f"/prices/{first}", unit_price="0")).status_code == 422
    refused = await staff.post(f"/prices/{first}/end", effective_to="2026-12-01")
    assert refused.status_code == 422
    assert "The end must come after the first day." in refused.text
    assert (await staff.post(f"/prices/{second}/removal")).status_code == 303

    async with staff.work() as work:
        assert await ranges(work, customer, product) == [("2026-12-01", "2027-06-01", 195_00)]


async def test_a_billed_price_cannot_be_corrected_and_says_so(staff: Staff):
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        price = (await priced(work, customer, product, "2026-11-01")).price_id
        await billed(work, customer, product, "2026-11-01", "2026-11-30")

    answer = await staff.post(f"/prices/{price}", unit_price="1")

    assert answer.status_code == 409
    assert "2026-11-30" in answer.text


async def test_many_prices_are_changed_after_they_were_seen(staff: Staff):
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        await priced(work, customer, product, "2026-12-01", 190_05)
        await priced(work, await a_customer(work, company_name="Cafe"), product, "2026-12-01", 100_00)
        await create_recurring(work, await a_plan(work, customer_id=customer, product_id=product))
    assert "big" in (await staff.get("/price-changes/new", product=str(product))).text
    typed = {
        "product": str(product),
        "how": "raise_by_percent",
        "value": "10",
        "effective_from": "2027-01-01",
        "whose": "own",
        "tag": "big",
    }

    seen = await staff.post("/price-changes/preview", **typed)

    assert seen.status_code == 200
    assert "209.06" in seen.text
    assert "Cafe" not in seen.text
    assert "Change 1 price" in seen.text
    assert "10" in seen.text
    mark = seen.text.split('name="mark" value="')[1].split('"')[0]
    back = await staff.post("/price-changes", **typed, mark=mark, step="back")
    assert 'value="10"' in back.text
    stale = await staff.post("/price-changes", **typed, mark="0" * 32, step="make")
    assert (stale.status_code, "Prices were changed meanwhile" in stale.text) == (409, True)
    done = await staff.post("/price-changes", **typed, mark=mark, step="make")
    assert done.status_code == 303
    assert "Prices changed: 1." in (await staff.get(done.headers["location"])).text
    assert "Nothing would change" in (await staff.post("/price-changes/preview", **typed)).text
    async with staff.work() as work:
        found = await list_prices(work, customer_id=customer, on=date(2027, 1, 1))
        assert [one.unit_price.plain() for one in found.rows] == ["209.06"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"product": ""}, "Choose one of the list."),
        ({"how": ""}, "Choose one of the list."),
        ({"value": ""}, "Give the percentage as a number."),
        ({"value": "-100"}, "Give a percentage between"),
        ({"how": "set", "value": "-5"}, "A price is more than zero."),
        ({"effective_from": ""}, "Give a date."),
    ],
)
async def test_a_change_that_cannot_be_keeps_what_was_typed(staff: Staff, change: dict[str, str], said: str):
    _, product = await a_pair(staff)
    typed = {"product": str(product), "how": "raise_by_percent", "value": "5", "effective_from": "2027-01-01"}

    answer = await staff.post("/price-changes/preview", **{**typed, **change}, at="190")

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="190"' in answer.text


async def test_prices_are_listed_by_day_product_and_name(staff: Staff):
    assert "Nobody has a price of their own" in (await staff.get("/prices")).text
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        await priced(work, customer, product, "2026-01-01", 111_00)
        await priced(work, customer, product, "2027-01-01", 222_00)

    today = (await staff.get("/prices")).text
    everything = (await staff.get("/prices", when="all", product=str(product), q="noor")).text

    assert "111.00" in today
    assert "222.00" not in today
    assert "222.00" in everything
    assert "No price fits" in (await staff.get("/prices", q="nobody")).text
    assert "111.00" in (await staff.get(f"/products/{product}")).text


async def test_pages_of_prices_stand_in_arabic(staff: Staff):
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        await priced(work, customer, product, "2026-01-01", 111_00)
    await staff.post("/language", code="ar", next="/prices")

    for path in ("/prices", "/products", "/units", "/price-changes/new", f"/customers/{customer}/prices"):
        page = (await staff.get(path)).text
        assert 'dir="rtl"' in page
        assert "الأسعار" in page


async def test_a_viewer_reads_and_changes_nothing(staff: Staff):
    customer, product = await a_pair(staff)
    async with staff.work() as work:
        price = (await priced(work, customer, product, "2026-12-01")).price_id
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)
    await viewer.get("/prices", when="all")
    agree = {"product": str(product), "unit_price": "1", "effective_from": "2027-01-01", "step": "agree"}
    change = {"product": str(product), "how": "set", "value": "1", "effective_from": "2027-01-01"}
    for path, typed in (
        ("/products", HOSTING),
        (f"/products/{product}/archiving", {}),
        (f"/customers/{customer}/prices", agree),
        (f"/prices/{price}", {"unit_price": "1"}),
        (f"/prices/{price}/removal", {}),
        ("/price-changes/preview", change),
        ("/price-changes", change),
        (
            f"/customers/{customer}/units",
            {"product": str(product), "label": "M", "active_from": "2026-11-01"},
        ),
    ):
        assert (await viewer.post(path, **typed)).status_code == 403, path
