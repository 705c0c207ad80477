"""Payments through the door: recorded with care about too much, shown with what they pay, reversed."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bursar.billing.finding import get_invoice
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.billing import an_overdue_invoice, pay
from tests.makers.staff import Staff, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
TODAY = "2026-11-18"


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def test_a_payment_of_one_invoice_is_filled_in_and_settles_it(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        invoice = await an_overdue_invoice(work, of=noor, minor=1_250_00)
    form = (await staff.get("/payments/new", invoice=str(invoice))).text
    assert 'value="1250.00"' in form
    assert f'value="{invoice}" checked' in form

    done = await staff.post(
        "/payments",
        customer=str(noor),
        amount="1,250.00",
        currency="AED",
        received_on=TODAY,
        invoice=str(invoice),
        reference="TT 4711",
    )

    assert done.status_code == 303
    page = (await staff.get(done.headers["location"])).text
    assert "The payment is recorded." in page
    assert "TT 4711" in page
    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).state == "paid"
    assert "TT 4711" in (await staff.get("/payments", q="4711")).text


async def test_more_than_is_open_is_asked_about_once(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
        invoice = await an_overdue_invoice(work, of=noor, minor=100_00)
    typed = {
        "customer": str(noor),
        "amount": "130",
        "currency": "AED",
        "received_on": TODAY,
        "invoice": str(invoice),
    }

    asked = await staff.post("/payments", **typed)

    assert asked.status_code == 422
    assert "AED 30.00 more than is open." in asked.text
    assert 'name="keep"' in asked.text
    done = await staff.post("/payments", **typed, keep="yes")
    assert done.status_code == 303
    assert "30.00" in (await staff.get(f"/customers/{noor}")).text


async def test_a_payment_without_an_invoice_is_credit_that_pays_one_later(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
    assert "Atelier Noor" in (await staff.get("/payments/new")).text
    await staff.get("/payments/new", customer=str(noor))
    typed = {"customer": str(noor), "amount": "80", "currency": "AED", "received_on": TODAY, "keep": "yes"}
    assert (await staff.post("/payments", **typed)).status_code == 303
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work, of=noor, minor=100_00)

    assert (await staff.post(f"/invoices/{invoice}/credit")).status_code == 303

    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).balance.plain() == "20.00"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "", "Give an amount."),
        ("amount", "0", "The amount must be more than zero."),
        ("received_on", "", "Give a date."),
        ("received_on", "2027-01-01", "Money cannot have arrived in the future."),
        ("currency", "XXQ", "Choose a currency."),
    ],
)
async def test_a_mistake_is_told_and_nothing_is_recorded(staff: Staff, field: str, value: str, said: str):
    async with staff.work() as work:
        noor = await a_customer(work)
    typed = {"customer": str(noor), "amount": "80", "currency": "AED", "received_on": TODAY, "keep": "yes"}

    answer = await staff.post("/payments", **{**typed, field: value})

    assert answer.status_code == 422
    assert said in answer.text
    assert "No payments yet" in (await staff.get("/payments")).text


async def test_a_reversal_asks_why_and_opens_what_was_paid(staff: Staff, clock: FixedClock):
    async with staff.work() as work:
        invoice = await an_overdue_invoice(work)
        paid = await pay(work, invoice, 100_00)
    clock.advance(timedelta(minutes=5))
    here = f"/payments/{paid.payment_id}"
    await staff.get(f"{here}/reversal/new")
    assert (await staff.post(f"{here}/reversal", reason="")).status_code == 422
    assert (await staff.post(f"{here}/reversal", reason="bounced cheque")).status_code == 303
    page = (await staff.get(here)).text
    assert "taken back" in page
    assert "Reverse it" not in page
    assert (await staff.post(f"{here}/reversal", reason="again")).status_code == 409
    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).balance.plain() == "100.00"


async def test_another_firms_payment_is_not_there(
    staff: Staff, addresses: Addresses, clock: FixedClock, keyring: Keyring
):
    async with staff_of(addresses, clock, keyring) as other:
        async with other.work() as work:
            invoice = await an_overdue_invoice(work)
            paid = await pay(work, invoice, 100_00)
        for path in (f"/payments/{paid.payment_id}", f"/payments/{paid.payment_id}/reversal/new"):
            assert (await staff.browser.get(path)).status_code == 404
        assert (await staff.post(f"/payments/{paid.payment_id}/reversal", reason="x")).status_code == 404
        assert (await staff.browser.get(f"/payments/new?invoice={invoice}")).status_code == 404
