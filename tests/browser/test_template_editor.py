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


def test_the_preview_follows_what_is_typed(editor: Page):
    frame = editor.frame_locator("iframe[name=preview]")
    expect(frame.get_by_text("هدى سالم")).to_be_visible()

    editor.locator("#field-customer").select_option(index=1)
    expect(frame.get_by_text("هدى سالم")).to_have_count(0)

    editor.locator("#field-body").fill("<p>{{ customer.name }}</p>")
    expect(editor.locator("#checked")).to_contain_text("The message must name")

    editor.locator(".merge-tag", has_text="tenant.name").click()
    assert editor.locator("#field-body").input_value().endswith("{{ tenant.name }}")
    assert editor.url.endswith("locale=ar")
