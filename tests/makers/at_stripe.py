"""A till whose Stripe is a process of its own: pages opened there, and what it has to tell, told to us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.ledger import discrepancies
from bursar.billing.states import PaidFor
from bursar.billing.tables import checkout_sessions
from bursar.billing.tills.checkouts import NewCheckout
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from tests.makers.billing import aed, an_invoice
from tests.makers.hooks import Counter, a_counter
from tests.makers.tenancy import a_customer
from tests.payments import StripeProcess


@asynccontextmanager
async def a_counter_at(
    stripe: StripeProcess, addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> AsyncIterator[Counter]:
    """Whatever is done there, the books agree with the ledger afterwards."""
    stripe.clock(now=(clock.now() + timedelta(seconds=5)).timestamp())
    given = {"account_id": stripe.account["id"], "key": stripe.account["test_key"]}
    async with a_counter(addresses, clock, keyring, stripe_url=stripe.told["url"], **given) as made:
        yield made
        async with made.house.office.work(made.tenant_id) as work:
            assert await discrepancies(work) == []


async def opened(counter: Counter, stripe: StripeProcess, minor: int = 100_00) -> tuple[UUID, str]:
    """An invoice with a page to pay it on; the invoice and Stripe's session."""
    async with counter.house.office.work(counter.tenant_id) as work:
        customer = await a_customer(work)
        invoice = await an_invoice(work, of=customer, minor=minor)

    async def begin(_work: Work) -> NewCheckout:
        return NewCheckout(
            about=PaidFor.INVOICE,
            about_id=invoice,
            customer_id=customer,
            amount=aed(minor),
            description="Invoice",
            locale="en",
            email="payer@example.com",
            success_url="https://firm.example/paid?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://firm.example/",
        )

    await counter.house.cashier.open(counter.tenant_id, begin)
    [row] = await counter.rows(checkout_sessions, checkout_sessions.c.about_id == invoice)
    return invoice, row.session_id


async def tell_all(
    counter: Counter,
    stripe: StripeProcess,
    *kinds: str,
    order: Random | None = None,
) -> None:
    """What Stripe has to tell, oldest first unless shuffled; only of these kinds, if any are named. And applied."""
    found = [one for one in reversed(stripe.events()) if not kinds or one["type"] in kinds]
    if order:
        order.shuffle(found)
    for event in found:
        assert await counter.tell(event) == 200
    await counter.apply()


async def states(counter: Counter, table: sa.Table) -> list[str]:
    return [row.state for row in await counter.rows(table)]
