"""An invoice paid from its public page: a button where there is a till, Stripe's page, and back to what is known."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient

from bursar.billing import hosted_paying
from bursar.billing.links import CUSTOMER_PATH, PATH, customer_token, invoice_token
from bursar.billing.tables import checkout_sessions, payments
from bursar.billing.tills import checkouts
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.tables import customers
from tests.makers.billing import aed, an_invoice, pay
from tests.makers.staff import a_browser
from tests.makers.tenancy import a_customer, a_tenant
from tests.makers.tills import Firm, a_firm, told
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(
    addresses: Addresses, keyring: Keyring, stripe: StripeProcess, tmp_path: Path
) -> AsyncIterator[Firm]:
    async with a_firm(addresses, keyring, stripe, tmp_path) as made:
        yield made


@pytest.fixture
def web(firm: Firm) -> AsyncClient:
    return a_browser(firm.house)


def page_of(firm: Firm, invoice: UUID) -> str:
    return PATH + invoice_token(firm.house.keyring, firm.tenant, invoice, 1)


def own_page(firm: Firm) -> str:
    return CUSTOMER_PATH + customer_token(firm.house.keyring, firm.tenant, firm.customer, 1)


async def looked(web: AsyncClient, page: str, lang: str = "en") -> str:
    """What the page says after the provider was asked."""
    answer = await web.post(f"{page}/checkout/look?lang={lang}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}/checkout?lang={lang}&turn=1")
    return await text_of(web, answer.headers["location"])


async def text_of(web: AsyncClient, path: str) -> str:
    answer = await web.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_without_a_till_there_is_no_button_and_nothing_to_post_to(firm: Firm, web: AsyncClient) -> None:
    page = page_of(firm, await firm.invoice())

    assert "Pay now" not in await text_of(web, page)
    assert "Pay now" not in await text_of(web, own_page(firm))
    answer = await web.post(f"{page}/checkout")
    assert (answer.status_code, "Please pay another way" in answer.text) == (409, True)
    assert await firm.checkouts() == []


async def test_the_button_leads_to_the_providers_page_and_back_to_thanks(
    firm: Firm, web: AsyncClient
) -> None:
    await firm.connect()
    invoice = await firm.invoice(250_00)
    page = page_of(firm, invoice)
    shown = await web.get(page)
    assert f'action="{page}/checkout?lang=en"' in shown.text
    assert "no real money is taken" in shown.text
    [host] = firm.house.settings.checkout_hosts
    assert f"form-action 'self' {host};" in shown.headers["content-security-policy"]

    gone = await web.post(f"{page}/checkout?lang=en")
    [row] = await firm.checkouts()
    assert (gone.status_code, gone.headers["location"]) == (303, row.url)
    assert row.amount_minor == 250_00
    session = firm.stripe.seen(row.session_id)["session"]
    assert session["success_url"].endswith(f"{page}/checkout?lang=en")
    assert session["cancel_url"].endswith(f"{page}?lang=en")
    assert firm.stripe.seen(row.session_id)["items"][0]["description"].startswith("Invoice ")

    firm.stripe.pay(row.session_id)
    assert await firm.rows(payments) == []
    assert "your payment is here" in await looked(web, page)
    assert [one.amount_minor for one in await firm.rows(payments)] == [250_00]
    assert "Pay now" not in await text_of(web, page)


async def test_coming_back_without_having_paid_proves_nothing(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())
    await web.post(f"{page}/checkout")

    back = await web.get(f"{page}/checkout?lang=en")

    assert "We are looking for your payment" in back.text
    assert f'hx-post="{page}/checkout/look?lang=en&amp;turn=0"' in back.text
    assert "We are looking for your payment" in await looked(web, page)
    assert await firm.rows(payments) == []
    last = await web.get(f"{page}/checkout?lang=en&turn=9")
    assert "hx-post" not in last.text  # nobody asks for ever
    assert "hx-post" in (await web.get(f"{page}/checkout?turn=99999")).text


async def test_who_never_tried_is_led_to_the_invoice(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())

    answer = await web.get(f"{page}/checkout")

    assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_a_scanner_that_follows_every_link_changes_nothing(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())
    await web.post(f"{page}/checkout")
    before = await firm.rows(checkout_sessions)
    asked = len(firm.stripe.calls())

    for path in (page, f"{page}/checkout", own_page(firm)):
        assert (await web.head(path)).status_code in (200, 303)
    for path in (page, f"{page}/checkout", own_page(firm)):
        await web.get(path)
    assert len(firm.stripe.calls()) == asked
    await looked(web, page)  # by one that runs scripts

    assert await firm.rows(checkout_sessions) == before


async def test_money_under_way_is_said_and_not_taken_twice(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())
    await web.post(f"{page}/checkout")
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id, "later")

    assert "Your payment is on its way" in await looked(web, page)
    for path in (page, own_page(firm)):
        shown = await text_of(web, f"{path}?lang=en")
        assert "Your payment is on its way" in shown
        assert "Pay now" not in shown
    again = await web.post(f"{page}/checkout?lang=en")
    assert (again.status_code, "Paying again would pay twice" in again.text) == (409, True)
    assert len(await firm.checkouts()) == 1

    async with firm.work() as work:
        await checkouts.see(work, [(row.id, told(row, "failed"))])
    assert "Nothing was paid" in await text_of(web, f"{page}/checkout?lang=en")
    assert "Pay now" in await text_of(web, f"{page}?lang=en")


async def test_one_button_pays_each_invoice_of_a_customers_page(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    first, second = await firm.invoice(10_00), await firm.invoice(20_00)
    page = own_page(firm)
    shown = await text_of(web, page)
    for invoice in (first, second):
        assert f'action="{page}/{invoice}/checkout?lang=en"' in shown

    gone = await web.post(f"{page}/{second}/checkout?lang=en")

    [row] = await firm.checkouts()
    assert (gone.status_code, row.about_id, row.amount_minor) == (303, second, 20_00)
    session = firm.stripe.seen(row.session_id)["session"]
    assert session["cancel_url"].endswith(f"{page}?lang=en")
    firm.stripe.pay(row.session_id)
    back = await looked(web, f"{page}/{second}")
    assert "your payment is here" in back
    assert f'href="{page}?lang=en"' in back


async def test_the_page_is_opened_in_the_readers_language(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())

    assert "ادفعوا الآن" in await text_of(web, f"{page}?lang=ar")
    await web.post(f"{page}/checkout?lang=ar")

    [row] = await firm.checkouts()
    assert firm.stripe.seen(row.session_id)["items"][0]["description"].startswith("فاتورة ")
    back = await web.get(f"{page}/checkout?lang=ar")
    assert 'dir="rtl"' in back.text
    assert back.headers["content-language"] == "ar"


async def test_nothing_is_paid_through_links_that_open_nothing(firm: Firm, web: AsyncClient) -> None:
    """Tampered, revoked, another firm's, another customer's: one answer, and no page at the provider."""
    await firm.connect()
    invoice = await firm.invoice()
    async with firm.work() as work:
        strangers = await an_invoice(work, of=await a_customer(work))
    other = await a_tenant(firm.house.office)
    async with firm.house.office.work(other) as work:
        theirs = await an_invoice(work)
    page = page_of(firm, invoice)
    paths = [
        f"{page[:-2]}xx",
        page_of(firm, theirs),
        f"{own_page(firm)}/{strangers}",
        f"{own_page(firm)}/{theirs}",
        f"{own_page(firm)}/nobody",
    ]
    for path in paths:
        for answer in (
            await web.post(f"{path}/checkout"),
            await web.post(f"{path}/checkout/look"),
            await web.get(f"{path}/checkout"),
        ):
            assert answer.status_code == 404, path
    async with firm.work() as work:
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.tenant_id == firm.tenant, customers.c.id == firm.customer)
            .values(link_version=2)
        )
    assert (await web.post(f"{page}/checkout")).status_code == 404
    assert await firm.checkouts() == []


async def test_a_customer_whom_the_firm_has_left_does_not_pay_here(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())
    async with firm.work() as work:
        await suspend_customer(work, firm.customer, reason="fraud")

    assert "Pay now" not in await text_of(web, page)
    assert (await web.post(f"{page}/checkout")).status_code == 409
    assert await firm.checkouts() == []


async def test_an_invoice_that_was_paid_meanwhile_opens_no_page(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    invoice = await firm.invoice()
    page = page_of(firm, invoice)
    await web.post(f"{page}/checkout")
    [row] = await firm.checkouts()
    firm.stripe.pay(row.session_id)
    await firm.house.cashier.look(firm.tenant, row.id)

    answer = await web.post(f"{page}/checkout?lang=en")

    assert (answer.status_code, "Nothing of this is to be paid" in answer.text) == (409, True)


async def test_a_provider_that_is_down_is_said_calmly(firm: Firm, web: AsyncClient) -> None:
    await firm.connect()
    page = page_of(firm, await firm.invoice())
    firm.stripe.trouble("unavailable", times=None)

    answer = await web.post(f"{page}/checkout?lang=en")

    assert (answer.status_code, "Nothing was taken" in answer.text) == (409, True)
    assert await firm.rows(payments) == []


async def test_what_is_asked_for_is_all_that_is_open(firm: Firm) -> None:
    invoice = await firm.invoice(100_00)
    async with firm.work() as work:
        await pay(work, invoice, 30_00)
        asked = await hosted_paying.checkout_of(
            work,
            invoice,
            words="Invoice {number}",
            locale="en",
            success_url="https://firm.example/back",
            cancel_url="https://firm.example",
        )

    assert (asked.amount, asked.customer_id, asked.email) == (aed(70_00), firm.customer, "huda@noor.example")
