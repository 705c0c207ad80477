"""Makers of orders: a firm with a till and a mailbox, what somebody ordered there, and what its provider says of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.billing.states import CheckoutState, PaymentStatus
from bursar.billing.tables import checkout_sessions, invoices, payments
from bursar.billing.tills.checkouts import declined, see
from bursar.billing.tills.ports import SeenCheckout
from bursar.core.clock import FixedClock
from bursar.core.keys import Keyring
from bursar.core.money import Money
from bursar.core.work import Office, Record, Work
from bursar.onboarding.orders import NewOrder, create_order
from bursar.onboarding.payment_links import claim_link
from bursar.onboarding.tables import orders, payment_links
from bursar.outbox.tables import sends
from bursar.outbox.template_library import install_library
from bursar.reactions import REACTIONS
from bursar.tenancy.tables import customers
from tests.makers.catalog import a_product
from tests.makers.hooks import a_till
from tests.makers.outbox import an_account
from tests.makers.payment_links import a_link
from tests.makers.tenancy import a_customer, a_tenant, events_of

NET, TAX, TOTAL = 200_00, 10_00, 210_00
"""Of an order whose product costs what nobody said otherwise, in minor units of the dirham."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A checkout of an order, and what the provider calls it."""

    id: UUID
    order_id: UUID
    session: str
    intent: str

    def told(self, **given: Any) -> SeenCheckout:
        """Gone through and paid, unless it is said otherwise."""
        told = {
            "session_id": self.session,
            "state": CheckoutState.COMPLETE,
            "payment_status": PaymentStatus.PAID,
            "amount": Money(TOTAL, "AED"),
            "live": False,
            "payment_intent": self.intent,
            **given,
        }
        return SeenCheckout(**told)


@dataclass(frozen=True, slots=True)
class Shop:
    """A firm that sells one thing. Its Works run the reactions, as those of the product do."""

    office: Office
    clock: FixedClock
    tenant_id: UUID
    till_id: UUID
    product_id: UUID

    def work(self, **how: Any) -> Any:
        return self.office.work(self.tenant_id, **how)

    async def customer(self, **given: Any) -> UUID:
        async with self.work() as work:
            return await a_customer(work, **{"state": "pending", "source": "payment_link", **given})

    async def order(self, *, by_link: bool = True, of: UUID | None = None, **given: Any) -> UUID:
        """Pending, of somebody who has just registered; the link that brought them is claimed."""
        customer = of or await self.customer()
        async with self.work() as work:
            link = None
            if by_link:
                link = (await a_link(work, product_id=self.product_id)).link_id
                await claim_link(work, link, customer)
            new = NewOrder(customer, self.product_id, payment_link_id=link, **given)
            return await create_order(work, new)

    async def checkout(self, order_id: UUID) -> Attempt:
        """The next attempt to pay, open at the provider."""
        async with self.work() as work:
            order = await the(work, orders, order_id)
            counted = sa.select(sa.func.count()).where(
                checkout_sessions.c.tenant_id == self.tenant_id, checkout_sessions.c.about_id == order_id
            )
            mark = uuid4().hex[:16]
            made = Attempt(uuid4(), order_id, f"cs_test_{mark}", f"pi_{mark}")
            row = {
                "id": made.id,
                "customer_id": order.customer_id,
                "till_id": self.till_id,
                "about_type": "order",
                "about_id": order_id,
                "attempt": (await work.db.scalars(counted)).one() + 1,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "session_id": made.session,
                "expires_at": work.now + timedelta(hours=23),
                "state": "open",
            }
            await work.db.execute(sa.insert(checkout_sessions).values(tenant_id=self.tenant_id, **row))
            return made

    async def see(self, *seen: tuple[Attempt, SeenCheckout]) -> None:
        async with self.work(cause="provider") as work:
            await see(work, [(attempt.id, told) for attempt, told in seen])

    async def paid(self, attempt: Attempt, **given: Any) -> None:
        await self.see((attempt, attempt.told(**given)))

    async def processing(self, attempt: Attempt) -> None:
        await self.see((attempt, attempt.told(payment_status=PaymentStatus.UNPAID)))

    async def failed(self, attempt: Attempt) -> None:
        await self.see((attempt, attempt.told(payment_status=PaymentStatus.FAILED)))

    async def expired(self, attempt: Attempt) -> None:
        told = attempt.told(state=CheckoutState.EXPIRED, payment_status=PaymentStatus.UNPAID)
        await self.see((attempt, told))

    async def other_amount(self, attempt: Attempt, minor: int = 150_00, currency: str = "AED") -> None:
        await self.see((attempt, attempt.told(amount=Money(minor, currency))))

    async def declined(self, attempt: Attempt) -> None:
        async with self.work(cause="provider") as work:
            await declined(work, [attempt.id])

    async def tell_of_payment(self, event: str, payment_id: UUID, customer_id: UUID) -> None:
        """What is told of a payment that was contested."""
        async with self.work(cause="provider") as work:
            await work.record(event, Record(payment_id, customer_id))

    async def paid_order(self, **given: Any) -> UUID:
        order_id = await self.order(**given)
        await self.paid(await self.checkout(order_id))
        return order_id

    async def row(self, table: sa.Table, row_id: UUID) -> sa.Row[Any]:
        async with self.work() as work:
            return await the(work, table, row_id)

    async def rows(self, table: sa.Table, *chosen: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant_id, *chosen).order_by(table.c.id)
            return list((await work.db.execute(found)).all())

    async def told_of(self, row_id: UUID) -> list[str]:
        async with self.work() as work:
            return await events_of(work, row_id)

    async def customer_of(self, order_id: UUID) -> tuple[str, str | None]:
        """State and reason of whose order it is."""
        row = await self.row(customers, (await self.row(orders, order_id)).customer_id)
        return row.state, row.suspended_reason

    async def link_of(self, order_id: UUID) -> sa.Row[Any]:
        return await self.row(payment_links, (await self.row(orders, order_id)).payment_link_id)

    async def mails(self, purpose: str) -> list[sa.Row[Any]]:
        return await self.rows(sends, sends.c.purpose == purpose)

    async def books(self) -> tuple[list[str], list[int]]:
        """The states of all invoices, and the amounts of all payments."""
        bills, money = await self.rows(invoices), await self.rows(payments)
        return [row.state for row in bills], [row.amount_minor for row in money]


async def the(work: Work, table: sa.Table, row_id: UUID) -> sa.Row[Any]:
    found = sa.select(table).where(table.c.tenant_id == work.tenant_id, table.c.id == row_id)
    return (await work.db.execute(found)).one()


@asynccontextmanager
async def a_shop(engine: Any, clock: FixedClock, keyring: Keyring, **tenant: Any) -> AsyncIterator[Shop]:
    office = Office(engine, clock, keyring, REACTIONS)
    tenant_id = await a_tenant(office, **tenant)
    async with office.work(tenant_id) as work:
        await install_library(work)
        await an_account(work, is_primary=True)
        till_id = await a_till(work)
        product_id = await a_product(work, name="Company formation", minor=NET)
    yield Shop(office, clock, tenant_id, till_id, product_id)
