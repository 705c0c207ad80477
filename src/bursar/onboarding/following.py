"""What orders make of what is told of checkouts, refunds and chargebacks; called by `reactions.py`, in sets.

Everything here may be told in any order and some of it twice. Paid is sticky: nothing that is told of an earlier
attempt takes it back, and whether money is under way is read from the checkouts themselves.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks
from bursar.billing.allocations import apply_credit
from bursar.core.money import Money
from bursar.core.moves import move_all
from bursar.core.states import Move
from bursar.core.work import Happened, Record, Work
from bursar.onboarding.confirming import Came, confirm, keep
from bursar.onboarding.orders import lock_orders, patience_of
from bursar.onboarding.queries import order_money as money
from bursar.onboarding.queries import orders as queries
from bursar.onboarding.states import (
    CONFIRM_PAYMENT,
    LOSE_CHARGEBACK,
    REFUND_ORDER,
    HoldReason,
    OrderState,
)
from bursar.tenancy import paying_customers
from bursar.tenancy.states import SuspendedReason

CHARGEBACK_LOST = "payment.chargeback_lost"


async def checkouts_paid(work: Work, happened: Happened) -> None:
    """The first money of an order that waits for it pays it; what comes beside it is kept for whoever decides."""
    found, orders = await _locked(work, happened)
    first: dict[UUID, Came] = {}
    others: list[Came] = []
    for row in found:
        order = orders[row.order_id]
        came = Came(order, row, Money(row.amount_minor, row.currency))
        if order.state in CONFIRM_PAYMENT.sources and order.id not in first:
            first[order.id] = came
        else:
            others.append(came)
    if first:
        await confirm(work, list(first.values()))
    if others:
        await keep(work, others)


async def checkouts_processing(work: Work, happened: Happened) -> None:
    """A delayed method: nothing is activated, and nobody is reminded meanwhile (T53)."""
    _, orders = await _locked(work, happened)
    waiting = _waiting(orders.values())
    if waiting:
        held = await work.db.execute(queries.weigh_funds(work, waiting))
        under_way = [row.id for row in held if row.hold_reason == HoldReason.AWAITING_FUNDS]
        await work.record("order.checkout_unpaid", *(_about(orders[id_]) for id_ in under_way))


async def checkouts_failed(work: Work, happened: Happened) -> None:
    """The money of a delayed method did not come."""
    await _attempts_failed(work, happened, "failed")


async def checkouts_declined(work: Work, happened: Happened) -> None:
    """A card was refused; the checkout may still be paid with another."""
    await _attempts_failed(work, happened, "declined")


async def checkouts_expired(work: Work, happened: Happened) -> None:
    """Nobody paid in time. One that another attempt took the place of was no failure of anybody."""
    await _attempts_failed(work, happened, "expired")


async def checkouts_mismatched(work: Work, happened: Happened) -> None:
    """Another amount or currency than was asked for: held until an agent says what it is (R76)."""
    _, orders = await _locked(work, happened)
    if not orders:
        return
    free = (None, HoldReason.AWAITING_FUNDS)
    ids = [order.id for order in orders.values() if order.hold_reason in free]
    await work.db.execute(queries.hold(work, ids, HoldReason.AMOUNT_MISMATCH))
    await work.record("order.amount_mismatch", *map(_about, orders.values()))


async def refunds_succeeded(work: Work, happened: Happened) -> None:
    """Money went back: part of an order's, all of it, or what had come beside it."""
    about = (await work.db.execute(money.orders_refunded_by(work, happened.ids))).all()
    if about:
        await locks.lock_customers(work, [row.customer_id for row in about])
        orders = await lock_orders(work, [row.id for row in about])
        # What a bank takes back may be booked as a refund, too: then it is a chargeback all the same.
        lost = {id_ for one in work.happened if one.type == CHARGEBACK_LOST for id_ in one.ids}
        paid = {
            id_: order
            for id_, order in orders.items()
            if order.state == OrderState.PAID and order.payment_id not in lost
        }
        sums = {row.id: row.minor for row in await work.db.execute(money.refunded(work, list(paid)))}
        await _give_back(work, paid, sums)
    spare = (await work.db.execute(money.orders_given_back(work, happened.ids))).all()
    if spare:
        await locks.lock_customers(work, [row.customer_id for row in spare])
        ids = [row.id for row in spare]
        await work.db.execute(queries.hold(work, ids, None, instead_of=[HoldReason.PAID_AFTER_CANCEL]))
        await work.record("order.give_back", *(Record(row.id, row.customer_id) for row in spare))


async def chargebacks_opened(work: Work, happened: Happened) -> None:
    """A payer's bank asks for the money back: held until it has decided."""
    orders = await _paid_by(work, happened)
    if orders:
        ids = [order.id for order in orders if order.hold_reason is None]
        await work.db.execute(queries.hold(work, ids, HoldReason.CHARGEBACK))
        await work.record("order.chargeback_opened", *map(_about, orders))


