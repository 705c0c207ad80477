"""A firm that sells by link: a product, offers of it, a till at a simulated Stripe, and a browser of somebody unknown."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import AsyncClient, Response

from bursar.billing.tills.connecting import connect_till
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.queries import work as queries
from bursar.core.work import Actor
from bursar.house import House
from bursar.onboarding.addresses import OFFER_PATH, ORDER_PATH, order_token
from bursar.onboarding.link_fields import NewLink
from bursar.onboarding.payment_links import create_link
from bursar.onboarding.tables import orders, payment_links
from bursar.tenancy.portal_links import add_link, texts_of
from bursar.tenancy.portal_sign_in import Presented, enter
from bursar.tenancy.prospects import draw_id
from bursar.tenancy.tables import customers
from bursar.web.guest_cookies import PORTAL_COOKIE
from tests.makers.api import footprint
from tests.makers.catalog import a_product
from tests.makers.staff import a_browser, a_house
from tests.makers.tenancy import a_tenant, an_agent
from tests.payments import StripeProcess

HUDA = "huda@noor.example"
TYPED: Mapping[str, str] = {
    "full_name": "Huda Noor",
    "company_name": "Noor Trading",
    "phone": "+971501234567",
    "address_lines": "Villa 7, Al Wasl Road",
    "city": "Dubai",
}
"""What somebody types who takes an offer; a page says the rest itself (`filled_in`)."""
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def plain(text: str) -> str:
    """A page as it is read: spaces of every kind are one."""
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " "))


def bare(answer: Response, path: str) -> tuple[int, str]:
    """An answer without what differs between any two requests; a page may say its own address."""
    return answer.status_code, re.sub(r'nonce="[^"]*"|[0-9a-f]{16}', "", answer.text.replace(path, ""))


@dataclass(slots=True)
class Counter:
    """The firm, and somebody in front of it. `owner` may do everything in it."""

    house: House
    clock: FixedClock
    web: AsyncClient
    tenant: UUID
    owner: Actor
    product: UUID

    def work(self) -> Any:
        return self.house.office.work(self.tenant)

    async def offer(self, email: str = HUDA, **given: Any) -> str:
        """The path of a new offer's page."""
        async with self.work() as work:
            made = await create_link(work, NewLink(**{"product_id": self.product, "email": email, **given}))
        return OFFER_PATH + made.token

    async def filled_in(self, path: str, **typed: str) -> dict[str, str]:
        """The form of an offer's page as it is sent by whoever opens it now."""
        page = await self.web.get(path)
        assert page.status_code == 200, page.status_code
        return {**dict(HIDDEN.findall(page.text)), **TYPED, **typed}

    async def take(self, path: str, **typed: str) -> Response:
        """Open an offer, fill in its form and send it."""
        return await self.web.post(path, data=await self.filled_in(path, **typed))

    async def an_order(self, **offered: Any) -> str:
        """The path of the page of an order that somebody has just made."""
        path = await self.offer(**offered)
        assert (await self.take(path)).status_code == 303
        return await self.order_path()

    async def order_path(self, *, version: int = 1) -> str:
        """Of the newest order."""
        order = (await self.rows(orders))[-1]
        return ORDER_PATH + order_token(self.house.keyring, self.tenant, order.id, link_version=version)

    async def comes_in(self, customer: UUID, *, tenant: UUID | None = None) -> None:
        """From here on this browser has a session of a customer at the portal of the firm, or of another."""
        firm = tenant or self.tenant
        async with self.house.office.work(firm) as work:
            link_id = await draw_id(work)
            await add_link(work, link_id, customer)
            token = (await texts_of(work, [link_id]))[link_id]
        session = await enter(self.house.office, Presented(firm, "", "", {}, "en"), token)
        self.web.cookies.set(PORTAL_COOKIE, session.token)

    async def put(self, table: sa.Table, **values: Any) -> None:
        """The newest row of a table as its room would have it."""
        newest = (await self.rows(table))[-1].id
        async with self.work() as work:
            await work.db.execute(queries.ANNOUNCE, {"event": "customer.edit", "because": None})
            mine = (table.c.tenant_id == self.tenant) & (table.c.id == newest)
            await work.db.execute(sa.update(table).where(mine).values(**values))

    async def rows(self, table: sa.Table) -> list[Any]:
        """The oldest first."""
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant).order_by(table.c.id)
            return list(await work.db.execute(found))

    async def marks(self) -> Any:
        return await footprint(self.house, self.tenant)

    async def states(self) -> dict[str, list[str]]:
        """Of links, customers and orders."""
        tables = (payment_links, customers, orders)
        return {table.name: [row.state for row in await self.rows(table)] for table in tables}


@asynccontextmanager
async def a_counter(
    addresses: Addresses,
    clock: FixedClock,
    keyring: Keyring,
    folder: Path,
    stripe: StripeProcess | None = None,
    **product: Any,
) -> AsyncIterator[Counter]:
    """Without a Stripe nobody can pay there."""
    settings: dict[str, Any] = {"data_dir": folder}
    if stripe is not None:
        stripe.clock(now=(clock.now() + timedelta(seconds=5)).timestamp())
        hosts = (stripe.told["pages_url"].partition("://")[2],)
        settings |= {
            "stripe_url": stripe.told["url"],
            "checkout_hosts": hosts,
            "private_hosts": "127.0.0.0/8",
        }
    async with a_house(addresses, clock, keyring, **settings) as house:
        tenant = await a_tenant(house.office)
        owner = await an_agent(house.office, tenant, AgentRole.OWNER)
        async with house.office.work(tenant) as work:
            made = {
                "name": "Company formation",
                "included": ["Licence", "Visa"],
                "minor": 4_500_00,
                **product,
            }
            sold = await a_product(work, **made)
        if stripe is not None:
            await connect_till(
                house.office,
                house.tills,
                tenant,
                owner,
                key=stripe.account["test_key"],
                webhook_secret="whsec_of_this_counter",
            )
        yield Counter(house, clock, a_browser(house), tenant, owner, sold)
