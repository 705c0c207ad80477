"""From a payment link to a paid order as people do it, in browsers, over real processes: one pays, one is declined."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from bursar.core.database import Addresses
from bursar.web.languages import OFFERED
from tests.makers.person import SOON_MS, Person, a_person, connect_a_mailbox, sign_in, somebody
from tests.payments import StripeProcess
from tests.processes import SinkProcess

pytestmark = [pytest.mark.browser]

SCREENS = {"desktop": (1280, 860), "phone": (390, 844)}
SECRET = "whsec_0123456789abcdef0123456789abcdef"
A_MINUTE_S = 90  # the clock's turn is once a minute
BY_CARD = {"en": "By card", "ar": "بالبطاقة"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = json.dumps({"week": {day: ["00:00", "23:59"] for day in DAYS}})
"""This test runs at any hour of any day, and reminders have hours."""
KNOWN = """legal_name = 'Working Title FZ-LLC', tax_number = '100123456700003', city = 'Dubai', subdivision = 'DXB',
    address_lines = array['Office 5, Al Wasl Road']"""
"""Without these a firm in Dubai may not issue an invoice."""


@dataclass
class Firm:
    """One that sells by payment links: its owner, its mail server, its provider and its database."""

    owner: Person
    sink: SinkProcess
    stripe: StripeProcess
    database: str
    read: set[int] = field(default_factory=set)

    def says_in_sql(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database, autocommit=True) as db:
            done = db.execute(statement.encode())
            return done.fetchall() if done.description else []

    def mail_to(self, address: str, seconds: float = 40) -> str:
        """The next message that nobody read yet, as its plain text."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for mail in self.sink.messages():
                if mail["recipients"] == [address] and mail["number"] not in self.read:
                    self.read.add(mail["number"])
                    message = message_from_bytes(self.sink.raw(mail["number"]), policy=policy.default)
                    body = message.get_body(("plain",))
                    assert body is not None
                    return body.get_content()
            time.sleep(0.3)
        raise AssertionError(f"no mail to {address}")

    def link_to(
        self, address: str, wanted: Callable[[str], bool] = lambda _: True, seconds: float = 40
    ) -> str:
        """The first link of ours in the next message of which it is wanted."""
        while True:
            text = self.mail_to(address, seconds)
            links = re.findall(re.escape(self.owner.address) + r"/[^\s<>\"]+", text)
            if found := [link for link in links if wanted(text)]:
                return found[0]


@pytest.fixture(params=list(OFFERED))
def firm(
    request: pytest.FixtureRequest,
    addresses: Addresses,
    tmp_path: Path,
    sink: SinkProcess,
    stripe: StripeProcess,
) -> Iterator[Firm]:
    database = addresses.owner.set(drivername="postgresql").render_as_string(hide_password=False)
    with a_person(addresses, request.param, tmp_path, **stripe.settings) as owner:
        firm = Firm(owner, sink, stripe, database)
        firm.says_in_sql(f"update tenants set {KNOWN}, calendar = '{ALWAYS}'")
        sign_in(owner)
        connect_a_mailbox(owner, sink)
        connect_the_till(firm)
        add_a_product(owner)
        yield firm


def test_from_a_link_to_a_paid_order(firm: Firm):
    prospects = {screen: f"{screen}@prospect.example" for screen in SCREENS}
    for screen, address in prospects.items():
        send_a_link(firm.owner, address)
        somebody_there = at_a_screen(firm, screen)
        register(firm, somebody_there, address)
        pay(somebody_there)
        is_thanked(somebody_there)
        sign_in_to_the_portal(firm, somebody_there, address)

    for screen in SCREENS:
        late = f"late-{screen}@prospect.example"
        send_a_link(firm.owner, late)
        somebody_there = at_a_screen(firm, screen)
        register(firm, somebody_there, late)
        is_declined_and_leaves(somebody_there)
    four_days_pass(firm)
    for screen in SCREENS:
        late = f"late-{screen}@prospect.example"
        somebody_there = at_a_screen(firm, screen)
        pay_from_the_reminder(firm, somebody_there, late)

    everybody_paid_once(firm)


# The firm


def connect_the_till(firm: Firm) -> None:
    owner = firm.owner
    owner.goes("/tills/new")
    owner.types(key=firm.stripe.account["test_key"])
    owner.finds_nothing_wrong()
    owner.presses("Try it out and connect")
    owner.page.wait_for_url(re.compile(r"/tills/[0-9a-f-]{36}"))
    hook = owner.page.locator("bdi.server-words").first.inner_text()
    assert hook.startswith(f"{owner.address}/hooks/stripe/")
    firm.stripe.listen(hook, secret=SECRET)
    owner.types(webhook_secret=SECRET)
    owner.presses("Save")
    owner.finds_nothing_wrong()


def add_a_product(owner: Person) -> None:
    owner.goes("/products/new")
    owner.types(
        name="Company formation", code="FORM", price="4500.00", included="Trade licence\nBank account"
    )
    owner.page.locator("#field-currency").select_option("AED")
    owner.presses("Save")
    owner.page.wait_for_url(re.compile(r"/products/[0-9a-f-]{36}"))
    owner.finds_nothing_wrong()


