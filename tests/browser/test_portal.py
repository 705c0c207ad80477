"""The portal in a real browser, by mouse and by keyboard, on a desk and on a phone, from the left and from the right."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from bursar import app
from bursar.billing.disputes import open_dispute
from bursar.billing.documents.keeping import print_all
from bursar.billing.states import DisputeReason
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import load_settings
from bursar.onboarding.orders import NewOrder, create_order
from bursar.tenancy.portal_links import add_link, link_path, texts_of
from bursar.tenancy.tables import tenants
from bursar.web.app import create_web
from dev import pictures
from dev.browser import browser as chromium
from dev.serving import serving, until_closed
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.catalog import a_product
from tests.makers.portal import open_portal
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = [pytest.mark.browser]

PAGES = ("home", "orders", "invoices", "payments", "profile", "consents", "customers")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=pictures.FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def portal(addresses: Addresses, keyring: Keyring) -> Iterator[tuple[str, dict[str, str]]]:
    """Where the product is, and what a test needs to know of the firm and its customer."""
    with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
        made = aside.submit(lambda: asyncio.run(_a_firm(addresses, keyring))).result()
    house = app.build(load_settings(), addresses=addresses, keyring=keyring)
    web = create_web(house)
    web.router.lifespan_context = lambda _: until_closed(house, web)
    with serving(web) as address:
        yield address, made


async def _a_firm(addresses: Addresses, keyring: Keyring) -> dict[str, str]:
    house = app.build(load_settings(), addresses=addresses, keyring=keyring)
    tenant_id = await a_tenant(house.office, name="Al Safa Consulting")
    slug = await open_portal(house, tenant_id)
    async with house.office.work(tenant_id) as work:
        bank = {
            "account_name": "Al Safa Consulting",
            "iban": "AE070331234567890123456",
            "bank": "Emirates Bank",
        }
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == tenant_id)
            .values(settings={"billing": {"bank": bank}})
        )
        huda = await a_customer(
            work, company_name="Noor Trading LLC", full_name="Huda Salem", email="huda@noor.example"
        )
        await a_customer(work, company_name="نور للتجزئة", email="huda@noor.example")
        late = await an_overdue_invoice(work, of=huda, minor=1_200_00)
        invoice = await an_invoice(work, of=huda, minor=2_500_00)
        await pay(work, invoice, 500_00, reference="Transfer 4711")
        contested = await an_invoice(work, of=huda, minor=320_00)
        await open_dispute(work, contested, reason=DisputeReason.OTHER, statement="Not ours")
        included = ["Registration fees", "Company stamp", "A year of bookkeeping"]
        product = await a_product(work, minor=5_000_00, name="Company formation", included=included)
        order = await create_order(work, NewOrder(huda, product))
        link_id = uuid4()
        await add_link(work, link_id, huda)
        link = link_path(slug, (await texts_of(work, [link_id]))[link_id])
    await print_all(house.press, tenant_id)
    await house.close()
    home = f"/portal/{slug}"
    return {"home": home, "link": link, "late": str(late), "invoice": str(invoice), "order": str(order)}


@pytest.mark.parametrize(("code", "size"), [("en", "desktop"), ("ar", "phone")])
def test_a_customer_walks_through_the_portal_and_nobody_is_shut_out(
    chrome: Browser, portal: tuple[str, dict[str, str]], code: str, size: str
) -> None:
    address, made = portal
    page, complaints = _opened(chrome, size)
    lang = f"?lang={code}"
    visited = [
        f"{made['home']}{lang}",
        f"{made['link']}{lang}",
    ]
    found: list[str] = []
    for path in visited:
        page.goto(address + path)
        found += _problems(page, path)
    page.locator("main form button").click()
    page.wait_for_url(f"**/home{lang}")
    one = f"invoices/{made['invoice']}"
    for below in (
        *PAGES,
        f"orders/{made['order']}",
        one,
        *(f"{one}/{form}" for form in ("promise", "paid", "dispute")),
    ):
        answer = page.goto(f"{address}{made['home']}/{below}{lang}")
        assert answer is not None
        assert answer.status == 200, below
        found += _problems(page, below)
    assert found == []
    assert complaints == []
    page.context.close()


def test_by_keyboard_alone_a_day_is_promised_and_a_yes_is_given(
    chrome: Browser, portal: tuple[str, dict[str, str]]
) -> None:
    address, made = portal
    page, complaints = _opened(chrome, "phone")
    page.goto(address + made["link"])
    _tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    page.wait_for_url("**/home")

    page.goto(f"{address}{made['home']}/invoices/{made['invoice']}")
    _tab_to(page, "I will pay by…")
    page.keyboard.press("Enter")
    page.wait_for_url("**/promise")
    today = page.locator("#field-promised_for").get_attribute("min") or ""
    page.locator("#field-promised_for").fill(today)
    _tab_to(page, "Promise")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/invoices/{made['invoice']}")
    assert page.get_by_text("You promised to pay by").is_visible()

    page.goto(f"{address}{made['home']}/consents")
    page.get_by_label("By e-mail").first.focus()
    page.keyboard.press("Space")
    _tab_to(page, "Save")
    page.keyboard.press("Enter")
    page.wait_for_url("**/consents/saved")
    assert page.get_by_label("By e-mail").first.is_checked()
    assert complaints == []
    page.context.close()


def test_signed_out_the_way_back_shows_nothing(chrome: Browser, portal: tuple[str, dict[str, str]]) -> None:
    address, made = portal
    page, _ = _opened(chrome, "desktop")
    page.goto(address + made["link"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/home")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"**{made['home']}")
    page.go_back()
    assert page.get_by_text("Noor Trading").count() == 0
    page.context.close()


def _opened(chrome: Browser, size: str) -> tuple[Page, list[str]]:
    width, height = pictures.SIZES[size]
    page = chrome.new_context(viewport={"width": width, "height": height}).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return page, complaints


def _problems(page: Page, name: str) -> list[str]:
    return [f"{name}: {said}" for said in pictures.problems(page, check=True)]


def _tab_to(page: Page, label: str) -> None:
    """As many presses of Tab as it takes; a page on which it cannot be reached fails."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement ? document.activeElement.innerText.trim() : ''")
        if focused.startswith(label):
            return
    raise AssertionError(f"{label} is not reached by the keyboard")
