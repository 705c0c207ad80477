"""A firm with a mailbox and customers, whom its portal lets in by mail; and their browsers."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from httpx2 import AsyncClient, Response

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from bursar.house import House
from bursar.onboarding.orders import NewOrder, create_order
from bursar.tenancy.jobs import send_sign_in_link
from bursar.tenancy.queries.tenants import take_slug
from bursar.tenancy.tables import tenants
from tests.makers.billing import an_invoice, pay
from tests.makers.catalog import a_product
from tests.makers.staff import ADDRESS, a_browser
from tests.makers.story import Story, a_story
from tests.makers.tenancy import a_customer

LINK = re.compile(rf"{re.escape(ADDRESS)}(/portal/[a-z0-9-]+/enter/[A-Za-z0-9_-]+)")
HUDA = "huda@noor.example"


@dataclass(frozen=True, slots=True)
class Portal:
    """One firm, and a browser of somebody whom it has not let in yet."""

    story: Story
    slug: str
    web: AsyncClient

    @property
    def house(self) -> House:
        return self.story.house

    @property
    def home(self) -> str:
        return f"/portal/{self.slug}"

    def work(self) -> Any:
        return self.house.office.work(self.story.tenant_id)

    async def customer(self, **given: Any) -> UUID:
        async with self.work() as work:
            return await a_customer(work, **{"email": HUDA, "company_name": "Noor Trading", **given})

    async def ask(self, email: str = HUDA, **given: Any) -> Response:
        return await self.web.post(self.home, data={"email": email}, **given)

    async def deliver(self) -> list[str]:
        """The mails that were asked for go out; the links in all that ever arrived, in order."""
        await self.write()
        await self.story.pump().run_until_idle()
        return [link for mail in self.story.messages() for link in set(LINK.findall(_text(mail)))]

    async def write(self) -> None:
        """The job's turn: the mails that were asked for are in the queue."""
        async with self.house.office.directory() as work:
            wanted = sa.text(
                "delete from procrastinate_jobs where task_name = 'tenancy.send_sign_in_link' returning args"
            )
            jobs = list(await work.db.scalars(wanted))
        context = cast("Any", SimpleNamespace(additional_context={"office": self.house.office}))
        for arguments in jobs:
            await send_sign_in_link.func(context, **arguments)

    async def sign_in(self, email: str = HUDA) -> AsyncClient:
        """A browser in which the link of a fresh mail was used."""
        await self.ask(email)
        link = (await self.deliver())[-1]
        browser = a_browser(self.house)
        answer = await browser.post(link)
        assert answer.status_code == 303, answer.text
        return browser

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.story.tenant_id).order_by(table.c.id)
            return list(await work.db.execute(found))


def _text(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content()


@asynccontextmanager
async def a_portal(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, **given: Any
) -> AsyncIterator[Portal]:
    async with a_story(addresses, clock, keyring, **given) as story:
        yield Portal(story, await open_portal(story.house, story.tenant_id), a_browser(story.house))


@dataclass(frozen=True, slots=True)
class Room:
    """A portal with its customer inside."""

    portal: Portal
    huda: UUID
    browser: AsyncClient

    async def get(self, below: str) -> str:
        answer = await self.browser.get(f"{self.portal.home}/{below}")
        assert answer.status_code == 200, (below, answer.status_code, answer.headers.get("location"))
        return answer.text.replace("\N{NO-BREAK SPACE}", " ")

    async def post(self, below: str, **typed: str) -> tuple[int, str]:
        answer = await self.browser.post(f"{self.portal.home}/{below}", data=typed)
        return answer.status_code, answer.headers.get("location", answer.text)

    async def invoice(self, **given: Any) -> UUID:
        async with self.portal.work() as work:
            return await an_invoice(work, of=self.huda, **given)

    async def today(self, days: int = 0) -> str:
        async with self.portal.work() as work:
            return (work.today + timedelta(days=days)).isoformat()


@asynccontextmanager
async def a_room(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, folder: Path, **settings: Any
) -> AsyncIterator[Room]:
    async with a_portal(addresses, clock, keyring, more={"data_dir": folder, **settings}) as portal:
        huda = await portal.customer(full_name="Huda Salem")
        yield Room(portal, huda, await portal.sign_in())


async def open_portal(house: House, tenant_id: UUID) -> str:
    """The firm's name in addresses, known to the directory."""
    async with house.office.work(tenant_id) as work:
        found = sa.select(tenants.c.slug).where(tenants.c.tenant_id == tenant_id)
        slug = (await work.db.scalars(found)).one()
    async with house.office.directory() as work:
        await work.db.execute(take_slug(slug, tenant_id))
    return slug


async def something_of_everything(work: Work, customer: UUID, called: str) -> dict[str, str]:
    """What a customer can have, by the names that paths of the portal give to ids."""
    invoice = await an_invoice(work, of=customer, minor=250_00)
    await make_promise(work, invoice, promised_for=work.today)
    contested = await an_invoice(work, of=customer, minor=70_00)
    await open_dispute(work, contested, reason=DisputeReason.OTHER, statement=f"{called} ordered grey ones")
    settled = await an_invoice(work, of=customer, minor=90_00, state=InvoiceState.ISSUED)
    await pay(work, settled, 90_00, reference=f"Transfer of {called}")
    product = await a_product(work, name=f"Setup {called}", included=[f"Fees of {called}"])
    order = await create_order(work, NewOrder(customer, product))
    return {"invoice_id": str(invoice), "order_id": str(order), "customer_id": str(customer)}
