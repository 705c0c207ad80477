"""What money makes of customers, every state against every event; expectations typed from section 1."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.refunding import refund_invoice
from bursar.core.money import Money
from bursar.onboarding.reminding import look_at_orders
from bursar.onboarding.tables import orders
from bursar.tenancy.tables import customers, tenants
from tests.makers.orders import TOTAL, Shop

pytestmark = pytest.mark.anyio

CONDITIONS = [
    ("pending", None),
    ("active", None),
    ("suspended", "unpaid"),
    ("suspended", "admin"),
    ("suspended", "refund"),
    ("suspended", "chargeback"),
]
EVENTS = ("payment_confirmed", "declined", "expired", "late", "refunded", "charged_back")
# fmt: off
LISTED = {
    ("pending", None, "payment_confirmed"):         ("active", None),
    ("pending", None, "declined"):                  ("suspended", "unpaid"),
    ("pending", None, "expired"):                   ("suspended", "unpaid"),
    ("pending", None, "late"):                      ("suspended", "unpaid"),
    ("suspended", "unpaid", "payment_confirmed"):   ("active", None),
    ("active", None, "refunded"):                   ("suspended", "refund"),
    ("active", None, "charged_back"):               ("suspended", "chargeback"),
}
# fmt: on
MOVES = {
    "payment_confirmed": "customer.payment_confirmed",
    "declined": "customer.payment_failed",
    "expired": "customer.payment_failed",
    "late": "customer.payment_failed",
    "refunded": "customer.money_lost",
    "charged_back": "customer.money_lost",
}
NEEDS_PAID = ("refunded", "charged_back")


async def happen(shop: Shop, order: UUID, event: str) -> None:
    row = await shop.row(orders, order)
    match event:
        case "payment_confirmed":
            await shop.paid(await shop.checkout(order))
        case "declined":
            await shop.declined(await shop.checkout(order))
        case "expired":
            await shop.expired(await shop.checkout(order))
        case "late":
            shop.clock.advance(timedelta(hours=24))
            await look_at_orders(shop.office, shop.tenant_id)
        case "refunded":
            async with shop.work() as work:
                await refund_invoice(work, row.invoice_id, because="asked for it")
        case _:
            await shop.tell_of_payment("payment.chargeback_lost", row.payment_id, row.customer_id)


async def put(shop: Shop, customer: UUID, state: str, reason: str | None) -> None:
    """Where the test wants them, as if it had come about."""
    async with shop.work() as work:
        await work.db.execute(sa.text("select set_config('app.event', 'customer.edit', true)"))
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer)
            .values(state=state, suspended_reason=reason)
        )


@pytest.mark.parametrize(
    ("state", "reason", "event"), [(*one, event) for one, event in itertools.product(CONDITIONS, EVENTS)]
)
async def test_each_event_of_money_in_each_state(
    shop: Shop, state: str, reason: str | None, event: str
) -> None:
    order = await (shop.paid_order() if event in NEEDS_PAID else shop.order())
    customer = (await shop.row(orders, order)).customer_id
    await put(shop, customer, state, reason)
    before = await shop.told_of(customer)

    await happen(shop, order, event)

    expected = LISTED.get((state, reason, event), (state, reason))
    assert await shop.customer_of(order) == expected
    told = (await shop.told_of(customer))[len(before) :]
    assert told == ([MOVES[event]] if expected != (state, reason) else [])


async def test_leaving_the_payment_page_is_no_failure(shop: Shop) -> None:
    order = await shop.order()
    await shop.checkout(order)

    assert await shop.customer_of(order) == ("pending", None)


async def test_a_page_that_another_attempt_replaced_is_no_failure_either(shop: Shop) -> None:
    order = await shop.order()
    first, _second = await shop.checkout(order), await shop.checkout(order)

    await shop.expired(first)

    assert await shop.customer_of(order) == ("pending", None)
    assert (await shop.row(orders, order)).attempts == 0


async def test_while_money_is_under_way_another_attempts_failure_suspends_nobody(shop: Shop) -> None:
    order = await shop.order()
    slow, quick = await shop.checkout(order), await shop.checkout(order)
    await shop.processing(slow)

    await shop.declined(quick)

    assert await shop.customer_of(order) == ("pending", None)
    assert (await shop.row(orders, order)).hold_reason == "awaiting_funds"
    await shop.failed(slow)
    assert (await shop.row(orders, order)).hold_reason is None
    assert await shop.customer_of(order) == ("suspended", "unpaid")


async def test_a_customer_who_paid_once_is_not_suspended_for_a_later_order(shop: Shop) -> None:
    first = await shop.paid_order()
    customer = (await shop.row(orders, first)).customer_id
    second = await shop.order(of=customer, by_link=False)

    await shop.declined(await shop.checkout(second))

    assert await shop.customer_of(second) == ("active", None)


async def test_who_has_another_paid_order_stays_active_after_a_refund(shop: Shop) -> None:
    first = await shop.paid_order()
    customer = (await shop.row(orders, first)).customer_id
    await shop.paid_order(of=customer, by_link=False)

    await happen(shop, first, "refunded")

    assert (await shop.row(orders, first)).state == "refunded"
    assert await shop.customer_of(first) == ("active", None)


@pytest.mark.parametrize(
    ("event", "policy"), [("refunded", "suspend_refunded"), ("charged_back", "suspend_charged_back")]
)
async def test_a_firm_may_keep_whoever_got_their_money_back(shop: Shop, event: str, policy: str) -> None:
    async with shop.work() as work:
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == work.tenant_id)
            .values(settings={"orders": {policy: False}})
        )
    order = await shop.paid_order()

    await happen(shop, order, event)

    assert (await shop.row(orders, order)).state == "refunded"
    assert await shop.customer_of(order) == ("active", None)


async def test_part_of_the_money_back_leaves_customer_and_order_as_they_are(shop: Shop) -> None:
    order = await shop.paid_order()
    row = await shop.row(orders, order)
    for minor in (10_00, 60_00):
        async with shop.work() as work:
            await refund_invoice(work, row.invoice_id, because="a part", amount=Money(minor, "AED"))

    row = await shop.row(orders, order)
    assert (row.state, row.refunded_minor) == ("paid", 70_00)
    assert await shop.customer_of(order) == ("active", None)
    async with shop.work() as work:
        await refund_invoice(work, row.invoice_id, because="the rest")
    row = await shop.row(orders, order)
    assert (row.state, row.refunded_minor) == ("refunded", TOTAL)
