"""The staff pages over a whole season, in a real browser: nobody is shut out, nothing is wider than a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from dev import pictures
from dev.browser import browser as chromium

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def season() -> Iterator[tuple[str, dict[str, str]]]:
    with pictures.product() as told:
        yield told


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=pictures.FLAGS)
        yield opened
        opened.close()


@pytest.mark.parametrize(("code", "size"), [("en", "desktop"), ("ar", "phone")])
def test_no_staff_page_shuts_anybody_out(
    chrome: Browser, season: tuple[str, dict[str, str]], code: str, size: str
):
    address, pages = season
    page = pictures.signed_in(chrome, address, code, *pictures.SIZES[size])
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    found: list[str] = []
    for name, path in pages.items():
        answer = page.goto(address + path)
        assert answer is not None
        assert answer.status == 200, (name, path, answer.status)
        found += [f"{name}: {said}" for said in pictures.problems(page, check=True)]
    page.context.close()

    assert found == []
    assert complaints == []


def test_a_draft_adds_up_while_one_types_and_grows_by_a_line(
    chrome: Browser, season: tuple[str, dict[str, str]]
):
    address, pages = season
    page = pictures.signed_in(chrome, address, "en", *pictures.SIZES["desktop"])
    page.goto(address + pages["draft-edit"])
    page.get_by_label("Line 1: quantity").fill("3")
    page.get_by_label("Line 1: quantity").press("Tab")
    page.get_by_text("3,937.50").wait_for()

    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Line 2: description").fill("Delivery")
    page.get_by_label("Line 2: unit price").fill("100")
    page.get_by_label("Line 2: unit price").press("Tab")
    page.get_by_text("4,042.50").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_url(f"{address}{pages['draft']}")
    assert page.get_by_text("Delivery").is_visible()
    page.context.close()


def test_signing_in_wrongly_keeps_what_was_typed(chrome: Browser, season: tuple[str, dict[str, str]]):
    address, _ = season
    page = chrome.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail").fill("nobody@workingtitle.example")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("is not right").wait_for()
    assert page.get_by_label("Password").input_value() == "not this one"
    page.close()