async def chargebacks_won(work: Work, happened: Happened) -> None:
    """The bank decided for the firm."""
    orders = await _paid_by(work, happened)
    if orders:
        ids = [order.id for order in orders]
        await work.db.execute(queries.hold(work, ids, None, instead_of=[HoldReason.CHARGEBACK]))
        await work.record("order.chargeback_won", *map(_about, orders))


async def chargebacks_lost(work: Work, happened: Happened) -> None:
    """The bank decided for the payer: the money is gone."""
    orders = await _paid_by(work, happened)
    allowed = bool(orders) and (await patience_of(work)).suspend_charged_back
    await _lose(work, LOSE_CHARGEBACK, orders, SuspendedReason.CHARGEBACK if allowed else None)


async def invoices_issued(work: Work, happened: Happened) -> None:
    """An order's invoice that had to wait is issued: the money that came for it pays it."""
    for row in await work.db.execute(money.not_applied(work, happened.ids)):
        await apply_credit(work, row.invoice_id, payment_id=row.payment_id)


async def _attempts_failed(work: Work, happened: Happened, why: str) -> None:
    found, orders = await _locked(work, happened)
    if why == "expired":
        found = [row for row in found if row.is_last]
    pending = [row.order_id for row in found if orders[row.order_id].state == OrderState.PENDING]
    given_up = {row.order_id for row in found if orders[row.order_id].state == OrderState.FAILED}
    if given_up:
        await work.db.execute(queries.weigh_funds(work, sorted(given_up)))
    if not pending:
        return
    attempts = {order_id: pending.count(order_id) for order_id in sorted(set(pending))}
    weighed = (await work.db.execute(queries.weigh_funds(work, list(attempts), attempts=attempts))).all()
    await work.record(
        "order.attempt_failed",
        *(
            Record(row.id, orders[row.id].customer_id, payload={"why": why, "attempts": row.attempts})
            for row in weighed
        ),
    )
    unpaid = {orders[row.id].customer_id for row in weighed if row.hold_reason is None}
    await suspend_unpaid(work, unpaid)


async def suspend_unpaid(work: Work, customer_ids: Collection[UUID]) -> None:
    """Those of them who never paid an order are suspended until they do. The caller holds their locks."""
    if customer_ids:
        paid = set(await work.db.scalars(money.customers_who_paid(work, sorted(customer_ids))))
        await paying_customers.payments_failed(work, sorted(set(customer_ids) - paid), because="unpaid")


async def _give_back(work: Work, paid: dict[UUID, sa.Row[Any]], sums: dict[UUID, int]) -> None:
    given = [(id_, min(minor, paid[id_].amount_minor)) for id_, minor in sums.items()]
    if not given:
        return
    news = set(await work.db.scalars(money.note_refunded(work, given)))
    wholly = [paid[id_] for id_, minor in given if minor == paid[id_].amount_minor]
    partly = [(paid[id_], minor) for id_, minor in given if minor < paid[id_].amount_minor and id_ in news]
    await work.record(
        "order.refund_partial",
        *(
            Record(
                order.id,
                order.customer_id,
                changes={
                    "before": {"refunded_minor": order.refunded_minor},
                    "after": {"refunded_minor": minor},
                },
                payload={"currency": order.currency},
            )
            for order, minor in partly
        ),
    )
    allowed = bool(wholly) and (await patience_of(work)).suspend_refunded
    await _lose(work, REFUND_ORDER, wholly, SuspendedReason.REFUND if allowed else None)


async def _lose(
    work: Work, move: Move, orders: Sequence[sa.Row[Any]], reason: SuspendedReason | None
) -> None:
    """These are refunded; with a reason, whoever has no paid order left is suspended for it."""
    await move_all(work, move, [order.id for order in orders], hold_reason=None)
    if orders and reason is not None:
        customers = {order.customer_id for order in orders}
        paid = set(await work.db.scalars(money.customers_who_paid(work, sorted(customers))))
        await paying_customers.money_lost(work, sorted(customers - paid), reason)


async def _locked(work: Work, happened: Happened) -> tuple[Sequence[sa.Row[Any]], dict[UUID, sa.Row[Any]]]:
    """Those of these checkouts that are about orders, and their orders, locked after their customers."""
    found = (await work.db.execute(queries.checkouts_of_orders(work, happened.ids))).all()
    await locks.lock_customers(work, [row.customer_id for row in found])
    return found, await lock_orders(work, [row.order_id for row in found])


async def _paid_by(work: Work, happened: Happened) -> list[sa.Row[Any]]:
    """The orders that these payments paid and that are paid, locked; to what was refunded nothing happens any more."""
    about = (await work.db.execute(money.orders_paid_by(work, happened.ids))).all()
    await locks.lock_customers(work, [row.customer_id for row in about])
    orders = await lock_orders(work, [row.id for row in about])
    return [order for order in orders.values() if order.state == OrderState.PAID]


def _waiting(orders: Iterable[sa.Row[Any]]) -> list[UUID]:
    return [order.id for order in orders if order.state in CONFIRM_PAYMENT.sources]


def _about(order: sa.Row[Any]) -> Record:
    return Record(order.id, order.customer_id)
