"""Fifth part: offers become orders. One pays at once, one is declined and pays on the way back, one leaves."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bursar.demo.browser import Browser
from bursar.demo.partners import (
    DECLINED,
    FIRM,
    INCLUDED,
    INCLUDED_LOCAL,
    LEAVES,
    NAME,
    NAME_LOCAL,
    PAYS,
    PRICE,
    PRODUCT,
    PROSPECTS,
    Prospect,
)
from bursar.demo.preparing import MAILBOX_PASSWORD, found_firm, make_key
from bursar.demo.sending import TooSlow
from bursar.demo.stage import Stage

MINE = ("--tenant", FIRM.slug)
COPIES = 10
LONGEST_S, LOOK_EVERY_S = 30, 0.2


def sell(stage: Stage) -> None:
    stage.teller.chapter("Majlis Partners sell by link")
    _move_in(stage)
    _open_till(stage)
    offers = _offer(stage)
    stage.teller.chapter("Three people get an offer")
    _pays(stage, offers[PAYS.email])
    _is_declined(stage, offers[DECLINED.email])
    _leaves(stage, offers[LEAVES.email])
    _hear_twice(stage)
    _look_in(stage)
    _count(stage)


def _move_in(stage: Stage) -> None:
    with stage.teller.step("bursar tenant create and edit, api-key create, sending-account add") as found:
        found_firm(stage, FIRM)
        address = ("--address-line", "Gate Village 4", "--city", "Dubai", "--subdivision", "DXB")
        named = ("--legal-name", "Majlis Partners FZ-LLC", "--tax-number", "100765432100003")
        with ThreadPoolExecutor(3) as pool:
            edited = pool.submit(stage.line, "tenant", "edit", FIRM.slug, *named, *address)
            mailbox = pool.submit(_connect_mailbox, stage)
            stage.open_api(FIRM.slug, make_key(stage, FIRM)["key"])
            found += [edited.result()["legal_name"], mailbox.result()["address"]]
        numbers = {"strategy": "yearly", "prefix": "MP-", "due_days": 14, "auto_issue": True}
        stage.api(FIRM.slug).patch("/billing-settings", numbers)


def _connect_mailbox(stage: Stage) -> dict[str, Any]:
    words = ("sending-account", "add", "smtp", *MINE, "--address", FIRM.mailbox, "--display-name", FIRM.name)
    server = ("--host", "127.0.0.1", "--port", str(stage.smtp_port), "--no-tls")
    sign_in = ("--username", FIRM.mailbox, "--password-env", "MAILBOX_PASSWORD")
    pace = ("--batch-size", "20", "--batch-interval", "0.5")
    return stage.line(*words, *server, *sign_in, *pace, MAILBOX_PASSWORD=MAILBOX_PASSWORD)


def _open_till(stage: Stage) -> None:
    """The key first: its answer says to which address Stripe is to report, and Stripe then tells the secret."""
    with stage.teller.step("bursar till add stripe, webhook-secret, and product add") as found:
        till = stage.line(
            "till", "add", "stripe", *MINE, "--key-env", "STRIPE_KEY", STRIPE_KEY=stage.stripe.key
        )
        secret = stage.stripe.listen(till["hook"])
        signed = ("till", "webhook-secret", till["id"], *MINE, "--webhook-secret-env", "STRIPE_SECRET")
        with ThreadPoolExecutor(2) as pool:
            product = pool.submit(_make_product, stage)
            till = stage.line(*signed, STRIPE_SECRET=secret)
            found += [f"{till['money']} money, {till['state']}", product.result()["code"]]
    stage.sold.till = till["state"]


def _make_product(stage: Stage) -> dict[str, Any]:
    words = ("product", "add", PRODUCT, *MINE, "--name", NAME, "--name-local", NAME_LOCAL, "--price", PRICE)
    inside = [word for line in INCLUDED for word in ("--included", line)]
    inside += [word for line in INCLUDED_LOCAL for word in ("--included-local", line)]
    return stage.line(*words, *inside)


def _offer(stage: Stage) -> dict[str, str]:
    """The address of each offer, by whom it is made to; one of them gets it by mail too."""
    with stage.teller.step("bursar payment-link create --mail, three times") as found:
        with ThreadPoolExecutor(3) as pool:
            made = list(pool.map(lambda one: _link(stage, one), PROSPECTS))
        stage.sold.links = len(made)
        found += [one.name for one in PROSPECTS]
    return {prospect.email: one["address"] for prospect, one in zip(PROSPECTS, made, strict=True)}


def _link(stage: Stage, to: Prospect) -> dict[str, Any]:
    words = ("payment-link", "create", *MINE, "--product", PRODUCT, "--email", to.email, "--name", to.name)
    return stage.line(*words, "--language", to.locale, "--mail")


def _register(browser: Browser, offer: str, who: Prospect) -> None:
    """Leads to the page on which a card is asked for."""
    browser.open(offer)
    path = offer.rpartition("/p/")[2]
    named = {"full_name": who.name, "company_name": who.company, "phone": who.phone}
    browser.press(path, **named, address_lines=who.street, city=who.city)


def _pays(stage: Stage, offer: str) -> None:
    browser = stage.browser()
    with stage.teller.step("Huda registers and pays by card") as found:
        _register(browser, offer, PAYS)
        browser.press("/c/pay/", card="paid")
        order = _until(stage, PAYS, "paid")
        stage.sold.came_back = browser.url.startswith(stage.base_url)
        found += [_sum(order), f"invoice {order['invoice_number']}"]


def _is_declined(stage: Stage, offer: str) -> None:
    browser = stage.browser()
    with stage.teller.step(
        "Sami's card is declined; he goes away, comes back to his order and pays"
    ) as found:
        _register(browser, offer, DECLINED)
        declined = browser.press("/c/pay/", card="insufficient_funds")
        stage.sold.declined = "insufficient funds" in declined
        [session] = stage.stripe.sessions(DECLINED.email)
        browser.open(session["session"]["cancel_url"])
        stage.sold.after_decline = _order(stage, DECLINED)["state"]
        browser.press("/checkout")
        browser.press("/c/pay/", card="paid")
        order = _until(stage, DECLINED, "paid")
        found += [_sum(order), f"{len(stage.stripe.sessions(DECLINED.email))} checkouts, one payment"]


def _leaves(stage: Stage, offer: str) -> None:
    browser = stage.browser()
    with stage.teller.step("Elena registers, sees the price and leaves") as found:
        _register(browser, offer, LEAVES)
        [session] = stage.stripe.sessions(LEAVES.email)
        browser.open(session["session"]["cancel_url"])
        stage.sold.left = _order(stage, LEAVES)["state"]
        found.append(f"her order is {stage.sold.left}")


def _hear_twice(stage: Stage) -> None:
    with stage.teller.step("Stripe tells of Huda's payment again and again") as found:
        [session] = stage.stripe.sessions(PAYS.email)
        told = stage.stripe.report_again(session["session"]["id"], COPIES)
        stage.stripe.until_quiet()
        found.append(f"{told} reports more")


def _look_in(stage: Stage) -> None:
    """By the link that is mailed to her, which a page asks for and a button uses."""
    browser = stage.browser()
    with stage.teller.step(
        "Huda signs in by a link in her mail, and sees her order and her invoice"
    ) as found:
        browser.open(f"{stage.base_url}/portal/{FIRM.slug}")
        browser.press(f"/portal/{FIRM.slug}", email=PAYS.email)
        browser.open(_mailed(stage, PAYS.email, "/enter/"))
        browser.press("/enter/")
        number = _order(stage, PAYS)["invoice_number"]
        stage.sold.seen = number in browser.open(f"{stage.base_url}/portal/{FIRM.slug}/invoices")
        found.append(number)


def _mailed(stage: Stage, address: str, part: str) -> str:
    """The link of this kind in the newest mail that has one."""

    def link() -> str | None:
        numbers = stage.mailboxes.numbers().get(address, ())
        links = (each for number in numbers for each in stage.mailboxes.mail(number)["links"])
        return next((each["url"] for each in links if part in each["url"]), None)

    return _wait(stage, link, f"No mail with {part} came to {address}.")


def _count(stage: Stage) -> None:
    """Two sets of books: Stripe's and ours."""
    api, sold = stage.api(FIRM.slug), stage.sold
    with stage.teller.step("Both sets of books, over the API and at Stripe") as found:
        orders = list(api.each("/orders", limit=100))
        sold.states = sorted(one["state"] for one in orders)
        invoices = list(api.each("/invoices", limit=100))
        sold.invoices = sorted(one["state"] for one in invoices)
        sold.ours = sorted(one["amount"]["amount"] for one in api.each("/payments", limit=100))
        told = [one for who in PROSPECTS for one in stage.stripe.sessions(who.email)]
        charged = [one["charge"]["amount"] for one in told if one["charge"] and one["charge"]["paid"]]
        sold.theirs = sorted(f"{amount / 100:.2f}" for amount in charged)
        sends = list(api.each("/sends", limit=100))
        sold.welcomes = sum(one["purpose"] == "welcome" for one in sends)
        sold.customers = {one["email"]: one["state"] for one in api.each("/customers", limit=100)}
        found += [f"{len(sold.ours)} payments here", f"{len(sold.theirs)} charges there"]


def _order(stage: Stage, who: Prospect) -> dict[str, Any]:
    names = {who.name, who.company}
    found = [one for one in stage.api(FIRM.slug).each("/orders", limit=100) if one["customer_name"] in names]
    if len(found) != 1:
        raise TooSlow(f"{len(found)} orders of {who.name}")
    return found[0]


def _until(stage: Stage, who: Prospect, state: str) -> dict[str, Any]:
    def order() -> dict[str, Any] | None:
        found = _order(stage, who)
        return found if found["state"] == state and found["invoice_number"] else None

    return _wait(stage, order, f"The order of {who.name} did not become {state}.")


def _wait(stage: Stage, look: Any, words: str) -> Any:
    """What `look` finds. Raises `TooSlow`, or `Died` if a process ended meanwhile."""
    until = time.monotonic() + LONGEST_S
    while (found := look()) is None:
        if time.monotonic() > until:
            raise TooSlow(words)
        stage.children.look_after()
        time.sleep(LOOK_EVERY_S)  # between two looks at other processes' work
    return found


def _sum(order: dict[str, Any]) -> str:
    total = order["total"]
    return f"{total['currency']} {total['amount']}"
