"""Paying an invoice in a browser, at a desk and in a hand, in two scripts; and an owner who connects a till."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from bursar.billing.links import CUSTOMER_PATH, PATH, customer_token, invoice_token
from bursar.billing.tables import invoices
from bursar.core.work import Work
from bursar.tenancy.tables import tenants
from tests import databases
from tests.browser.test_gallery import violations
from tests.makers.billing import an_invoice
from tests.makers.person import EMAIL, PASSWORD, SOON_MS, Person, somebody
from tests.makers.storefront import Storefront, a_storefront
from tests.makers.tenancy import a_customer
from tests.payments import StripeProcess

pytestmark = [pytest.mark.browser]

DESK, HAND = 1280, 390
WHO_SELLS = {
    "legal_name": "Working Title FZ-LLC",
    "tax_number": "100123456700003",
    "address_lines": ["Office 5, Al Wasl Road"],
    "city": "Dubai",
    "subdivision": "DXB",
}
"""Without these a firm in Dubai may not issue an invoice."""
WORDS = {
    "en": ("Pay now", "Thank you, your payment is here", "Your payment is on its way", "Invoice"),
    "ar": ("ادفعوا الآن", "شكرًا لكم، وصلت دفعتكم", "دفعتكم في الطريق", "فاتورة"),
}


@pytest.fixture(scope="module")
def shop(
    server: databases.Server,
    template: str,
    stripe_process: StripeProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Storefront]:
    stripe_process.reset()
    name = databases.copy(server, template)
    with a_storefront(server.addresses(name), stripe_process, tmp_path_factory.mktemp("shop")) as shop:
        yield shop
    databases.drop(server, name)


def an_open_invoice(shop: Storefront) -> tuple[UUID, UUID]:
    async def make(work: Work) -> tuple[UUID, UUID]:
        known = sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id)
        await work.db.execute(known.values(**WHO_SELLS))
        customer = await a_customer(work, email="huda@noor.example")
        return customer, await an_invoice(work, of=customer, minor=1_250_00)

    return shop.works(make)


def state_of(shop: Storefront, invoice: UUID) -> str:
    async def asked(work: Work) -> str:
        found = sa.select(invoices.c.state).where(
            invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice
        )
        return (await work.db.scalars(found)).one()

    return shop.works(asked)


def a_page(shop: Storefront, width: int, complaints: list[str], *, script: bool = True) -> Page:
    page = shop.context(width, java_script_enabled=script).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    return page


def finds_nothing_wrong(page: Page, complaints: list[str]) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert complaints == []


@pytest.mark.parametrize(("code", "width"), [("en", DESK), ("en", HAND), ("ar", DESK), ("ar", HAND)])
def test_an_invoice_is_paid_from_its_page(shop: Storefront, code: str, width: int) -> None:
    complaints: list[str] = []
    button, thanks, _, noun = WORDS[code]
    _, invoice = an_open_invoice(shop)
    page = a_page(shop, width, complaints)
    page.goto(f"{shop.address}{PATH}{invoice_token(shop.keyring, shop.tenant, invoice, 1)}?lang={code}")
    finds_nothing_wrong(page, complaints)

    page.get_by_role("button", name=button).click()
    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    expect(page.get_by_text(noun).first).to_be_visible()
    page.locator("button.main").click()

    page.wait_for_url(re.compile(f"/checkout\\?lang={code}"), timeout=SOON_MS)
    expect(page.get_by_text(thanks)).to_be_visible(timeout=SOON_MS)
    finds_nothing_wrong(page, complaints)
    assert state_of(shop, invoice) == "paid"


def test_a_customers_page_pays_each_invoice_without_a_script(shop: Storefront) -> None:
    customer, invoice = an_open_invoice(shop)
    page = a_page(shop, HAND, [], script=False)
    page.goto(
        f"{shop.address}{CUSTOMER_PATH}{customer_token(shop.keyring, shop.tenant, customer, 1)}?lang=en"
    )
    page.get_by_role("button", name=re.compile("Pay now")).click()

    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    page.locator("button.main").click()
    page.wait_for_url(re.compile("/checkout"), timeout=SOON_MS)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("Thank you, your payment is here")).to_be_visible(timeout=SOON_MS)

    assert state_of(shop, invoice) == "paid"
    page.get_by_role("link", name="All open invoices").first.click()
    expect(page.get_by_text("Nothing is open")).to_be_visible()


def test_who_turns_back_at_the_provider_may_pay_later(shop: Storefront) -> None:
    complaints: list[str] = []
    _, invoice = an_open_invoice(shop)
    page = a_page(shop, HAND, complaints)
    page.goto(f"{shop.address}{PATH}{invoice_token(shop.keyring, shop.tenant, invoice, 1)}?lang=en")
    page.get_by_role("button", name="Pay now").click()
    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)

    page.locator("p.leave a").click()

    expect(page.get_by_role("button", name="Pay now")).to_be_visible(timeout=SOON_MS)
    finds_nothing_wrong(page, complaints)
    assert state_of(shop, invoice) == "issued"


@pytest.fixture(params=["en", "ar"])
def owner(shop: Storefront, request: pytest.FixtureRequest) -> Person:
    return somebody(shop.chrome, shop.address, request.param)


def test_an_owner_connects_a_till(shop: Storefront, owner: Person, stripe_process: StripeProcess) -> None:
    account = stripe_process.told["accounts"][1]
    owner.goes("/")
    owner.types(email=EMAIL, password=PASSWORD)
    owner.presses("Sign in")
    owner.page.wait_for_load_state("networkidle")
    owner.goes("/tills")
    owner.sees(owner.says("Customers pay here"))
    owner.finds_nothing_wrong()

    owner.goes("/tills/new")
    owner.finds_nothing_wrong()
    owner.types(key="sk_test_of_nobody")
    owner.presses("Try it out and connect")
    owner.sees(
        owner.says("The provider does not take this key. Copy it again, and see that it is a secret key.")
    )
    owner.complaints.clear()  # the browser itself notes an answer of 422
    owner.finds_nothing_wrong()
    owner.types(key=account["test_key" if owner.code == "en" else "live_key"])
    owner.presses("Try it out and connect")

    owner.sees(owner.says("One step is left"))
    owner.finds_nothing_wrong()
    owner.types(webhook_secret="whsec_from_the_page")
    owner.presses("Save")
    owner.sees(owner.says("Ready: your customers can pay by card."))
    owner.finds_nothing_wrong()
    owner.goes("/tills")
    owner.sees(account["name"])
    owner.finds_nothing_wrong()
