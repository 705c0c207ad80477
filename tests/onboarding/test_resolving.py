"""Money that needs a decision: accepted, sent back, or kept."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from bursar.billing.states import PaymentStatus
from bursar.billing.tables import invoices, refunds
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import Money
from bursar.core.work import Actor
from bursar.notifications.tables import tasks
from bursar.onboarding.ending import cancel_order
from bursar.onboarding.order_list import undecided
from bursar.onboarding.resolving import Resolution, resolve_order
from bursar.onboarding.tables import orders
from tests.makers.orders import TOTAL, Shop
from tests.makers.tenancy import a_tenant, acting

pytestmark = pytest.mark.anyio

ACCEPT, REFUND, KEEP = Resolution.ACCEPT, Resolution.REFUND, Resolution.KEEP


async def decide(shop: Shop, order: UUID, how: Resolution, **given: Any) -> None:
    async with shop.work(actor=given.pop("actor", acting(AgentRole.AGENT))) as work:
        await resolve_order(work, order, how, because="Spoke on the phone", **given)


async def with_other_amount(shop: Shop, minor: int = 150_00, currency: str = "AED") -> UUID:
    order = await shop.order()
    await shop.other_amount(await shop.checkout(order), minor, currency)
    return order


async def paid_too_late(shop: Shop) -> UUID:
    order = await shop.order()
    attempt = await shop.checkout(order)
    async with shop.work() as work:
        await cancel_order(work, order)
    await shop.paid(attempt)
    return order


async def test_another_amount_is_in_no_book_until_somebody_decides(shop: Shop) -> None:
    order = await with_other_amount(shop)

    assert await shop.books() == ([], [])
    assert await shop.customer_of(order) == ("pending", None)
    async with shop.work() as work:
        [left] = await undecided(work, order)
    assert (left.amount, left.applied) == (Money(150_00, "AED"), False)
    [task] = await shop.rows(tasks)
    assert (task.kind, task.about_id, task.done_at) == ("order_money", order, None)


async def test_less_that_is_accepted_pays_the_order_and_leaves_the_rest_of_its_invoice_open(
    shop: Shop,
) -> None:
    order = await with_other_amount(shop)

    await decide(shop, order, ACCEPT)

    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason) == ("paid", None)
    assert await shop.customer_of(order) == ("active", None)
    invoice = await shop.row(invoices, row.invoice_id)
    assert (invoice.state, invoice.balance_minor) == ("issued", TOTAL - 150_00)
    assert (await shop.told_of(order))[-2:] == ["order.payment_confirmed", "order.resolve"]
    [task] = await shop.rows(tasks)
    assert task.done_at is not None


async def test_more_that_is_accepted_leaves_credit(shop: Shop) -> None:
    order = await with_other_amount(shop, 300_00)

    await decide(shop, order, ACCEPT)

    assert await shop.books() == (["paid"], [300_00])
    assert (await shop.row(orders, order)).state == "paid"


async def test_another_currency_is_not_accepted(shop: Shop) -> None:
    order = await with_other_amount(shop, TOTAL, "EUR")

    with pytest.raises(Conflict) as refusal:
        await decide(shop, order, ACCEPT)

    assert refusal.value.code == "other_currency"
    assert (await shop.row(orders, order)).hold_reason == "amount_mismatch"


async def test_money_that_has_not_arrived_is_not_decided_about(shop: Shop) -> None:
    order = await shop.order()
    attempt = await shop.checkout(order)
    told = attempt.told(amount=Money(1_00, "AED"), payment_status=PaymentStatus.UNPAID)
    await shop.see((attempt, told))

    with pytest.raises(Conflict) as refusal:
        await decide(shop, order, KEEP)

    assert refusal.value.code == "not_arrived"


@pytest.mark.parametrize("made", [with_other_amount, paid_too_late])
async def test_money_that_goes_back_is_sent_the_way_it_came(
    shop: Shop, made: Callable[[Shop], Awaitable[UUID]]
) -> None:
    order = await made(shop)
    state = (await shop.row(orders, order)).state

    await decide(shop, order, REFUND)

    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason) == (state, None)
    [refund] = await shop.rows(refunds)
    assert (refund.state, refund.till_id) == ("pending", shop.till_id)
    [task] = await shop.rows(tasks)
    assert task.done_at is not None


@pytest.mark.parametrize("made", [with_other_amount, paid_too_late])
async def test_money_that_is_kept_is_the_customers_credit(
    shop: Shop, made: Callable[[Shop], Awaitable[UUID]]
) -> None:
    order = await made(shop)

    await decide(shop, order, KEEP)

    assert (await shop.row(orders, order)).hold_reason is None
    assert len((await shop.books())[1]) == 1
    assert await shop.rows(refunds) == []
    assert (await shop.told_of(order))[-1] == "order.resolve"


async def test_money_for_a_cancelled_order_does_not_bring_it_back(shop: Shop) -> None:
    order = await paid_too_late(shop)

    with pytest.raises(IllegalMove, match="order is cancelled: cannot payment_confirmed"):
        await decide(shop, order, ACCEPT)

    row = await shop.row(orders, order)
    assert (row.state, row.hold_reason) == ("cancelled", "paid_after_cancel")
    assert await shop.customer_of(order) == ("pending", None)


async def test_a_second_payment_is_decided_about_too(shop: Shop) -> None:
    order = await shop.paid_order()
    await shop.paid(await shop.checkout(order))

    await decide(shop, order, REFUND)

    [refund] = await shop.rows(refunds)
    assert refund.amount_minor == TOTAL
    assert (await shop.row(orders, order)).state == "paid"


async def test_where_nothing_is_held_there_is_nothing_to_decide(shop: Shop) -> None:
    order = await shop.paid_order()

    with pytest.raises(Conflict) as refusal:
        await decide(shop, order, KEEP)

    assert refusal.value.code == "nothing_held"


async def test_a_decision_needs_a_reason(shop: Shop) -> None:
    order = await with_other_amount(shop)

    with pytest.raises(Invalid):
        async with shop.work() as work:
            await resolve_order(work, order, KEEP, because="  ")

    assert (await shop.row(orders, order)).hold_reason == "amount_mismatch"


@pytest.mark.parametrize("actor", [acting(AgentRole.VIEWER), Actor(ActorType.CUSTOMER, uuid4())])
async def test_deciding_is_for_agents(shop: Shop, actor: Actor) -> None:
    order = await with_other_amount(shop)

    with pytest.raises(NotAllowed):
        await decide(shop, order, KEEP, actor=actor)


async def test_a_stale_version_decides_nothing(shop: Shop) -> None:
    order = await with_other_amount(shop)

    with pytest.raises(StaleVersion):
        await decide(shop, order, KEEP, version=99)


async def test_another_tenant_decides_nothing_of_ours(shop: Shop) -> None:
    order = await with_other_amount(shop)
    theirs = await a_tenant(shop.office)

    with pytest.raises(NotFound):
        async with shop.office.work(theirs) as work:
            await resolve_order(work, order, KEEP, because="ours now")
