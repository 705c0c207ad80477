"""Whatever is told of one order, in whatever sequence and however often, it ends in one and the same state (R128)."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.states import RefundState
from bursar.billing.tables import invoices, payments
from bursar.billing.tills import moneyback
from bursar.billing.tills.ports import ChargebackState, SeenChargeback, SeenRefund
from bursar.core.errors import Conflict
from bursar.core.money import Money
from bursar.onboarding.tables import orders
from tests.makers.orders import TOTAL, Attempt, Shop

pytestmark = pytest.mark.anyio

TOLD = ("completed", "async_succeeded", "expired", "refunded", "disputed")


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
        case "declined":
            await shop.declined(attempt)
        case "refunded":
            await went_back(shop, attempt, refunds=[a_refund(attempt)])
        case _:
            await went_back(shop, attempt, chargebacks=[a_chargeback(attempt)])


class NotYet(Exception):
    """It speaks of money that nobody knows: the worker keeps it and tells it again."""


async def went_back(shop: Shop, attempt: Attempt, **seen: Any) -> None:
    async with shop.work(cause="provider") as work:
        told = {"refunds": (), "chargebacks": (), **seen}
        odd = await moneyback.see(work, shop.till_id, attempt.intent, told["refunds"], told["chargebacks"])
    if odd:
        raise NotYet(odd)


def a_refund(attempt: Attempt) -> SeenRefund:
    amount = Money(TOTAL, "AED")
    return SeenRefund(f"re_{attempt.intent}", attempt.intent, amount, RefundState.SUCCEEDED, live=False)


def a_chargeback(attempt: Attempt) -> SeenChargeback:
    amount = Money(TOTAL, "AED")
    return SeenChargeback(f"dp_{attempt.intent}", attempt.intent, amount, ChargebackState.OPENED, live=False)


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
        waiting = []
        for what in told:
            try:
                await tell(shop, attempt, what)
            except (
                Conflict,
                NotYet,
            ):  # money that is not in the books cannot leave them: it is told again later
                waiting.append(what)
        for what in waiting:
            await tell(shop, attempt, what)
        ends[told] = await stands(shop, order)

    over = ("refunded", None, ("suspended", "refund"), "used", ["refunded"], [(TOTAL, "stripe")], 1, 1)
    assert {told: end for told, end in ends.items() if end != over} == {}


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
