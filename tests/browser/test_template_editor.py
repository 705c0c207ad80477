"""The editor of templates in a browser: the preview follows what is typed, a tag goes where the cursor stands."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from dev.browser import browser as chromium
from dev.pictures import FLAGS, product, signed_in

pytestmark = [pytest.mark.browser]


@pytest.fixture
def editor() -> Iterator[Page]:
    with product() as (address, pages), sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = signed_in(chrome, address, "en", 1280, 860)
        page.goto(address + pages["template-arabic"])
        yield page
        chrome.close()


def test_blocks_are_moved_and_added_by_keyboard_and_the_preview_follows(editor: Page):
    frame = editor.frame_locator("iframe[name=preview]")
    expect(frame.get_by_text("هدى سالم")).to_be_visible()
    kinds = editor.locator(".block > input[name$=-kind]")
    before = kinds.evaluate_all("all => all.map(one => one.value)")

    editor.locator("button[value='down:b0']").press("Enter")
    expect(editor.locator("button[value='down:b1']")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(editor.locator("button[value='down:b2']")).to_be_focused()
    after = kinds.evaluate_all("all => all.map(one => one.value)")
    assert after == [*before[1:3], before[0], *before[3:]]

    editor.locator("#b-add").select_option("heading")
    editor.locator("button[value='add']").press("Enter")
    heading = editor.locator(f"#b{len(before)}-text")
    expect(heading).to_be_focused()
    heading.fill("حسابكم ")
    editor.locator("#tag-search").fill("firm's address")
    expect(editor.locator("#merge-tags li:visible")).to_have_count(1)
    editor.locator("#merge-tags button:visible").click()
    assert heading.input_value() == "حسابكم {{ tenant.address }}"
    expect(frame.locator("h1", has_text="حسابكم مكتب 12")).to_be_visible()
    expect(editor.locator("#checked")).to_contain_text("ربما لم تنتبهوا إلى ذلك.")

    stage = editor.locator("iframe[name=preview]")
    editor.get_by_text("Phone", exact=True).click()
    expect(stage).to_have_css("width", "375px")


def test_the_preview_follows_what_is_typed(editor: Page):
    editor.get_by_role("link", name="HTML").click()
    frame = editor.frame_locator("iframe[name=preview]")
    expect(frame.get_by_text("هدى سالم")).to_be_visible()

    editor.locator("#field-customer").select_option(index=1)
    expect(frame.get_by_text("هدى سالم")).to_have_count(0)

    editor.locator("#field-body").fill("<p>{{ customer.name }}</p>")
    expect(editor.locator("#checked")).to_contain_text("The message must name")

    editor.locator("#field-body").focus()
    editor.locator(".merge-tag", has_text="tenant.name").click()
    assert editor.locator("#field-body").input_value().endswith("{{ tenant.name }}")
    assert "locale=ar" in editor.url
