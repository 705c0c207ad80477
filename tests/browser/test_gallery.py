"""Every component in a real browser, under the real policy: axe, console, width, keyboard, questions."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from bursar.web.languages import OFFERED
from dev import gallery
from dev.browser import browser as chromium

pytestmark = [pytest.mark.browser]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = (1360, 850), (390, 844)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    config = uvicorn.Config(gallery.create_gallery(), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chrome: Browser, complaints: list[str]) -> Iterator[Page]:
    opened = chrome.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, reduced_motion="reduce")
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()


def violations(page: Page) -> list[str]:
    found: Any = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
@pytest.mark.parametrize("code", OFFERED)
@pytest.mark.parametrize("name", gallery.NAMES)
def test_no_component_shuts_anybody_out(
    page: Page, address: str, complaints: list[str], name: str, code: str, size: tuple[int, int], theme: str
):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.context.add_cookies([{"name": "bursar_theme", "value": theme, "url": address}])
    page.goto(f"{address}/gallery/{name}?lang={code}")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert complaints == []


def test_progress_arrives_by_itself_and_ends(page: Page, address: str, complaints: list[str]):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "progress" in request.url else None)
    page.goto(f"{address}/gallery/parts")

    page.get_by_label("Sent").and_(page.locator("progress[value='60']")).wait_for()
    page.wait_for_timeout(3500)  # a closed source would be tried again after three seconds
    assert len(asked) == 1
    assert complaints == []


def test_slash_goes_to_the_search_and_a_question_mark_to_the_keys(page: Page, address: str):
    page.goto(f"{address}/gallery/today")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"

    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()


def test_the_first_tab_offers_to_skip_the_menu(page: Page, address: str):
    page.goto(f"{address}/gallery/today")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_dangerous_act_waits_for_the_answer(page: Page, address: str):
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    page.goto(f"{address}/gallery/invoice")

    page.get_by_role("button", name="Cancel it").click()
    assert page.get_by_role("heading", name="Cancel this invoice?").is_visible()
    page.get_by_role("button", name="Not now").click()
    assert posted == []

    page.get_by_role("button", name="Cancel it").click()
    page.locator("#confirm").get_by_role("button", name="Cancel it").click()
    page.wait_for_url("**/invoices/1/cancellation")
    assert len(posted) == 1


def test_the_menu_of_a_row_is_not_cut_off_by_its_table(page: Page, address: str):
    page.goto(f"{address}/gallery/invoices")
    page.get_by_role("button", name="More actions").last.click()
    entry = page.get_by_role("button", name="Cancel it").last
    entry.wait_for(state="visible")
    entry.click(trial=True)


def test_typing_a_filter_replaces_only_the_list(page: Page, address: str):
    page.goto(f"{address}/gallery/invoices")
    page.route("**/invoices?q=*", lambda route: route.fulfill(body='<div id="results">one hit</div>'))
    page.get_by_role("searchbox", name="Number or customer").fill("noor")
    page.get_by_text("one hit").wait_for()
    assert page.get_by_role("searchbox", name="Number or customer").input_value() == "noor"


def test_the_theme_chosen_stays(page: Page, address: str):
    page.goto(f"{address}/gallery/today")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_a_customers_page_changes_its_language_without_javascript(chrome: Browser, address: str):
    plain = chrome.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{address}/gallery/public")
    page.locator("summary").click()
    page.get_by_role("button", name="العربية").click()
    assert page.locator("html").get_attribute("dir") == "rtl"
    plain.close()
