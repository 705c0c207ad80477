"""From a link to a paid order in a browser: with a script and without, on a desk and in a hand, in two scripts."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from bursar.core.work import Work
from bursar.onboarding.tables import orders
from tests import databases
from tests.browser.test_gallery import violations
from tests.makers.storefront import Storefront, a_storefront
from tests.payments import StripeProcess

pytestmark = [pytest.mark.browser]

SOON_MS = 30_000
DESK, HAND = 1280, 390
WORDS = {
    "en": {
        "pay": "Continue to payment",
        "paid": "Paid, thank you",
        "now": "Pay now",
        "nothing": "Nothing was paid",
    },
    "ar": {
        "pay": "المتابعة إلى الدفع",
        "paid": "مدفوع، شكرًا لكم",
        "now": "الدفع الآن",
        "nothing": "لم يُدفع شيء",
    },
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


def states(shop: Storefront) -> list[str]:
    async def asked(work: Work) -> list[str]:
        found = sa.select(orders.c.state).where(orders.c.tenant_id == work.tenant_id).order_by(orders.c.id)
        return list(await work.db.scalars(found))

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


def fills_in(page: Page) -> None:
    page.locator("#field-full_name").fill("Huda Noor")
    page.locator("#field-phone").fill("+971 50 123 4567")
    page.locator("#field-address_lines").fill("Villa 7, Al Wasl Road")
    page.locator("#field-terms").check()


@pytest.mark.parametrize(("code", "width"), [("en", DESK), ("ar", HAND)])
def test_a_prospect_registers_turns_back_and_pays(shop: Storefront, code: str, width: int) -> None:
    complaints: list[str] = []
    words, page = WORDS[code], a_page(shop, width, complaints)
    page.goto(shop.offer(f"{code}@noor.example", name="Huda Noor", locale=code))
    finds_nothing_wrong(page, complaints)
    fills_in(page)
    page.get_by_role("button", name=re.compile(words["pay"])).click()

    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    assert states(shop)[-1] == "pending"
    page.locator("p.leave a").click()
    expect(page.get_by_text(words["nothing"])).to_be_visible(timeout=SOON_MS)
    finds_nothing_wrong(page, complaints)
    page.get_by_role("button", name=re.compile(words["now"])).click()

    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    page.locator("button.main").click()
    page.wait_for_url(re.compile(r"/pay/[^/]+/return"), timeout=SOON_MS)
    expect(page.get_by_text(words["paid"])).to_be_visible(timeout=SOON_MS)
    finds_nothing_wrong(page, complaints)
    assert states(shop)[-1] == "paid"


def test_it_all_works_without_a_script(shop: Storefront) -> None:
    page = a_page(shop, HAND, [], script=False)
    page.goto(shop.offer("plain@noor.example"))
    fills_in(page)
    page.get_by_role("button", name=re.compile("Continue to payment")).click()
    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    page.locator("button.main").click()
    page.wait_for_url(re.compile(r"/pay/[^/]+/return"), timeout=SOON_MS)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("Paid, thank you")).to_be_visible(timeout=SOON_MS)
    assert states(shop)[-1] == "paid"


def test_a_scanner_that_runs_scripts_changes_no_row(shop: Storefront) -> None:
    """It follows every link on every page it comes to, and waits; it presses nothing."""
    page = a_page(shop, DESK, [])
    taken, free = shop.offer("taken@noor.example"), shop.offer("free@noor.example")
    page.goto(taken)
    fills_in(page)
    page.get_by_role("button", name=re.compile("Continue to payment")).click()
    page.wait_for_url(re.compile("/c/pay/"), timeout=SOON_MS)
    page.locator("p.leave a").click()
    order = page.url.partition("/cancel")[0]
    before = shop.marks()

    scanner = a_page(shop, DESK, [])
    todo, seen = [taken, free, order, f"{order}/cancel", f"{order}/return"], set[str]()
    while todo:
        address = todo.pop()
        if address in seen or not address.startswith(shop.address):
            continue
        seen.add(address)
        scanner.goto(address)
        scanner.wait_for_timeout(1500)
        scanner.request.head(address)
        found = scanner.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        todo += [one.partition("#")[0] for one in found if "?lang=" not in one or one.endswith("lang=ar")]

    assert len(seen) > 8
    assert shop.marks() == before
