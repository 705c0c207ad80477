"""What a season takes at POP Trading: 420 invoices of 60 customers, from their sheet to 60 messages, in few clicks."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from bursar.web import languages
from tests.makers.person import SOON_MS, Person, connect_a_mailbox, sign_in
from tests.processes import SinkProcess

pytestmark = [pytest.mark.browser]

CUSTOMERS, EACH = 60, 7
MOST_CLICKS, MOST_FIELDS = 12, 3
LISTENS = """
addEventListener("pointerdown", (event) => event.isTrusted && pressed(), true);
addEventListener("change", () => changed(), true);
"""


@dataclass
class Hand:
    """What somebody did: every press of the mouse or a finger, every field that was given a value."""

    clicks: int = 0
    fields: int = 0

    def watch(self, page: Page) -> None:
        page.expose_function("pressed", self._press)
        page.expose_function("changed", self._change)
        page.add_init_script(LISTENS)

    def _press(self) -> None:
        self.clicks += 1

    def _change(self) -> None:
        self.fields += 1


def numbers_of(customer: int) -> list[str]:
    return [f"POP-{customer:02}-{one}" for one in range(1, EACH + 1)]


def the_sheet() -> bytes:
    """As a bookkeeping program writes it: a row an invoice, a third of the customers reading Arabic."""
    today = datetime.now(UTC).date()
    rows = [
        f"{number},Boutique {customer},pay{customer}@boutique.example,"
        f"{'ar' if customer % 3 == 0 else 'en'},{100 + place}.50,AED,{today - timedelta(days=3 + 9 * place)}"
        for customer in range(1, CUSTOMERS + 1)
        for place, number in enumerate(numbers_of(customer))
    ]
    return "\n".join(("Invoice number,Customer,Email,Language,Amount,Currency,Due date", *rows)).encode()


def test_a_season_goes_from_its_sheet_to_one_message_a_customer_in_few_clicks(
    person: Person, sink: SinkProcess
):
    hand = Hand()
    sign_in(person)
    connect_a_mailbox(person, sink)
    person.goes("/")

    hand.watch(person.page)
    person.goes("/")
    bring_the_sheet(person)
    release_it(person)

    assert hand.clicks <= MOST_CLICKS
    assert hand.fields <= MOST_FIELDS
    assert hand.clicks > 8, "the presses were not seen"
    watch_it_finish(person)
    mails = told_by_recipient(sink)
    assert Counter(len(found) for found in mails.values()) == {1: CUSTOMERS}
    for customer in range(1, CUSTOMERS + 1):
        [mail] = mails[f"pay{customer}@boutique.example"]
        assert mentioned(mail) == set(numbers_of(customer))


def bring_the_sheet(person: Person) -> None:
    page = person.page
    page.get_by_role("link", name=person.says("Import a sheet"), exact=True).first.click()
    with page.expect_file_chooser() as chooser:
        page.locator("#field-file").click()
    sheet = {"name": "pop-autumn.csv", "mimeType": "text/csv", "buffer": the_sheet()}
    chooser.value.set_files([sheet])  # pyright: ignore[reportArgumentType]  a payload
    person.presses("Go on")
    page.wait_for_url(re.compile(r"/columns$"), timeout=SOON_MS)
    person.presses("Check the rows")
    page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}$"), timeout=SOON_MS)
    person.presses("Apply it")
    person.agrees()
    remind = page.get_by_role("button", name=person.says("Remind these"), exact=True)
    expect(remind).to_be_visible(timeout=SOON_MS)
    person.finds_nothing_wrong()
    remind.click()


def release_it(person: Person) -> None:
    page = person.page
    expect(page.locator(".figures")).to_contain_text(str(CUSTOMERS), timeout=SOON_MS)
    person.finds_nothing_wrong()
    page.get_by_role("link", name=person.says("Release"), exact=True).click()
    page.locator("#field-any_hour").check()  # this test runs at any hour
    person.finds_nothing_wrong()
    person.presses("Release")
    person.agrees()
    page.wait_for_url(re.compile(r"/campaigns/[0-9a-f-]{36}$"), timeout=SOON_MS)


def watch_it_finish(person: Person) -> None:
    done = languages.words_of(person.code).pgettext("campaign", "Completed")
    expect(person.page.locator(".page-head .sign")).to_contain_text(done, timeout=2 * SOON_MS)
    person.finds_nothing_wrong()


def told_by_recipient(sink: SinkProcess) -> dict[str, list[EmailMessage]]:
    found: dict[str, list[EmailMessage]] = defaultdict(list)
    for kept in sink.messages():
        mail = cast("EmailMessage", message_from_bytes(sink.raw(kept["number"]), policy=policy.default))
        for recipient in kept["recipients"]:
            found[recipient].append(mail)
    return found


def mentioned(mail: EmailMessage) -> set[str]:
    body = mail.get_body(("plain",))
    assert body is not None
    return set(re.findall(r"POP-\d\d-\d", body.get_content()))
