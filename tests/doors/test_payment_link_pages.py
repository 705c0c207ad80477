"""Payment links through the pages: made, shown once, mailed, extended, taken back, made valid again."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from bursar.onboarding.link_list import list_links
from bursar.onboarding.offers import find_offer
from bursar.outbox.tables import sends
from tests.makers.catalog import a_product
from tests.makers.payment_links import a_link, past, the_link
from tests.makers.staff import Staff, staff_of
from tests.makers.story import an_account, the_library

pytestmark = pytest.mark.anyio
ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/p/([A-Za-z0-9_-]{64})")


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.office.work(staff.tenant_id) as work:
            await a_product(work, code="FORM", name="Formation", minor=1_000_00)
            await an_account(work, 25)
            await the_library(work)
        yield staff


async def the_product(staff: Staff) -> str:
    async with staff.work() as work:
        return str(await work.db.scalar(sa.text("select id from products where code = 'FORM'")))


async def newest(work: Work) -> UUID:
    return (await list_links(work)).rows[0].id


async def test_a_link_is_made_its_address_shown_once_and_mailed(staff: Staff) -> None:
    assert "No payment link yet" in (await staff.get("/payment-links")).text
    product = await the_product(staff)
    form = (await staff.get("/payment-links/new", product=product)).text
    assert f'value="{product}" selected' in form
    assert 'value="2026-12-02"' in form

    page = await staff.post(
        "/payment-links",
        product=product,
        email="lina@x.example",
        name="Lina",
        locale="ar",
        until="2026-12-31",
        note="As agreed.",
        mail="yes",
    )

    assert page.status_code == 200
    assert "no-store" in page.headers["cache-control"]
    [token] = set(ADDRESS.findall(page.text))
    async with staff.work() as work:
        link_id = await newest(work)
        assert (await find_offer(work, token)).link_id == link_id
        assert await work.db.scalar(sa.select(sa.func.count()).select_from(sends)) == 1
    for path in (f"/payment-links/{link_id}", "/payment-links", f"/journal/payment_link/{link_id}"):
        assert token not in (await staff.get(path)).text
    shown = (await staff.get(f"/payment-links/{link_id}")).text
    for said in ("lina@x.example", "Lina", "العربية", "As agreed.", "Payment link made", "1,050.00"):
        assert said in shown
    assert "Lina" in (await staff.get("/payment-links", q="lin", state="active", mailed="yes")).text
    assert "No payment link is like that" in (await staff.get("/payment-links", mailed="no")).text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("product", "", "Choose one of the list."),
        ("product", "0f0f0f0f-0000-4000-8000-000000000000", "Choose one of the list."),
        ("email", "nobody", "nobody"),
        ("until", "2026-11-01", "The last day is over already."),
        ("until", "soon", "Write the date like"),
        ("price", "0", "The price must be more than zero."),
        ("price", "much", "much"),
    ],
)
async def test_what_cannot_be_offered_is_said_beside_its_field_and_nothing_typed_is_lost(
    staff: Staff, field: str, value: str, said: str
) -> None:
    typed = {"product": await the_product(staff), "email": "lina@x.example", "note": "Kept.", field: value}

    page = await staff.post("/payment-links", **typed)

    assert page.status_code == 422
    assert said in page.text
    assert "Kept." in page.text
    async with staff.work() as work:
        assert (await list_links(work)).rows == []


async def test_where_nobody_can_carry_it_the_link_is_made_and_says_that_it_was_not_mailed(
    staff: Staff,
) -> None:
    async with staff.office.work(staff.tenant_id) as work:
        await work.db.execute(sa.text("update sending_accounts set is_primary = false"))

    page = await staff.post(
        "/payment-links", product=await the_product(staff), email="lina@x.example", mail="yes"
    )

    assert "none yet" in page.text
    assert ADDRESS.search(page.text)


async def test_a_link_is_extended_taken_back_and_one_that_ran_out_is_made_valid_again(staff: Staff) -> None:
    async with staff.work() as work:
        active, over = await a_link(work), await a_link(work)
    base = f"/payment-links/{active.link_id}"
    assert 'value="2026-12-02"' in (await staff.get(f"{base}/extension/new")).text
    assert (await staff.post(f"{base}/extension", until="2026-11-01")).status_code == 422
    assert (await staff.post(f"{base}/extension", until="2026-12-24")).status_code == 303
    assert "24 Dec 2026" in (await staff.get(base)).text

    assert "Take the offer back?" in (await staff.get(f"{base}/revocation/new")).text
    assert (await staff.post(f"{base}/revocation", because="Wrong price")).status_code == 303
    shown = (await staff.get(base)).text
    assert "Payment link taken back: Wrong price" in shown
    assert (await staff.post(f"{base}/revocation")).status_code == 409
    assert (await staff.post(f"{base}/mail")).status_code == 409

    async with staff.office.work(staff.tenant_id) as work:
        await past(work)
    assert "It gets a new address" in (await staff.get(f"/payment-links/{over.link_id}/reissue/new")).text
    page = await staff.post(f"/payment-links/{over.link_id}/reissue", until="2026-12-31")
    [token] = set(ADDRESS.findall(page.text))
    assert token != over.token
    async with staff.work() as work:
        assert (await the_link(work, over.link_id)).state == "active"


async def test_a_link_is_mailed_from_its_page(staff: Staff) -> None:
    async with staff.work() as work:
        issued = await a_link(work)
    assert (await staff.post(f"/payment-links/{issued.link_id}/mail")).status_code == 303
    assert "The link is on its way." in (await staff.get(f"/payment-links/{issued.link_id}")).text


async def test_a_product_is_shown_as_its_customer_would_see_it(staff: Staff) -> None:
    made = await staff.post(
        "/products",
        code="VISA",
        name="Visa",
        name_local="تأشيرة",
        price="100",
        currency="AED",
        tax_category="S",
        tax_rate="5",
        unit_code="C62",
        item_kind="services",
        included="Fees\r\n\r\nPhotos",
        included_local="الرسوم",
        stripe_product_id="prod_Abc123",
    )
    where = made.headers["location"]

    page = (await staff.get(where)).text
    for said in ("As a customer would see it", "Fees", "Photos", "الرسوم", "105.00", "prod_Abc123"):
        assert said in page
    assert "Fees\nPhotos" in (await staff.get(f"{where}/edit")).text
    refused = await staff.post(where, code="VISA", name="Visa", currency="AED", tax_category="S", tax_rate="5",
                               item_kind="services", unit_code="C62", stripe_price_id="10 euros")  # fmt: skip
    assert refused.status_code == 422
    assert "begins with price_" in refused.text


async def test_the_list_of_products_is_taken_away_as_it_is_shown(staff: Staff) -> None:
    assert "/exports/products.xlsx" in (await staff.get("/products")).text
    assert "FORM" in (await staff.get("/exports/products.csv", q="form")).text
    assert "FORM" not in (await staff.get("/exports/products.csv", q="visa")).text
    assert (await staff.get("/exports/products.xlsx")).content[:2] == b"PK"
