"""Payments by webhook over 20 firms: stored and answered, then applied with all that follows from them.

`python -m benchmarks.webhooks [--size N] [--seconds S] [--json]`. Each payment is for an order of its own, told by one
signed event whose text is decisive. Four figures, in an embedded database with fsync on:

stored      verified on the raw bytes and committed before it is answered, 200 at a time, no HTTP
answer      the same over HTTP, 200 requests a second at a web process of its own: how long 99 of 100 wait at most
applied     by the worker's job, five firms at a time: order paid, customer active, invoice issued with its number and
            paid, receipt and welcome ordered, journal written
limit       the same inbounds by hand-written SQL, set by set, and the same rows of the application copied set by set by
            hand-written SQL into firms that stand as these did, with every constraint, index, trigger and policy on
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.bare_webhooks import BareWebhooks, text_of_store
from benchmarks.ground import TENANT, Ground, heard, run, say, settle_down
from benchmarks.over_http import answers
from bursar.billing.tables import checkout_sessions, invoices, payments
from bursar.billing.tills import applying
from bursar.billing.tills.inbounds import Inbox
from bursar.billing.tills.tills import hook_path
from bursar.core.clock import SystemClock
from bursar.core.money import Money
from bursar.core.tables import inbounds
from bursar.core.work import Work
from bursar.house import House
from bursar.onboarding.orders import NewOrder, create_order
from bursar.onboarding.tables import orders
from bursar.outbox.tables import sends
from bursar.worker.main import calm_collector
from tests.makers import story
from tests.makers.catalog import a_product
from tests.makers.hooks import a_till, an_event, signature
from tests.makers.tenancy import a_customer

FIRMS = 20
AT_ONCE = 200
PAID = "checkout.session.completed"
JOBS_AT_ONCE = 5

Told = tuple[UUID, str, bytes, str]
"""Firm, token of the address, body, signature."""


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    async with Ground(SystemClock()) as house:
        each = max(arguments.size // FIRMS, 1)
        firms = [await a_firm(house, each) for _ in range(FIRMS)]
        told = [one for firm in firms for one in firm[1]]
        size = len(told)
        waits = await answers(house, firms[0][0], arguments.seconds)
        await apply(house, [firms[0][0]])  # what came over HTTP means nothing
        bare = BareWebhooks(house, [tenant for tenant, _ in firms])
        await asyncio.to_thread(bare.stand_beside)
        settle_down(house)
        calm_collector()
        stored = await store(house, told)
        limit_stored = await bare.store(AT_ONCE)
        with heard(house) as texts:
            applied = await apply(house, [tenant for tenant, _ in firms])
        await check(house, [tenant for tenant, _ in firms], each)
        limit_applied = await bare.apply(applying.A_SET)

    say("STORED, OURS\n" + text_of_store() + "\nAPPLIED, OURS\n" + ";\n".join(dict.fromkeys(texts)))
    say("\nBY HAND\n" + ";\n".join(bare.texts))
    for name, took in (
        ("stored", stored),
        ("stored by hand", limit_stored),
        ("applied", applied),
        ("applied by hand", limit_applied),
    ):
        say(f"{name}: {size:,} in {took:.2f} s, {size / took:,.0f} a second")
    return {
        "size": size,
        "per_second": round(size / applied),
        "limit_ratio": round(applied / limit_applied, 2),
        "stored_per_second": round(size / stored),
        "stored_limit_ratio": round(stored / limit_stored, 2),
        "p50_ms": round(1000 * waits[len(waits) // 2], 1),
        "p99_ms": round(1000 * waits[int(len(waits) * 0.99)], 1),
    }


async def a_firm(house: House, each: int) -> tuple[UUID, list[Told]]:
    """One with a till, a mailbox, a product, and so many orders that wait for their money."""
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"b-{tenant_id.hex[:8]}"})
    async with house.office.work(tenant_id) as work:
        await story.an_account(work, 1)
        await story.the_library(work)
        till_id = await a_till(work)
        token = hook_path(work, "stripe", till_id).rpartition("/")[2]
        product = await a_product(work)
        await work.db.execute(
            sa.text(
                "update tenants set legal_name = name, tax_number = '100123456700003', subdivision = 'DXB'"
            )
        )
    told: list[Told] = []
    async with house.office.work(tenant_id) as work:
        for _ in range(each):
            body = await an_order(work, till_id, product)
            told.append((tenant_id, token, body, signature(body, work.now)))
    return tenant_id, told


async def an_order(work: Work, till_id: UUID, product_id: UUID) -> bytes:
    """That waits for its money, with an open page; the event that says it was paid."""
    customer = await a_customer(work, state="pending")
    order_id = await create_order(work, NewOrder(customer, product_id, price=Money(100_00, "AED")))
    row = (await work.db.execute(sa.select(orders).where(orders.c.id == order_id))).one()
    checkout, mark = uuid4(), uuid4().hex
    values = {
        "id": checkout,
        "customer_id": customer,
        "till_id": till_id,
        "about_type": "order",
        "about_id": order_id,
        "attempt": 1,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "session_id": f"cs_test_{mark}",
        "expires_at": work.now,
        "state": "open",
    }
    await work.db.execute(sa.insert(checkout_sessions).values(tenant_id=work.tenant_id, **values))
    session = {
        "id": f"cs_test_{mark}",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": row.amount_minor,
        "currency": row.currency.lower(),
        "livemode": False,
        "client_reference_id": checkout.hex,
        "payment_intent": f"pi_{mark}",
        "customer_details": {"email": "payer@example.com", "name": "A Payer"},
        "metadata": {"padding": "x" * 1_500},  # as long as Stripe's own
    }
    return json.dumps(an_event(PAID, session, work.now)).encode()


async def store(house: House, told: Sequence[Told]) -> float:
    """Seconds until all were answered, so many at a time."""
    inbox = Inbox(house.office, house.till_desk)
    queue = iter(told)

    async def one_after_another() -> None:
        for _, token, body, header in queue:
            await inbox.receive(token, body, header)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    took = time.perf_counter() - began
    await inbox.close()
    return took


async def apply(house: House, tenants: Sequence[UUID]) -> float:
    """Seconds of the job, firms side by side as a worker runs them."""
    room = asyncio.Semaphore(JOBS_AT_ONCE)

    async def one(tenant_id: UUID) -> None:
        async with room:
            await applying.apply_waiting(house.cashier, house.till_desk, tenant_id)

    began = time.perf_counter()
    await asyncio.gather(*map(one, tenants))
    return time.perf_counter() - began


async def check(house: House, tenants: Sequence[UUID], each: int) -> None:
    """Every payment once, with all that follows."""
    for tenant_id in tenants:
        async with house.office.work(tenant_id, read_only=True) as work:

            async def count(table: sa.Table, *chosen: sa.ColumnElement[bool], work: Work = work) -> int:
                mine = sa.select(sa.func.count()).where(table.c.tenant_id == work.tenant_id, *chosen)
                return (await work.db.scalars(mine)).one()

            found = {
                "orders": await count(orders, orders.c.state == "paid"),
                "invoices": await count(invoices, invoices.c.state == "paid"),
                "payments": await count(payments),
                "receipts and welcomes": await count(sends) // 2,
                "inbounds": await count(
                    inbounds,
                    inbounds.c.kind == PAID,
                    inbounds.c.handled_at.is_not(None),
                    inbounds.c.error.is_(None),
                ),
            }
        assert found == dict.fromkeys(found, each), found


if __name__ == "__main__":
    run(
        main,
        size=2_000,
        seconds={"type": int, "default": 10, "help": "how long webhooks come over HTTP"},
    )
