"""The main job as a person does it, in a browser, over real processes: a sheet, a campaign, its mails, the money."""

import asyncio
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bursar import app
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.settings import load_settings
from bursar.tenancy.tenants import create_tenant
from bursar.web import languages
from bursar.web.languages import OFFERED
from dev.browser import browser as chromium
from tests.browser.test_gallery import FLAGS, violations
from tests.processes import SinkProcess, a_sink_process, environment

pytestmark = [pytest.mark.browser]

EMAIL, PASSWORD = "rania@wt.example", "seven grey herons at noon"
SOON_MS = 30_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the browser who reads `code`."""

    page: Page
    address: str
    code: str
    complaints: list[str]

    def says(self, message: str, **params: object) -> str:
        return languages.say(self.code, message, dict(params))

    def goes(self, path: str) -> None:
        self.page.goto(self.address + path)

    def types(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"#field-{name}").fill(value)

    def presses(self, label: str) -> None:
        self.page.get_by_role("button", name=self.says(label), exact=True).first.click()

    def agrees(self) -> None:
        self.page.locator("#confirm button[value=yes]").click()

    def chooses(self, name: str, value: str) -> None:
        self.page.locator(f"input[name={name}][value={value}]").check()

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=SOON_MS)

    def finds_nothing_wrong(self) -> None:
        assert violations(self.page) == []
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert self.complaints == []


@contextmanager
def a_process(*words: str, env: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "bursar", *words], env=env, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def a_free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def wait_for(address: str, seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/sign-in", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def a_firm(addresses: Addresses, keys: str, code: str) -> None:
    async def make() -> None:
        house = app.build(load_settings(), addresses=addresses, keyring=Keyring.parse(keys))
        await create_tenant(
            house.office,
            slug="working-title",
            name="Working Title",
            country="AE",
            currency="AED",
            time_zone="Asia/Dubai",
            locale=code,
            owner_email=EMAIL,
            owner_name="Rania Haddad",
            password=PASSWORD,
        )
        await house.close()

    asyncio.run(make())


@pytest.fixture(params=list(OFFERED))
def person(request: pytest.FixtureRequest, addresses: Addresses, tmp_path: Path) -> Iterator[Person]:
    """The owner of a new firm, at the sign-in of a product that runs in processes of its own."""
    code, keys = request.param, new_entry("k1")
    a_firm(addresses, keys, code)
    port = a_free_port()
    address = f"http://127.0.0.1:{port}"
    env = environment(addresses, keys, BURSAR_BASE_URL=address, BURSAR_DATA_DIR=str(tmp_path / "data"))
    with ExitStack() as stack:
        serving = ("serve", "--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(a_process(*serving, env=env, log=tmp_path / "web.log"))
        stack.enter_context(a_process("worker", env=env, log=tmp_path / "worker.log"))
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = chrome.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
        context.add_cookies([{"name": "bursar_language", "value": code, "url": address}])
        page, complaints = context.new_page(), list[str]()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        wait_for(address)
        yield Person(page, address, code, complaints)
        chrome.close()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SinkProcess]:
    with a_sink_process(tmp_path / "mails") as sink:
        yield sink


def a_sheet() -> bytes:
    due = (datetime.now(UTC) - timedelta(days=20)).date().isoformat()
    rows = (
        f"INV-1,Noor Fashion,noor@customer.example,en,1250.00,AED,{due}",
        f"INV-2,Noor Fashion,noor@customer.example,en,300.00,AED,{due}",
        f"INV-3,دار القمر,qamar@customer.example,ar,99.90,AED,{due}",
        f"INV-4,Nowhere LLC,,en,10.00,AED,{due}",
    )
    return "\n".join(("Invoice,Customer,Email,Language,Amount,Currency,Due", *rows)).encode()


def test_from_a_sheet_to_the_money(person: Person, sink: SinkProcess):
    sign_in(person)
    connect_a_mailbox(person, sink)
    import_the_sheet(person)
    release_a_campaign(person)
    mails = sink.messages()
    assert sorted(mail["recipients"] for mail in mails) == [
        ["noor@customer.example"],
        ["qamar@customer.example"],
    ]
    record_a_payment(person)


def sign_in(person: Person) -> None:
    person.goes("/")
    person.finds_nothing_wrong()
    person.types(email=EMAIL, password=PASSWORD)
    person.presses("Sign in")
    person.sees(person.says("Four steps to the first reminder"))
    person.finds_nothing_wrong()


def connect_a_mailbox(person: Person, sink: SinkProcess) -> None:
    person.goes("/sending-accounts/new")
    person.types(
        address="billing@wt.example", display_name="Working Title", host="127.0.0.1", port=str(sink.port)
    )
    person.page.locator("#field-tls").select_option("none")
    person.types(batch_size="50", batch_interval="0")
    person.presses("Try it out and connect")
    person.sees(person.says("Connected: it can send."))
    person.finds_nothing_wrong()


def import_the_sheet(person: Person) -> None:
    person.goes("/imports/new")
    person.chooses("kind", "invoices")
    sheet = {"name": "open.csv", "mimeType": "text/csv", "buffer": a_sheet()}
    person.page.locator("#field-file").set_input_files([sheet])  # pyright: ignore[reportArgumentType]  a payload
    person.presses("Go on")
    person.page.wait_for_url(re.compile(r"/columns$"), timeout=SOON_MS)
    person.finds_nothing_wrong()
    person.presses("Check the rows")
    person.page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}$"), timeout=SOON_MS)
    person.finds_nothing_wrong()
    person.presses("Apply it")
    person.agrees()
    applied = person.page.locator(
        ".page-head .sign", has_text=languages.words_of(person.code).pgettext("import", "Applied")
    )
    for _ in range(60):
        person.page.wait_for_timeout(500)
        if applied.count():
            break
        person.page.reload()
    expect(applied).to_be_visible()


def release_a_campaign(person: Person) -> None:
    person.goes("/campaigns/new")
    person.types(name="November")
    expect(person.page.locator("#estimate .estimate-figure strong")).to_have_text("2", timeout=SOON_MS)
    person.chooses("source", "numbers")
    person.types(invoices="INV-1\nINV-99")
    expect(person.page.locator("#estimate .estimate-figure strong")).to_have_text("1", timeout=SOON_MS)
    person.sees(person.says("no such invoice"))
    person.chooses("source", "filter")
    person.finds_nothing_wrong()
    person.presses("Preview the messages")
    look_at_the_messages(person)
    person.page.get_by_role("link", name=person.says("Release"), exact=True).click()
    person.page.locator("#field-any_hour").check()  # this test runs at any hour
    person.finds_nothing_wrong()
    person.presses("Release")
    person.agrees()
    person.page.wait_for_url(re.compile(r"/campaigns/[0-9a-f-]{36}$"))
    watch_it_finish(person)


def look_at_the_messages(person: Person) -> None:
    expect(person.page.locator(".message-line")).to_have_count(2)
    person.finds_nothing_wrong()
    person.page.locator(".message-line", has_text="noor@customer.example").click()
    frame = person.page.frame_locator(".mail-frame")
    expect(frame.get_by_text("INV-1").first).to_be_visible(timeout=SOON_MS)
    person.page.get_by_role("link", name=person.says("As plain text")).click()
    expect(person.page.locator(".mail-text")).to_contain_text("INV-2")


def watch_it_finish(person: Person) -> None:
    """Without a reload: what changes, comes by itself."""
    done = languages.words_of(person.code).pgettext("campaign", "Completed")
    expect(person.page.locator(".page-head .sign")).to_contain_text(done, timeout=SOON_MS)
    expect(person.page.locator("[sse-swap=progress] .progress-figures")).to_contain_text("2 / 2")
    person.finds_nothing_wrong()


def record_a_payment(person: Person) -> None:
    campaign = person.page.url
    person.goes("/invoices?q=INV-1")
    person.page.get_by_role("link", name="INV-1", exact=True).click()
    person.page.get_by_role("link", name=person.says("Record a payment"), exact=True).click()
    person.types(amount="1250.00")
    person.finds_nothing_wrong()
    person.presses("Record the payment")
    person.page.wait_for_url(re.compile(r"/(payments|invoices|customers)/"))
    person.page.goto(campaign)
    expect(person.page.locator(".figure-card").first).to_contain_text("1,250.00")
    person.finds_nothing_wrong()
