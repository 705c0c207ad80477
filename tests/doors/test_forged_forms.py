"""Forms that no browser of ours would send: numbers that are none, versions beyond any. Refused, nothing written."""

from collections.abc import AsyncIterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.api import footprint
from tests.makers.billing import a_draft, an_invoice
from tests.makers.recurring import a_product
from tests.makers.staff import Staff, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
NO_NUMBERS = ["NaN", "-Infinity", "1e999999", "9" * 5_000, "twelve"]


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def forms(staff: Staff) -> list[tuple[str, str, dict[str, str]]]:
    """Address, the field that is forged, and what is typed besides."""
    async with staff.work() as work:
        invoice, draft = await an_invoice(work), await a_draft(work)
        customer, product = await a_customer(work), await a_product(work)
    plan = {
        "customer": str(customer),
        "product": str(product),
        "day_of_month": "1",
        "start_date": "2026-12-01",
    }
    usual = {"quantity_source": "fixed", "proration": "none"}
    note = {"how": "lines", "way": "lines", "reason": "broken", "reason_code": "DL8.61.1.D"}
    line = {
        "description": "Season",
        "unit_price": "10.00",
        "tax_category": "O",
        "tax_rate": "0",
        "currency": "AED",
    }
    return [
        (f"/invoices/{invoice}/credit-notes", "quantity-1", note),
        ("/recurring", "quantity", {**plan, **usual}),
        ("/invoices", "quantity", {**line, "customer": str(customer)}),
        (f"/invoices/{draft}", "version", {**line, "quantity": "1"}),
        (f"/customers/{customer}", "version", {"company_name": "Noor"}),
        ("/settings/billing", "default_tax_rate", {}),
        ("/settings/rates", "rate", {"currency": "USD", "on_date": "2026-11-18"}),
        (
            "/products",
            "tax_rate",
            {"code": "X", "name": "X", "price": "1", "currency": "AED", "tax_category": "S"},
        ),
    ]


@pytest.mark.parametrize("number", NO_NUMBERS, ids=["nan", "infinity", "huge", "long", "word"])
async def test_what_is_no_number_is_refused(staff: Staff, number: str) -> None:
    asked = await forms(staff)
    before = await footprint(staff.house, staff.tenant_id)

    answers = {path: await staff.post(path, **typed, **{field: number}) for path, field, typed in asked}

    broken = {
        path: answer.status_code for path, answer in answers.items() if answer.status_code not in {409, 422}
    }
    assert broken == {}
    assert await footprint(staff.house, staff.tenant_id) == before
