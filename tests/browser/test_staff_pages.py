"""The staff pages over a whole season, in a real browser: nobody is shut out, nothing is wider than a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Request, Route, expect, sync_playwright

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
    page.get_by_text("4,037.50").wait_for()  # a firm without a tax number charges none on a new line
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


def test_a_change_that_is_on_its_way_is_not_asked_for_twice(
    chrome: Browser, season: tuple[str, dict[str, str]]
):
    address, pages = season
    page = pictures.signed_in(chrome, address, "en", *pictures.SIZES["desktop"])
    page.goto(address + pages["payment-new"])
    asked: list[Route] = []

    def keep_waiting(route: Route) -> None:
        asked.append(route)

    page.route("**/payments", keep_waiting)
    page.locator("#field-reference").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)  # time for one more request to show itself

    assert len(asked) == 1
    asked[0].abort()
    page.context.close()


def test_a_message_asked_for_while_another_is_on_its_way_is_the_one_shown(
    chrome: Browser, season: tuple[str, dict[str, str]]
):
    address, pages = season
    page = pictures.signed_in(chrome, address, "en", *pictures.SIZES["desktop"])
    page.goto(address + pages["campaign-review"])
    held: list[Route] = []

    def keep_until_both_are_asked(route: Route) -> None:
        held.append(route)
        if len(held) == 2:
            held[0].continue_()

    def then_answer_the_other(finished: Request) -> None:
        if len(held) == 2 and finished == held[0].request:
            held[1].continue_()

    page.route("**/messages/*", keep_until_both_are_asked)
    page.on("requestfinished", then_answer_the_other)
    lines = page.locator(".message-line")
    lines.nth(1).click()
    lines.nth(2).click()

    expect(page.locator("#message .message-place")).to_contain_text("Message 3 of")
    page.context.close()


def test_escape_closes_what_is_open_and_gives_the_keyboard_back(
    chrome: Browser, season: tuple[str, dict[str, str]]
):
    address, pages = season
    page = pictures.signed_in(chrome, address, "en", *pictures.SIZES["desktop"])
    page.goto(address + pages["campaign-review"])

    switch = page.locator("details.switch summary")
    switch.press("Enter")
    assert page.locator("details.switch").get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert page.locator("details.switch").get_attribute("open") is None
    assert switch.evaluate("one => one === document.activeElement")

    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcuts").is_visible()
    page.context.close()


@pytest.mark.parametrize("failure", ["gone", "broken"])
def test_a_part_that_could_not_be_fetched_says_so(
    chrome: Browser, season: tuple[str, dict[str, str]], failure: str
):
    address, pages = season
    page = pictures.signed_in(chrome, address, "en", *pictures.SIZES["desktop"])
    page.goto(address + pages["customers"])
    page.route(
        "**/customers?**",
        lambda route: route.abort() if failure == "gone" else route.fulfill(status=502, body="Bad gateway"),
    )

    page.locator(".filter-search input").fill("noor")

    page.locator(".toast-line", has_text="That did not work").wait_for()
    assert page.locator("#results tbody tr").count() > 1  # what was there stays
    page.context.close()


def test_the_current_tab_is_in_sight_on_a_phone(chrome: Browser, season: tuple[str, dict[str, str]]):
    address, pages = season
    for code in ("en", "ar"):
        page = pictures.signed_in(chrome, address, code, *pictures.SIZES["phone"])
        page.goto(address + pages["api-keys"])
        box = page.locator(".tabs [aria-current]").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= pictures.SIZES["phone"][0]
        page.context.close()
