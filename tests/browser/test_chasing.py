"""Customers answer from the letters of a sequence, and are left in peace before its next touch: in a real browser."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bursar import app
from bursar.chasing.sequences import releasing, staging
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import load_settings
from bursar.house import House
from bursar.outbox.incoming.taking_in import take_in
from bursar.outbox.pump import Pump
from bursar.tenancy.tenants import create_tenant
from bursar.web import languages
from bursar.web.app import create_web
from bursar.web.languages import OFFERED
from bursar.web.public import customer_words, invoice_words
from bursar.web.security import Site
from dev.browser import browser as chromium
from dev.serving import serving, until_closed
from tests.browser.test_gallery import FLAGS, violations
from tests.makers.billing import an_overdue_invoice
from tests.makers.incoming import an_answer, heard
from tests.makers.person import EMAIL, PASSWORD
from tests.makers.sequences import a_sequence
from tests.makers.story import all_sends, an_account
from tests.makers.tenancy import a_customer
from tests.processes import SinkProcess

pytestmark = [pytest.mark.browser]

DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
NAMES = ("promises", "contests", "claims", "pays", "answers", "silent")
FIRST_TOUCH, BEFORE_THE_NEXT = datetime(2026, 11, 19, 8, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)
NEXT_TOUCH = datetime(2026, 11, 24, 8, tzinfo=UTC)
NOT_YET = UUID(int=0)
LINK = re.compile(r"http://[^\s\"<>]+/l/[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Stage:
    """A firm whose clock the test moves; `invoices` are those of each customer by their name."""

    addresses: Addresses
    clock: FixedClock
    keyring: Keyring
    sink: SinkProcess
    chrome: Browser
    code: str
    address: str = ""
    tenant_id: UUID = NOT_YET
    account_id: UUID = NOT_YET
    invoices: dict[str, UUID] = field(default_factory=dict)

    def house(self) -> House:
        settings = load_settings(private_hosts="127.0.0.0/8", base_url=self.address or "http://127.0.0.1")
        return app.build(settings, clock=self.clock, addresses=self.addresses, keyring=self.keyring)

    def behind(self, act: Callable[[House], Awaitable[None]]) -> None:
        """Done by the product without a browser; apart, since the browser's own loop runs here."""

        async def done() -> None:
            house = self.house()
            await act(house)
            await house.close()

        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, done()).result()

    def says(self, message: str) -> str:
        return languages.say(self.code, message)

    def page(self, size: dict[str, int], *, scripts: bool = True) -> Page:
        context = self.chrome.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        context.add_cookies([{"name": "bursar_language", "value": self.code, "url": self.address}])
        return context.new_page()

    def letters(self) -> list[tuple[str, list[str]]]:
        """To whom each letter went, by their name, and the links in it."""
        told = []
        for mail in self.sink.messages():
            raw = message_from_bytes(self.sink.raw(mail["number"]), policy=policy.default)
            body = raw.get_body(("plain",))  # pyright: ignore[reportAttributeAccessIssue]  of a modern policy
            assert body is not None
            links = LINK.findall(body.get_content())
            told.append((mail["recipients"][0].partition("@")[0], links))
        return told


@pytest.fixture(params=list(OFFERED))
def stage(
    request: pytest.FixtureRequest,
    addresses: Addresses,
    clock: FixedClock,
    keyring: Keyring,
    sink: SinkProcess,
) -> Iterator[Stage]:
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        stack.callback(chrome.close)
        stage = Stage(addresses, clock, keyring, sink, chrome, request.param)
        house = stage.house()
        web = create_web(house, Site(base_url="http://127.0.0.1"))
        web.router.lifespan_context = partial(until_closed, house)
        stage.address = stack.enter_context(serving(web))
        stage.behind(partial(_made, stage))
        yield stage


async def _made(stage: Stage, house: House) -> None:
    """Six customers, each a week late, on the usual ladder; its first letter to each has left."""
    firm = await create_tenant(
        house.office,
        slug="working-title",
        name="Working Title",
        country="AE",
        currency="AED",
        time_zone="Asia/Dubai",
        locale=stage.code,
        owner_email=EMAIL,
        owner_name="Rania Haddad",
        password=PASSWORD,
    )
    stage.tenant_id = firm.id
    async with house.office.work(firm.id) as work:
        stage.account_id = await an_account(work, stage.sink.port)
        for name in NAMES:
            customer = await a_customer(
                work, email=f"{name}@customer.example", company_name=f"{name.title()} LLC", locale=stage.code
            )
            stage.invoices[name] = await an_overdue_invoice(work, of=customer, days=8, minor=1_250_00)
        await a_sequence(work)
    await _list_goes(stage, house)
    stage.clock.move_to(FIRST_TOUCH)
    await _drain(house)


async def _list_goes(stage: Stage, house: House) -> None:
    [run_id] = await staging.stage_all(house.office, stage.tenant_id)
    async with house.office.work(stage.tenant_id) as work:
        await releasing.release(work, run_id)


