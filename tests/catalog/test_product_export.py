"""The list of products as a sheet: what is taken away can be brought in again, whatever language its header is in."""

from decimal import Decimal
from uuid import UUID

import pytest

from bursar.billing.importers import import_desk
from bursar.catalog.kinds import TaxCategory
from bursar.catalog.product_export import HEADER, product_rows
from bursar.catalog.products import archive_product, edit_product, find_product, get_product
from bursar.core.money import Money
from bursar.core.translations import say
from bursar.core.work import SYSTEM, Office, Work
from bursar.tenancy.imports import ImportReport, import_sheet
from bursar.tenancy.reports import csv_report
from bursar.tenancy.states import ImportKind
from tests.makers.catalog import a_product
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


async def a_list(work: Work) -> None:
    await a_product(
        work,
        code="FORM",
        name="Formation",
        name_local="تأسيس",
        description="All of it.",
        minor=1_234_50,
        included=["Fees, all of them", "Stamps"],
        included_local=["الرسوم"],
        stripe_product_id="prod_Abc",
        stripe_price_id="price_Xyz",
        classification_code="998315",
    )
    await a_product(work, code="VISA", minor=None, tax_category=TaxCategory.ZERO, tax_rate=Decimal(0))
    await archive_product(work, await a_product(work, code="OLD"))


async def sheet_of(office: Office, tenant: UUID, locale: str) -> bytes:
    async with office.work(tenant) as work:
        rows = [row async for batch in product_rows(work, active=True) for row in batch]
    return csv_report([say(locale, name, {}) for name in HEADER], rows)


async def bring(office: Office, tenant: UUID, sheet: bytes) -> ImportReport:
    desk = import_desk(office)
    return await import_sheet(desk, tenant, SYSTEM, ImportKind.PRODUCTS, "p.csv", sheet, apply=True)


@pytest.mark.parametrize("locale", ["en", "ar"])
async def test_a_list_brought_in_where_it_came_from_changes_nothing(office: Office, locale: str) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        await a_list(work)

    report = await bring(office, tenant, await sheet_of(office, tenant, locale))

    assert (report.created, report.updated, report.unchanged, report.refused) == (0, 0, 2, 0)


@pytest.mark.parametrize("locale", ["en", "ar"])
async def test_another_firm_gets_the_same_products(office: Office, locale: str) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        await a_list(work)

    report = await bring(office, theirs, await sheet_of(office, ours, locale))

    assert (report.created, report.refused) == (2, 0)
    async with office.work(theirs) as work:
        product, other = await find_product(work, "FORM"), await find_product(work, "VISA")
    assert (product.name_local, product.description, product.price, product.tax_rate) == (
        "تأسيس",
        "All of it.",
        Money(1_234_50, "AED"),
        Decimal(5),
    )
    assert (product.included, product.included_local) == (["Fees, all of them", "Stamps"], ["الرسوم"])
    assert (product.stripe_product_id, product.stripe_price_id, product.classification_code) == (
        "prod_Abc",
        "price_Xyz",
        "998315",
    )
    assert (other.price, other.tax_category, other.included) == (None, TaxCategory.ZERO, [])


async def test_what_a_price_covers_is_changed_and_emptied(work: Work) -> None:
    product = await a_product(work, included=["Fees", "  ", "Stamps "])
    assert (await get_product(work, product)).included == ["Fees", "Stamps"]

    assert not await edit_product(work, product, {"included": ["Fees", "Stamps"]})
    assert await edit_product(work, product, {"included": []})
    assert (await get_product(work, product)).included == []
