"""Money for an order that needs a decision: another amount than was asked for, or what came too late or twice."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.because import must_say_why
from bursar.billing.refunds import NewRefund, refund_payment
from bursar.billing.states import PaymentStatus
from bursar.core.errors import N_, Conflict, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Record, Work
from bursar.onboarding.confirming import Came, book_as_credit, confirm
from bursar.onboarding.orders import lock_order, refuse
from bursar.onboarding.queries import order_money as money
from bursar.onboarding.queries import orders as queries
from bursar.onboarding.states import CONFIRM_PAYMENT, HoldReason


class Resolution(StrEnum):
    """What becomes of held money. `ACCEPT`: it pays the order, though it is not what was asked for. `REFUND`: it goes
    back the way it came. `KEEP`: it stays as the customer's credit.
    """

    ACCEPT = "accept"
    REFUND = "refund"
    KEEP = "keep"


async def resolve_order(
    work: Work, order_id: UUID, how: Resolution, *, because: str, version: int | None = None
) -> None:
    """Decide about money that was not simply applied.

    Accepted money pays the order's invoice as far as it goes: less leaves the rest of it open, more is credit.
    Raises `NotFound`, `StaleVersion`, `Invalid` without a reason, `Conflict` where nothing waits for a decision, has
    not arrived yet, or cannot go back the way it came; `IllegalMove` for accepting what pays nothing.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    order = await lock_order(work, order_id)
    if version is not None and order.version != version:
        raise StaleVersion("order")
    if order.hold_reason == HoldReason.AMOUNT_MISMATCH:
        await _other_amount(work, order, how, because=because)
    else:
        await _spare(work, order, how, because=because)
    held = [HoldReason.AMOUNT_MISMATCH, HoldReason.PAID_AFTER_CANCEL]
    await work.db.execute(queries.hold(work, [order_id], None, instead_of=held))
    told = {"how": how, "because": because.strip()}
    await work.record("order.resolve", Record(order_id, order.customer_id, payload=told))


async def _other_amount(work: Work, order: sa.Row[Any], how: Resolution, *, because: str) -> None:
    """What came in place of the amount that was asked for, booked for the first time."""
    row = (await work.db.execute(money.came_instead(work, order.id))).one_or_none()
    if row is None or row.payload.get("came_status") != PaymentStatus.PAID:
        raise Conflict(
            N_("This money has not arrived. Look at it at the payment provider first."), code="not_arrived"
        )
    came = Came(order, row, Money(row.payload["came_minor"], row.payload["came_currency"]))
    if how is Resolution.ACCEPT:
        if order.state not in CONFIRM_PAYMENT.sources:
            raise refuse(order, CONFIRM_PAYMENT.event)
        if came.amount.currency != order.currency:
            raise Conflict(
                N_(
                    "This money is in another currency, so it cannot pay the order. Give it back, or keep it."
                ),
                code="other_currency",
            )
        await confirm(work, [came])
        return
    payment_id = await book_as_credit(work, came)
    if how is Resolution.REFUND and payment_id is not None:
        await _send_back(work, [(payment_id, came.amount)], because=because)


async def _spare(work: Work, order: sa.Row[Any], how: Resolution, *, because: str) -> None:
    """What came when nothing was to be paid any more; it is the customer's credit already."""
    spare = [
        (row.payment_id, Money(row.amount_minor, row.currency))
        for row in await work.db.execute(money.spare(work, order.id))
    ]
    if not spare:
        raise Conflict(N_("No money of this order waits for a decision."), code="nothing_held")
    if how is Resolution.ACCEPT:
        raise refuse(order, CONFIRM_PAYMENT.event)
    if how is Resolution.REFUND:
        await _send_back(work, spare, because=because)


async def _send_back(work: Work, given: Sequence[tuple[UUID, Money]], *, because: str) -> None:
    for payment_id, amount in given:
        wanted = NewRefund(payment_id, amount, work.today, because.strip(), done=False, by_till=True)
        await refund_payment(work, wanted)