def send_a_link(owner: Person, address: str) -> None:
    """In the owner's own language, by mail."""
    owner.goes("/payment-links/new")
    owner.page.locator("#field-product").select_option(index=1)
    owner.types(email=address, name="Lina Haddad")
    owner.page.locator("#field-locale").select_option(owner.code)
    owner.page.locator("#field-mail").check()
    owner.presses("Make the link")
    expect(owner.page.locator("#link-address")).to_contain_text(f"{owner.address}/p/")
    owner.finds_nothing_wrong()


def four_days_pass(firm: Firm) -> None:
    firm.says_in_sql(
        """update orders set created_at = created_at - interval '4 days', look_at = now() - interval '1 minute'
            where state = 'pending'"""
    )


def everybody_paid_once(firm: Firm) -> None:
    """One order, one activation, one invoice with its money, one welcome each."""
    orders = firm.says_in_sql("select state, hold_reason from orders")
    assert orders == [("paid", None)] * 4
    assert firm.says_in_sql("select state from customers") == [("active",)] * 4
    assert firm.says_in_sql("select state from invoices") == [("paid",)] * 4
    assert firm.says_in_sql("select source from payments") == [("stripe",)] * 4
    assert firm.says_in_sql("select count(*) from sends where purpose = 'welcome'") == [(4,)]
    assert firm.says_in_sql("select state from payment_links") == [("used",)] * 4
    owner = firm.owner
    owner.goes("/orders")
    expect(owner.page.locator("tbody tr")).to_have_count(4)
    owner.finds_nothing_wrong()


# Their customers


def at_a_screen(firm: Firm, screen: str) -> Person:
    chrome = firm.owner.page.context.browser
    assert isinstance(chrome, Browser)
    width, height = SCREENS[screen]
    return somebody(chrome, firm.owner.address, firm.owner.code, width=width, height=height)


def register(firm: Firm, person: Person, address: str) -> None:
    person.page.goto(firm.link_to(address))
    expect(person.page.locator("html")).to_have_attribute("lang", person.code)
    expect(person.page.locator(".hosted-goods li")).to_have_count(2)
    person.finds_nothing_wrong()
    name = "لينا حداد" if person.code == "ar" else "Lina Haddad"
    person.types(full_name=name, phone="+971501234567", address_lines="Villa 7, Al Wasl Road", city="Dubai")
    if person.page.locator("#field-terms").count():
        person.page.locator("#field-terms").check()
    person.page.locator(".hosted-register button").click()
    person.page.wait_for_url(f"{firm.stripe.told['pages_url']}/**", timeout=SOON_MS)
    expect(person.page.locator("#email")).to_have_value(address)


def pay(person: Person) -> None:
    person.page.locator("button.main").click()
    person.page.wait_for_url(f"{person.address}/pay/**", timeout=SOON_MS)


def is_thanked(person: Person) -> None:
    """Without a reload: the page asks by itself until it knows."""
    expect(person.page.locator("#standing .sign")).to_have_attribute("data-tone", "good", timeout=SOON_MS)
    person.finds_nothing_wrong()


def is_declined_and_leaves(person: Person) -> None:
    person.page.locator("details.cards summary").click()
    person.page.locator("button[name=card][value=declined]").click()
    expect(person.page.locator("button.main")).to_be_visible()
    person.page.locator("a.back").click()
    person.page.wait_for_url(f"{person.address}/pay/**", timeout=SOON_MS)
    expect(person.page.locator("#standing form button")).to_be_visible()
    person.finds_nothing_wrong()


def sign_in_to_the_portal(firm: Firm, person: Person, address: str) -> None:
    person.page.locator(".hosted-acts a").last.click()
    person.types(email=address)
    person.finds_nothing_wrong()
    person.page.locator(".sheet-form button").click()
    expect(person.page.locator(".quiet").first).to_be_visible()
    person.page.goto(firm.link_to(address, lambda text: "/enter/" in text))
    person.finds_nothing_wrong()
    person.page.locator("form[action*='/enter/'] button").click()
    expect(person.page.locator(".notice[data-tone=good]")).to_be_visible(timeout=SOON_MS)  # nothing is to do
    person.finds_nothing_wrong()
    for place in ("orders", "invoices", "payments"):
        person.page.locator(f".portal-menu a[href*='/{place}']").click()
        expect(person.page.locator("main bdi", has_text="4,").first).to_be_visible()
        person.finds_nothing_wrong()
    expect(person.page.locator("main")).to_contain_text(BY_CARD[person.code])


def pay_from_the_reminder(firm: Firm, person: Person, address: str) -> None:
    """From the second message on: the first was the offer."""
    person.page.goto(firm.link_to(address, seconds=A_MINUTE_S))
    expect(person.page.locator("#standing form button")).to_be_visible()
    person.finds_nothing_wrong()
    person.page.locator("#standing form button").click()
    person.page.wait_for_url(f"{firm.stripe.told['pages_url']}/**", timeout=SOON_MS)
    pay(person)
    is_thanked(person)