async def _drain(house: House) -> None:
    await Pump(
        house.office, house.letters, house.composers, house.senders, house.files, lanes=1
    ).run_until_idle()


async def _answers(stage: Stage, house: House) -> None:
    async with house.office.work(stage.tenant_id) as work:
        send = next(one for one in await all_sends(work) if one.to_address == "answers@customer.example")
        letter = an_answer(send.message_id, sender="answers@customer.example")
        assert await take_in(work, stage.account_id, [heard(letter, work.now)])


async def _staged(stage: Stage, house: House) -> None:
    await staging.stage_all(house.office, stage.tenant_id)


def nothing_is_wrong(page: Page) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_whoever_pays_promises_contests_or_answers_is_left_in_peace(stage: Stage) -> None:
    letters = dict(stage.letters())
    assert sorted(letters) == sorted(NAMES)
    stage.clock.move_to(BEFORE_THE_NEXT)
    stage.behind(partial(_staged, stage))

    customers_answer(stage, letters)
    staff = the_owner(stage)
    money_arrives(stage, staff)
    stage.behind(partial(_answers, stage))
    the_list_knows(stage, staff)
    stage.clock.move_to(NEXT_TOUCH)
    stage.behind(_drain)

    assert [name for name, _ in stage.letters()[len(NAMES) :]] == ["silent"]


def customers_answer(stage: Stage, letters: dict[str, Any]) -> None:
    """On a phone, without a script, from the link in the letter."""
    on_page, on_invoice = customer_words.words(stage.code), invoice_words.words(stage.code)
    phone, plain = stage.page(PHONE), stage.page(PHONE, scripts=False)

    their_page = reached(phone, letters["promises"])
    nothing_is_wrong(phone)
    expect(phone.get_by_role("heading", level=1)).to_have_text(on_page["title"])
    plain.goto(their_page)
    plain.get_by_role("link", name=on_page["promise_all"]).click()
    plain.locator("#field-promised_for").fill("2026-12-01")
    plain.get_by_role("button", name=on_page["promise_send"]).click()
    expect(plain.locator(".hosted-told")).to_be_visible()
    phone.goto(f"{their_page}/promise")
    nothing_is_wrong(phone)

    plain.goto(reached(phone, letters["contests"]))
    plain.get_by_role("link", name=re.compile(f"^{re.escape(on_page['contest'])}")).click()
    plain.locator("#field-reason").select_option("quality")
    plain.locator("#field-statement").fill("Two of the jackets came back torn.")
    plain.get_by_role("button", name=on_invoice["send"]).click()
    expect(plain.get_by_text(on_page["contested"])).to_be_visible()

    plain.goto(reached(phone, letters["claims"]))
    plain.get_by_role("link", name=re.compile(f"^{re.escape(on_page['paid'])}")).click()
    plain.get_by_role("button", name=on_invoice["send"]).click()
    expect(plain.get_by_text(on_page["said_paid"])).to_be_visible()
    phone.goto(plain.url)
    nothing_is_wrong(phone)


def reached(page: Page, links: list[str]) -> str:
    """The customer's own page, behind one of a letter's links."""
    for link in links:
        page.goto(link)
        if "/c/" in page.url:
            return page.url
    raise AssertionError(links)


def the_owner(stage: Stage) -> Page:
    page = stage.page(DESKTOP)
    page.goto(f"{stage.address}/sign-in")
    page.locator("#field-email").fill(EMAIL)
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-password").press("Enter")
    page.wait_for_url(f"{stage.address}/")
    return page


def money_arrives(stage: Stage, page: Page) -> None:
    page.goto(f"{stage.address}/payments/new?invoice={stage.invoices['pays']}")
    page.locator("#field-amount").fill("1250.00")
    page.get_by_role("button", name=stage.says("Record the payment")).click()
    page.wait_for_url(re.compile(r"/(payments|invoices|customers)/[0-9a-f-]{36}"))


def the_list_knows(stage: Stage, page: Page) -> None:
    """What was to leave tomorrow says who will not hear of it and why, and is let go."""
    page.goto(f"{stage.address}/sequences")
    nothing_is_wrong(page)
    page.locator("a[href^='/lists/']").first.click()
    expect(page.get_by_text(stage.says("Something changed since the list was made"))).to_be_visible()
    nothing_is_wrong(page)
    for name in ("promises", "answers"):
        page.goto(f"{stage.address}/invoices/{stage.invoices[name]}")
        expect(page.locator(".evidence")).to_be_visible()
        nothing_is_wrong(page)
    page.goto(f"{stage.address}/sequences")
    page.locator("a[href^='/lists/']").first.click()
    page.get_by_role("link", name=stage.says("Let it go"), exact=True).click()
    nothing_is_wrong(page)
    page.get_by_role("button", name=stage.says("Let it go"), exact=True).click()
    page.locator("#confirm button[value=yes]").click()
    page.wait_for_url(re.compile(r"/lists/[0-9a-f-]{36}$"))
    expect(page.get_by_text(stage.says("How it stands"))).to_be_visible()
    nothing_is_wrong(page)
