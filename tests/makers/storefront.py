"""Makers of a shop front: a product in processes of its own with a till at a simulated Stripe, and offers to click on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bursar import app
from bursar.billing.tills.connecting import connect_till
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.kinds import AgentRole
from bursar.core.settings import load_settings
from bursar.core.work import Work
from bursar.house import House
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.payment_links import create_link
from bursar.onboarding.preferences import change_onboarding_settings
from bursar.tenancy.tenants import find_tenant
from dev.browser import browser as chromium
from tests.browser.test_gallery import FLAGS
from tests.makers.api import footprint
from tests.makers.catalog import a_product
from tests.makers.person import a_firm, a_free_port, a_process, wait_for
from tests.makers.tenancy import an_agent
from tests.payments import StripeProcess
from tests.processes import environment

T = TypeVar("T")

TERMS = "We begin when we have your payment.\n\nWhat the authority asks for is yours to bring. " * 8


@dataclass(frozen=True, slots=True)
class Storefront:
    """`product` is sold there. `chrome` is shared, contexts are not."""

    address: str
    addresses: Addresses
    keyring: Keyring
    tenant: UUID
    product: UUID
    chrome: Browser
    settings: dict[str, Any]

    def does(self, act: Callable[[House], Awaitable[T]]) -> T:
        """Something that happens in the firm, on the database that its processes use."""
        return _does(self.addresses, self.keyring, self.settings, act)

    def offer(self, email: str, **given: Any) -> str:
        """The address of a new offer's page."""

        async def act(house: House) -> str:
            async with house.office.work(self.tenant) as work:
                made = await create_link(work, NewLink(self.product, email, **given))
            return self.address + OFFER_PATH + made.token

        return self.does(act)

    def works(self, act: Callable[[Work], Awaitable[T]]) -> T:
        async def inside(house: House) -> T:
            async with house.office.work(self.tenant) as work:
                return await act(work)

        return self.does(inside)

    def marks(self) -> dict[str, str]:
        """Every row of the firm."""
        return self.does(lambda house: footprint(house, self.tenant))

    def context(self, width: int, height: int = 860, **given: Any) -> BrowserContext:
        return self.chrome.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **given
        )


def _does(
    addresses: Addresses, keyring: Keyring, settings: dict[str, Any], act: Callable[[House], Awaitable[T]]
) -> T:
    """In a thread of its own: Playwright has a loop running in this one."""

    async def run() -> T:
        house = app.build(load_settings(**settings), addresses=addresses, keyring=keyring)
        try:
            return await act(house)
        finally:
            await house.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, run()).result()


@contextmanager
def a_storefront(addresses: Addresses, stripe: StripeProcess, folder: Path) -> Iterator[Storefront]:
    keys, port = new_entry("k1"), a_free_port()
    address = f"http://127.0.0.1:{port}"
    pages = stripe.told["pages_url"].partition("://")[2]
    settings = {"stripe_url": stripe.told["url"], "checkout_hosts": (pages,), "private_hosts": "127.0.0.0/8"}
    a_firm(addresses, keys, "en")
    keyring = Keyring.parse(keys)

    async def open_shop(house: House) -> tuple[UUID, UUID]:
        tenant = await find_tenant(house.office, "working-title")
        owner = await an_agent(house.office, tenant, AgentRole.OWNER)
        async with house.office.work(tenant) as work:
            product = await a_product(
                work,
                minor=4_500_00,
                name="Company formation in Dubai",
                name_local="تأسيس شركة في دبي",
                description="A trade licence, a visa and a bank account, in about three weeks.",
                included=["Trade licence for one year", "Residence visa", "Help with the bank account"],
                included_local=["رخصة تجارية لمدة سنة", "تأشيرة إقامة", "المساعدة في فتح حساب مصرفي"],
            )
            await change_onboarding_settings(
                work,
                {"terms_text": TERMS, "terms_version": "2026-11", "contact_email": "ask@firm.example"},
            )
        key = stripe.account["test_key"]
        await connect_till(house.office, house.tills, tenant, owner, key=key, webhook_secret="whsec_shop")
        return tenant, product

    tenant, product = _does(addresses, keyring, settings, open_shop)
    env = environment(
        addresses, keys, BURSAR_BASE_URL=address, BURSAR_DATA_DIR=str(folder / "data"), **stripe.settings
    )
    with ExitStack() as stack:
        serving = ("serve", "--host", "127.0.0.1", "--port", str(port))
        stack.enter_context(a_process(*serving, env=env, log=folder / "web.log"))
        stack.enter_context(a_process("worker", env=env, log=folder / "worker.log"))
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        wait_for(address)
        yield Storefront(address, addresses, keyring, tenant, product, chrome, settings)
        chrome.close()
