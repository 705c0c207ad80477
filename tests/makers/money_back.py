"""What went back of a till's money, as Stripe tells of it."""

from typing import Any

from bursar.billing.tables import invoices
from bursar.billing.tills import moneyback
from bursar.core.tables import events
from bursar.integrations.stripe import shapes
from tests.makers.hooks import Checkout, Counter


async def a_paid_checkout(counter: Counter, **given: Any) -> Checkout:
    checkout = await counter.checkout(**given)
    await counter.completed(checkout)
    await counter.apply()
    return checkout


async def told(counter: Counter, kind: str, about: dict[str, Any]) -> None:
    """And applied."""
    assert await counter.tell(counter.event(kind, about)) == 200
    await counter.apply()
    assert [row.error for row in await counter.inbounds() if row.handled_at is None] == []


async def refunded(counter: Counter, about: dict[str, Any]) -> None:
    await told(counter, "refund.created", about)


async def the_invoice(counter: Counter, checkout: Checkout) -> tuple[str, int, int]:
    """Its state, what is open of it, and what went back."""
    [row] = await counter.rows(invoices, invoices.c.id == checkout.invoice_id)
    return row.state, row.balance_minor, row.refunded_minor


async def happened(counter: Counter, prefix: str) -> list[str]:
    return [row.type for row in await counter.rows(events, events.c.type.like(f"{prefix}%"))]


async def seen_refund(counter: Counter, checkout: Checkout, about: dict[str, Any]) -> None:
    """As if Stripe had been asked."""

    async with counter.house.office.work(counter.tenant_id) as work:
        seen = shapes.refund(about, live=False)
        await moneyback.see(work, counter.till_id, checkout.intent, [seen], [])


async def see_dispute(counter: Counter, checkout: Checkout, status: str, minor: int | None = None) -> None:

    async with counter.house.office.work(counter.tenant_id) as work:
        seen = shapes.chargeback(checkout.dispute(status, minor))
        await moneyback.see(work, counter.till_id, checkout.intent, [], [seen])
