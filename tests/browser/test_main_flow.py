"""The main job as a person does it, in a browser, over real processes: a sheet, a campaign, its mails, the money."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from bursar.web import languages
from tests.makers.person import SOON_MS, Person, connect_a_mailbox, sign_in
from tests.processes import SinkProcess

pytestmark = [pytest.mark.browser]


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
