"""One firm and its Stripe: what happens there on one side, what the firm hears of it through its own door on the other."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import sqlalchemy as sa

from bursar import app
from bursar.billing.states import PaidFor
from bursar.billing.tables import checkout_sessions, credit_notes, invoices, payments, refunds
from bursar.billing.tills import applying
from bursar.billing.tills.connecting import connect_till
from bursar.billing.tills.tills import hook_path
from bursar.core.clock import Clock, FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.settings import load_settings
from bursar.core.tables import inbounds
from bursar.house import House
from bursar.onboarding.orders import NewOrder, checkout_of, create_order
from bursar.onboarding.payment_links import claim_link
from bursar.onboarding.tables import orders, payment_links
from bursar.outbox.tables import sends
from bursar.outbox.template_library import install_library
from bursar.sandbox.stripe import courier, signing
from bursar.tenancy.tables import customers
from tests.makers.catalog import a_product
from tests.makers.outbox import an_account
from tests.makers.payment_links import a_link
from tests.makers.tenancy import a_customer, a_tenant, an_agent, events_of
from tests.payments import StripeProcess

SECRET = "whsec_of_this_story"
TOTAL = 210_00
"""Of an order with its tax, in minor units of the dirham."""
BASE = "http://127.0.0.1:8000"
A_DAY = timedelta(days=1)


@dataclass
class Sold:
    """An order, and the sessions that were opened for it at Stripe, the oldest first."""

    id: UUID
    customer_id: UUID
    link_id: UUID
    sessions: list[str] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class TillStory:
    house: House
    clock: Clock
    stripe: StripeProcess
    tenant_id: UUID
    till_id: UUID
    product_id: UUID
    hook: str
    door: httpx2.AsyncClient

    def work(self) -> Any:
        return self.house.office.work(self.tenant_id)

    async def order(self) -> Sold:
        """Of somebody who has just registered by a link."""
        async with self.work() as work:
            customer = await a_customer(work, state="pending", source="payment_link")
            link = (await a_link(work, product_id=self.product_id)).link_id
            await claim_link(work, link, customer)
            new = NewOrder(customer, self.product_id, payment_link_id=link)
            return Sold(await create_order(work, new), customer, link)

    async def tab(self, sold: Sold) -> str | None:
        """The session of a new page to pay on; None where our house opens none."""
        begin = partial(checkout_of, order_id=sold.id, base_url=BASE)
        try:
            url = await self.house.cashier.open(self.tenant_id, begin)
        except (Conflict, IllegalMove):
            return None
        sold.sessions.append(url.rpartition("/")[2])
        return sold.sessions[-1]

    def told(self, sold: Sold) -> list[dict[str, Any]]:
        """All that Stripe has said about this order, in the sequence in which it happened."""
        seen = [self.stripe.seen(session) for session in sold.sessions]
        intents = [one["intent"]["id"] for one in seen if one["intent"]]
        return self.stripe.events(object=[*sold.sessions, *intents])[::-1]

    def not_heard(self, sold: Sold) -> list[dict[str, Any]]:
        heard = {event["id"] for event in sold.heard}
        return [event for event in self.told(sold) if event["id"] not in heard]

    async def hear(self, sold: Sold, *events: Mapping[str, Any]) -> None:
        """Webhooks of these, as they come: signed now, each over its own bytes."""
        for event in events:
            body = courier.written({name: value for name, value in event.items() if name != "of"})
            header = signing.header([SECRET], int(self.clock.now().timestamp()), body)
            headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
            answer = await self.door.post(self.hook, content=body, headers=headers)
            assert answer.status_code == 200, answer.text
            sold.heard.append(dict(event))

    async def apply(self) -> int:
        return await applying.apply_waiting(self.house.cashier, self.house.till_desk, self.tenant_id)

    async def look(self, sold: Sold) -> None:
        """The page that a payer comes back to looks at Stripe."""
        await self.house.cashier.look_at_latest(self.tenant_id, PaidFor.ORDER, sold.id)

    async def until_quiet(self) -> None:
        """Everything is applied, also what had to wait for something else."""
        assert isinstance(self.clock, FixedClock)
        for _ in range(6):
            await self.apply()
            if not await self.waiting():
                return
            self.clock.advance(A_DAY / 4)  # what was put off is due
        raise AssertionError(f"still waiting: {await self.waiting()}")

    async def waiting(self) -> list[tuple[str, str]]:
        rows = await self.rows(inbounds, inbounds.c.handled_at.is_(None))
        return [(row.kind, row.error) for row in rows]

    async def rows(self, table: sa.Table, *chosen: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant_id, *chosen)
            return list((await work.db.execute(found.order_by(table.c.id))).all())

    async def stands(self, sold: Sold) -> dict[str, Any]:
        """Where it all ended, without ids and times."""
        whose = sold.customer_id
        [order] = await self.rows(orders, orders.c.id == sold.id)
        [customer] = await self.rows(customers, customers.c.id == whose)
        [link] = await self.rows(payment_links, payment_links.c.id == sold.link_id)
        bills = await self.rows(invoices, invoices.c.customer_id == whose)
        money = await self.rows(payments, payments.c.customer_id == whose)
        notes = await self.rows(credit_notes, credit_notes.c.customer_id == whose)
        back = await self.rows(refunds, refunds.c.customer_id == whose)
        mails = await self.rows(sends, sends.c.customer_id == whose)
        async with self.work() as work:
            told = await events_of(work, sold.id)
        return {
            "order": (order.state, order.hold_reason),
            "customer": (customer.state, customer.suspended_reason),
            "link": link.state,
            "activations": told.count("order.payment_confirmed"),
            "invoices": sorted(bill.state for bill in bills),
            "payments": sorted(one.amount_minor for one in money),
            "credit notes": sorted(one.amount_minor for one in notes),
            "refunds": sorted((one.amount_minor, one.state) for one in back),
            "welcomes": sum(one.purpose == "welcome" for one in mails),
        }

    async def attempts(self, sold: Sold) -> list[tuple[str, str]]:
        rows = await self.rows(checkout_sessions, checkout_sessions.c.about_id == sold.id)
        return [(row.state, row.payment_status) for row in rows]

    async def many_at_once(self, sold: Sold, events: Iterable[Mapping[str, Any]], *, copies: int) -> None:
        """Each so many times at the same moment, and several workers who apply them."""
        await asyncio.gather(*(self.hear(sold, event) for event in events for _ in range(copies)))
        await asyncio.gather(*(self.apply() for _ in range(5)))


@asynccontextmanager
async def a_till_story(
    addresses: Addresses, clock: Clock, keyring: Keyring, stripe: StripeProcess
) -> AsyncIterator[TillStory]:
    stripe.clock(now=clock.now().timestamp() + 5)
    settings = load_settings(stripe_url=stripe.told["url"], private_hosts="127.0.0.0/8")
    house = app.build(settings, clock=clock, addresses=addresses, keyring=keyring)
    try:
        tenant_id = await a_tenant(house.office)
        owner = await an_agent(house.office, tenant_id, AgentRole.OWNER)
        till_id = await connect_till(
            house.office,
            house.tills,
            tenant_id,
            owner,
            key=stripe.account["test_key"],
            webhook_secret=SECRET,
        )
        async with house.office.work(tenant_id) as work:
            await install_library(work)
            await an_account(work, is_primary=True)
            product_id = await a_product(work, name="Company formation", minor=200_00)
            hook = hook_path(work, "stripe", till_id)
        transport = httpx2.ASGITransport(app=app.site(house))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as door:
            yield TillStory(house, clock, stripe, tenant_id, till_id, product_id, hook, door)
    finally:
        await house.close()
