"""Whatever is told of one order, in whatever sequence and however often, it ends in one and the same state (R128)."""

import itertools
from uuid import UUID

import pytest

from bursar.billing.tables import invoices, payments
from bursar.onboarding.tables import orders
from tests.makers.orders import Attempt, Shop

pytestmark = pytest.mark.anyio

TOLD = ("completed", "async_succeeded", "expired", "failed", "declined")


async def tell(shop: Shop, attempt: Attempt, what: str) -> None:
    match what:
        case "completed":
            await shop.processing(attempt)
        case "async_succeeded":
            await shop.paid(attempt)
        case "expired":
            await shop.expired(attempt)
        case "failed":
            await shop.failed(attempt)
        case _:
            await shop.declined(attempt)


async def stands(shop: Shop, order: UUID) -> tuple[object, ...]:
    row = await shop.row(orders, order)
    told = await shop.told_of(order)
    bills = await shop.rows(invoices, invoices.c.customer_id == row.customer_id)
    money = await shop.rows(payments, payments.c.customer_id == row.customer_id)
    welcomes = [one for one in await shop.mails("welcome") if one.customer_id == row.customer_id]
    return (
        row.state,
        row.hold_reason,
        await shop.customer_of(order),
        (await shop.link_of(order)).state,
        [bill.state for bill in bills],
        [(one.amount_minor, one.source) for one in money],
        len(welcomes),
        told.count("order.payment_confirmed"),
    )


async def test_every_sequence_ends_alike(shop: Shop) -> None:
    ends = {}
    for told in itertools.permutations(TOLD):
        order = await shop.order()
        attempt = await shop.checkout(order)
        for what in told:
            await tell(shop, attempt, what)
        ends[told] = await stands(shop, order)

    paid = ("paid", None, ("active", None), "used", ["paid"], [(210_00, "stripe")], 1, 1)
    assert {told: end for told, end in ends.items() if end != paid} == {}


async def test_every_sequence_without_money_ends_unpaid(shop: Shop) -> None:
    ends = {}
    for told in itertools.permutations(("completed", "expired", "failed", "declined")):
        order = await shop.order()
        attempt = await shop.checkout(order)
        for what in told:
            await tell(shop, attempt, what)
        ends[told] = await stands(shop, order)

    unpaid = ("pending", None, ("suspended", "unpaid"), "claimed", [], [], 0, 0)
    assert {told: end for told, end in ends.items() if end != unpaid} == {}
