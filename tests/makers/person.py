"""Makers of somebody at a browser: a product in processes of its own, and the hands that use its pages."""

import asyncio
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bursar import app
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.settings import load_settings
from bursar.tenancy.tenants import create_tenant
from bursar.web import languages
from dev.browser import browser as chromium
from tests.browser.test_gallery import FLAGS, violations
from tests.processes import SinkProcess, environment

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


@contextmanager
def a_person(addresses: Addresses, code: str, tmp_path: Path, **settings: str) -> Iterator[Person]:
    """The owner of a new firm, at the sign-in of a product that runs in processes of its own, with these settings."""
    keys = new_entry("k1")
    a_firm(addresses, keys, code)
    port = a_free_port()
    address = f"http://127.0.0.1:{port}"
    data = str(tmp_path / "data")
    env = environment(addresses, keys, BURSAR_BASE_URL=address, BURSAR_DATA_DIR=data, **settings)
    with ExitStack() as stack:
        serving = ("serve", "--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(a_process(*serving, env=env, log=tmp_path / "web.log"))
        stack.enter_context(a_process("worker", env=env, log=tmp_path / "worker.log"))
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        person = somebody(chrome, address, code)
        wait_for(address)
        yield person
        chrome.close()


def somebody(chrome: Browser, address: str, code: str, *, width: int = 1280, height: int = 860) -> Person:
    """Who sits before a screen of their own, so many pixels wide, and shares no cookie with anybody."""
    context = chrome.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.add_cookies([{"name": "bursar_language", "value": code, "url": address}])
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    return Person(page, address, code, complaints)


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
