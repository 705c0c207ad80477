"""The order's lifecycle, every state against every event; expectations typed from section 3."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bursar.billing.refunding import refund_invoice
from bursar.billing.tills.ports import TillError
from bursar.core.errors import Conflict, IllegalMove, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import Money
from bursar.core.work import SYSTEM, Actor
from bursar.onboarding.ending import cancel_order
from bursar.onboarding.reminding import look_at_orders
from bursar.onboarding.tables import orders
from tests.makers.orders import TOTAL, Attempt, Shop
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio

REFUSED = "refused"
MONTH = timedelta(days=31)
Told = tuple[str, str | None, tuple[str, ...]]
"""The state and the hold afterwards, and the events that this one wrote on the order."""
SAME: Told = ("", "", ())
# fmt: off
MATRIX: dict[tuple[str, str], Told | str] = {
    ("pending", "payment_confirmed"):   ("paid", None, ("order.payment_confirmed",)),
    ("pending", "checkout_unpaid"):     ("pending", "awaiting_funds", ("order.checkout_unpaid",)),
    ("pending", "amount_mismatch"):     ("pending", "amount_mismatch", ("order.amount_mismatch",)),
    ("pending", "declined"):            ("pending", None, ("order.attempt_failed",)),
    ("pending", "async_failed"):        ("pending", None, ("order.attempt_failed",)),
    ("pending", "expired"):             ("pending", None, ("order.attempt_failed",)),
    ("pending", "give_up"):             ("failed", None, ("order.give_up",)),
    ("pending", "cancel"):              ("cancelled", None, ("order.cancel",)),
    ("pending", "refund_partial"):      ("pending", None, ()),
    ("pending", "refund_full"):         ("pending", None, ()),
    ("pending", "chargeback_opened"):   ("pending", None, ()),
    ("pending", "chargeback_won"):      ("pending", None, ()),
    ("pending", "chargeback_lost"):     ("pending", None, ()),

    ("failed", "payment_confirmed"):    ("paid", None, ("order.payment_confirmed",)),
    ("failed", "checkout_unpaid"):      ("failed", "awaiting_funds", ("order.checkout_unpaid",)),
    ("failed", "amount_mismatch"):      ("failed", "amount_mismatch", ("order.amount_mismatch",)),
    ("failed", "declined"):             ("failed", None, ()),
    ("failed", "async_failed"):         ("failed", None, ()),
    ("failed", "expired"):              ("failed", None, ()),
    ("failed", "give_up"):              ("failed", None, ()),
    ("failed", "cancel"):               ("cancelled", None, ("order.cancel",)),
    ("failed", "refund_partial"):       ("failed", None, ()),
    ("failed", "refund_full"):          ("failed", None, ()),
    ("failed", "chargeback_opened"):    ("failed", None, ()),
    ("failed", "chargeback_won"):       ("failed", None, ()),
    ("failed", "chargeback_lost"):      ("failed", None, ()),

    ("cancelled", "payment_confirmed"): ("cancelled", "paid_after_cancel", ("order.paid_after_cancel",)),
    ("cancelled", "checkout_unpaid"):   ("cancelled", None, ()),
    ("cancelled", "amount_mismatch"):   ("cancelled", "amount_mismatch", ("order.amount_mismatch",)),
    ("cancelled", "declined"):          ("cancelled", None, ()),
    ("cancelled", "async_failed"):      ("cancelled", None, ()),
    ("cancelled", "expired"):           ("cancelled", None, ()),
    ("cancelled", "give_up"):           ("cancelled", None, ()),
    ("cancelled", "cancel"):            REFUSED,
    ("cancelled", "refund_partial"):    ("cancelled", None, ()),
    ("cancelled", "refund_full"):       ("cancelled", None, ()),
    ("cancelled", "chargeback_opened"): ("cancelled", None, ()),
    ("cancelled", "chargeback_won"):    ("cancelled", None, ()),
    ("cancelled", "chargeback_lost"):   ("cancelled", None, ()),

    ("paid", "payment_confirmed"):      ("paid", None, ("order.second_payment",)),
    ("paid", "checkout_unpaid"):        ("paid", None, ()),
    ("paid", "amount_mismatch"):        ("paid", "amount_mismatch", ("order.amount_mismatch",)),
    ("paid", "declined"):               ("paid", None, ()),
    ("paid", "async_failed"):           ("paid", None, ()),
    ("paid", "expired"):                ("paid", None, ()),
    ("paid", "give_up"):                ("paid", None, ()),
    ("paid", "cancel"):                 REFUSED,
    ("paid", "refund_partial"):         ("paid", None, ("order.refund_partial",)),
    ("paid", "refund_full"):            ("refunded", None, ("order.refund_full",)),
    ("paid", "chargeback_opened"):      ("paid", "chargeback", ("order.chargeback_opened",)),
    ("paid", "chargeback_won"):         ("paid", None, ("order.chargeback_won",)),
    ("paid", "chargeback_lost"):        ("refunded", None, ("order.chargeback_lost",)),

    ("refunded", "payment_confirmed"):  ("refunded", None, ("order.second_payment",)),
    ("refunded", "checkout_unpaid"):    ("refunded", None, ()),
    ("refunded", "amount_mismatch"):    ("refunded", "amount_mismatch", ("order.amount_mismatch",)),
    ("refunded", "declined"):           ("refunded", None, ()),
    ("refunded", "async_failed"):       ("refunded", None, ()),
    ("refunded", "expired"):            ("refunded", None, ()),
    ("refunded", "give_up"):            ("refunded", None, ()),
    ("refunded", "cancel"):             REFUSED,
    ("refunded", "refund_partial"):     ("refunded", None, ()),
    ("refunded", "refund_full"):        ("refunded", None, ()),
    ("refunded", "chargeback_opened"):  ("refunded", None, ()),
    ("refunded", "chargeback_won"):     ("refunded", None, ()),
    ("refunded", "chargeback_lost"):    ("refunded", None, ()),
}
# fmt: on


async def in_state(shop: Shop, state: str) -> UUID:
    if state == "failed":
        order = await shop.order()
        shop.clock.advance(MONTH)
        await look_at_orders(shop.office, shop.tenant_id)
        return order
    if state == "paid":
        return await shop.paid_order()
    if state == "refunded":
        order = await shop.paid_order()
        await give_back(shop, order, TOTAL)
        return order
    order = await shop.order()
    if state == "cancelled":
        async with shop.work() as work:
            await cancel_order(work, order)
    return order


async def give_back(shop: Shop, order: UUID, minor: int) -> None:
    """By an agent, if there is anything to give back."""
    row = await shop.row(orders, order)
    if row.invoice_id is None or row.refunded_minor + minor > TOTAL:
        return
    async with shop.work() as work:
        await refund_invoice(work, row.invoice_id, because="asked for it", amount=Money(minor, "AED"))


async def contested(shop: Shop, order: UUID, turn: str) -> None:
    row = await shop.row(orders, order)
    await shop.tell_of_payment(f"payment.{turn}", row.payment_id or uuid4(), row.customer_id)


async def a_month_passes(shop: Shop, order: UUID) -> None:
    shop.clock.advance(MONTH)
    await look_at_orders(shop.office, shop.tenant_id)


async def cancelled(shop: Shop, order: UUID) -> None:
    async with shop.work() as work:
        await cancel_order(work, order)


def at_a_checkout(
    happen: Callable[[Shop, Attempt], Awaitable[None]],
) -> Callable[[Shop, UUID], Awaitable[None]]:
    async def do(shop: Shop, order: UUID) -> None:
        await happen(shop, await shop.checkout(order))

    return do


EVENTS: dict[str, Callable[[Shop, UUID], Awaitable[None]]] = {
    "payment_confirmed": at_a_checkout(Shop.paid),
    "checkout_unpaid": at_a_checkout(Shop.processing),
    "amount_mismatch": at_a_checkout(Shop.other_amount),
    "declined": at_a_checkout(Shop.declined),
    "async_failed": at_a_checkout(Shop.failed),
    "expired": at_a_checkout(Shop.expired),
    "give_up": a_month_passes,
    "cancel": cancelled,
    "refund_partial": lambda shop, order: give_back(shop, order, 60_00),
    "refund_full": lambda shop, order: give_back(shop, order, TOTAL),
    "chargeback_opened": lambda shop, order: contested(shop, order, "chargeback_opened"),
    "chargeback_won": lambda shop, order: contested(shop, order, "chargeback_won"),
    "chargeback_lost": lambda shop, order: contested(shop, order, "chargeback_lost"),
}


def test_the_matrix_is_whole() -> None:
    states = ("pending", "failed", "cancelled", "paid", "refunded")
    assert MATRIX.keys() == {(state, event) for state in states for event in EVENTS}


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_each_event_in_each_state(shop: Shop, state: str, event: str) -> None:
    order = await in_state(shop, state)
    before = await shop.told_of(order)
    expected = MATRIX[state, event]

    if isinstance(expected, str):
        with pytest.raises(IllegalMove, match=f"order is {state}: cannot cancel"):
            await EVENTS[event](shop, order)
        expected = (state, None, ())
    else:
        await EVENTS[event](shop, order)

    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason, tuple((await shop.told_of(order))[len(before) :])) == expected


@pytest.mark.parametrize(
    "event", ["payment_confirmed", "checkout_unpaid", "amount_mismatch", "async_failed", "expired"]
)
async def test_what_a_provider_tells_twice_happens_once(shop: Shop, event: str) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    tell = {
        "payment_confirmed": shop.paid,
        "checkout_unpaid": shop.processing,
        "amount_mismatch": shop.other_amount,
        "async_failed": shop.failed,
        "expired": shop.expired,
    }[event]

    await tell(attempt)
    once = await shop.row(orders, order), await shop.told_of(order)
    await tell(attempt)

    assert (await shop.row(orders, order), await shop.told_of(order)) == once


async def test_of_ten_who_tell_of_one_payment_at_once_one_is_heard(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)

    await asyncio.gather(*(shop.paid(attempt) for _ in range(10)), return_exceptions=True)
    await shop.paid(attempt)

    assert (await shop.told_of(order)).count("order.payment_confirmed") == 1
    assert await shop.books() == (["paid"], [TOTAL])
    assert len(await shop.mails("welcome")) == 1


async def test_an_order_that_is_paid_and_cancelled_at_once_ends_in_one_way(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)

    answers = await asyncio.gather(shop.paid(attempt), cancelled(shop, order), return_exceptions=True)

    assert sum(isinstance(one, TillError) for one in answers) == 0
    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason) in {("paid", None), ("cancelled", "paid_after_cancel")}


async def test_while_money_is_under_way_nothing_is_cancelled(shop: Shop) -> None:
    order = await shop.order()
    await shop.processing(await shop.checkout(order))

    with pytest.raises(Conflict) as refusal:
        await cancelled(shop, order)

    assert refusal.value.code == "money_under_way"
    assert (await shop.row(orders, order)).state == "pending"


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (acting(AgentRole.OWNER), True),
        (acting(AgentRole.ADMIN), True),
        (acting(AgentRole.AGENT), True),
        (acting(AgentRole.VIEWER), False),
        (Actor(ActorType.CUSTOMER, uuid4()), False),
        (SYSTEM, True),
    ],
)
async def test_cancelling_is_for_agents(shop: Shop, actor: Actor, may: bool) -> None:
    order = await shop.order()

    if may:
        async with shop.work(actor=actor) as work:
            await cancel_order(work, order)
    else:
        with pytest.raises(NotAllowed):
            async with shop.work(actor=actor) as work:
                await cancel_order(work, order)

    assert ((await shop.row(orders, order)).state == "cancelled") is may


async def test_a_stale_version_cancels_nothing(shop: Shop) -> None:
    order = await shop.order()

    with pytest.raises(StaleVersion):
        async with shop.work() as work:
            await cancel_order(work, order, version=7)

    assert (await shop.row(orders, order)).state == "pending"


async def test_another_tenants_order_is_not_there(shop: Shop) -> None:
    order = await shop.order()
    theirs = await a_tenant(shop.office)

    with pytest.raises(NotFound):
        async with shop.office.work(theirs) as work:
            await cancel_order(work, order)

    assert (await shop.row(orders, order)).state == "pending"
