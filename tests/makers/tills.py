"""A firm with a till at a Stripe that is a process of its own, and what people do about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus, TillState
from bursar.billing.tables import checkout_sessions, invoices, tills
from bursar.billing.tills.checkouts import NewCheckout
from bursar.billing.tills.connecting import connect_till
from bursar.billing.tills.ports import SeenCheckout
from bursar.core.clock import FixedClock, SystemClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import SYSTEM, Actor, Work
from bursar.house import House
from tests.makers.billing import aed, an_invoice
from tests.makers.staff import a_house
from tests.makers.tenancy import a_customer, a_tenant, an_agent
from tests.payments import StripeProcess

WEBHOOK_SECRET = "whsec_of_this_firm"
BACK = "https://firm.example/back"
GONE_THROUGH = ("paid", "unpaid", "failed")


async def a_till(work: Work, state: TillState = TillState.ACTIVE, **given: Any) -> UUID:
    """One that takes test money, with its secrets in the vault unless it is disabled."""
    row: dict[str, Any] = {
        "provider": "stripe",
        "account_id": f"acct_{uuid4().hex[:12]}",
        "live": False,
        "is_primary": state is TillState.ACTIVE,
        "state": state,
    }
    if state is not TillState.DISABLED:
        row["secret_id"] = await work.vault.put("till_key", b"sk_test_of_this_firm")
    if state in (TillState.ACTIVE, TillState.NEEDS_REAUTH):
        row["webhook_secret_id"] = await work.vault.put("till_webhook_secret", WEBHOOK_SECRET.encode())
    insert = sa.insert(tills).values(tenant_id=work.tenant_id, **{**row, **given})
    return (await work.db.scalars(insert.returning(tills.c.id))).one()


async def a_checkout(
    work: Work,
    till_id: UUID | None = None,
    *,
    minor: int = 100_00,
    state: CheckoutState = CheckoutState.OPEN,
    payment_status: PaymentStatus = PaymentStatus.UNPAID,
    about: PaidFor = PaidFor.INVOICE,
    about_id: UUID | None = None,
    **given: Any,
) -> UUID:
    """For a new invoice of that much, unless something else is named."""
    mark = uuid4().hex
    row = {
        "till_id": till_id or await a_till(work),
        "customer_id": given.pop("customer_id", None) or await a_customer(work),
        "about_type": about,
        "attempt": 1,
        "amount_minor": minor,
        "currency": "AED",
        "session_id": f"cs_test_{mark}",
        "payment_intent": f"pi_{mark}" if state is CheckoutState.COMPLETE else None,
        "expires_at": work.now + timedelta(hours=23),
        "payment_status": payment_status,
        "state": state,
        **given,
    }
    row["about_id"] = about_id or await an_invoice(work, of=row["customer_id"], minor=minor)
    insert = sa.insert(checkout_sessions).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(checkout_sessions.c.id))).one()


async def money_under_way(work: Work, invoice: UUID) -> UUID:
    """Somebody went through a checkout for it, by a method that takes days."""
    owner = sa.select(invoices.c.customer_id).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice
    )
    return await a_checkout(
        work,
        await a_till(work, is_primary=False),
        about_id=invoice,
        customer_id=(await work.db.scalars(owner)).one(),
        state=CheckoutState.COMPLETE,
    )


async def the_checkout(work: Work, checkout_id: UUID) -> sa.Row[Any]:
    found = sa.select(checkout_sessions).where(
        checkout_sessions.c.tenant_id == work.tenant_id, checkout_sessions.c.id == checkout_id
    )
    return (await work.db.execute(found)).one()


async def the_till(work: Work, till_id: UUID) -> sa.Row[Any]:
    found = sa.select(tills).where(tills.c.tenant_id == work.tenant_id, tills.c.id == till_id)
    return (await work.db.execute(found)).one()


def told(row: sa.Row[Any], what: str, **given: Any) -> SeenCheckout:
    """What a provider says of a checkout: open, paid, unpaid (complete, money under way), failed, expired."""
    states = {"open": CheckoutState.OPEN, "expired": CheckoutState.EXPIRED}
    statuses = {"paid": PaymentStatus.PAID, "failed": PaymentStatus.FAILED}
    values: dict[str, Any] = {
        "session_id": row.session_id,
        "state": states.get(what, CheckoutState.COMPLETE),
        "payment_status": statuses.get(what, PaymentStatus.UNPAID),
        "amount": Money(row.amount_minor, row.currency),
        "live": False,
        "reference": row.id.hex,
        "payment_intent": (row.payment_intent or f"pi_{row.id.hex}") if what in GONE_THROUGH else None,
    }
    return SeenCheckout(**{**values, **given})


@dataclass(slots=True)
class Firm:
    """A firm, its owner, one customer, and the Stripe that it has an account at."""

    house: House
    tenant: UUID
    owner: Actor
    customer: UUID
    stripe: StripeProcess
    clock: FixedClock

    def later(self, **by: float) -> None:
        """Our time goes on; Stripe's does not."""
        self.clock.move_to(self.clock.now() + timedelta(**by))

    @property
    def key(self) -> str:
        return self.stripe.account["test_key"]

    def work(self, actor: Actor = SYSTEM) -> Any:
        return self.house.office.work(self.tenant, actor=actor)

    async def connect(self, **given: Any) -> UUID:
        """By its owner, with the webhook's secret; of the first account, taking test money."""
        row = {"key": self.key, "webhook_secret": WEBHOOK_SECRET, **given}
        return await connect_till(self.house.office, self.house.tills, self.tenant, self.owner, **row)

    async def till(self, till_id: UUID) -> sa.Row[Any]:
        async with self.work() as work:
            return await the_till(work, till_id)

    async def invoice(self, minor: int = 100_00, **given: Any) -> UUID:
        async with self.work() as work:
            return await an_invoice(work, of=self.customer, minor=minor, **given)

    async def open(self, invoice: UUID, minor: int = 100_00) -> str:
        """A payment page for it; its address."""

        async def begin(_work: Work) -> NewCheckout:
            return NewCheckout(
                about=PaidFor.INVOICE,
                about_id=invoice,
                customer_id=self.customer,
                amount=aed(minor),
                description="Invoice",
                locale="en",
                email="huda@noor.example",
                success_url=BACK,
                cancel_url=BACK,
            )

        return await self.house.cashier.open(self.tenant, begin)

    async def rows(self, table: sa.Table, *chosen: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant, *chosen).order_by(table.c.id)
            return list(await work.db.execute(found))

    async def checkouts(self) -> list[sa.Row[Any]]:
        return await self.rows(checkout_sessions)


@asynccontextmanager
async def a_firm(
    addresses: Addresses,
    keyring: Keyring,
    stripe: StripeProcess,
    folder: Path,
) -> AsyncIterator[Firm]:
    """It is now, as at Stripe; its clock stands still until `later` moves it."""
    clock = FixedClock(SystemClock().now())
    settings = {
        "stripe_url": stripe.told["url"],
        "checkout_hosts": stripe.settings["BURSAR_CHECKOUT_HOSTS"],
        "data_dir": folder,
    }
    async with a_house(addresses, clock, keyring, **settings) as house:
        tenant = await a_tenant(house.office)
        owner = await an_agent(house.office, tenant, AgentRole.OWNER)
        async with house.office.work(tenant) as work:
            customer = await a_customer(work, email="huda@noor.example", locale="en")
        yield Firm(house, tenant, owner, customer, stripe, clock)
