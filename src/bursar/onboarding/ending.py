"""Orders that end without money: called off by an agent, or given up after a month (lifecycle 3)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import PaidFor
from bursar.billing.tills import checkouts
from bursar.core.errors import N_, Conflict
from bursar.core.kinds import AgentRole
from bursar.core.moves import move, move_all
from bursar.core.states import allowed_from
from bursar.core.work import Work
from bursar.onboarding import payment_links
from bursar.onboarding.orders import lock_order
from bursar.onboarding.queries import orders as queries
from bursar.onboarding.states import CANCEL_ORDER, GIVE_UP, ORDER_MOVES
from bursar.outbox import sends


async def cancel_order(
    work: Work, order_id: UUID, *, because: str | None = None, version: int | None = None
) -> None:
    """Nobody is to pay for it any more: no reminder leaves, and its open checkout is closed at the provider.

    Raises `NotFound`, `IllegalMove` for what was paid, `StaleVersion`, and `Conflict` while money is under way or
    waits for somebody's decision.
    """
    work.allow(AgentRole.AGENT)
    order = await lock_order(work, order_id)
    if order.state in CANCEL_ORDER.sources and (
        order.hold_reason is not None or await work.db.scalar(queries.under_way(work, order_id))
    ):
        raise Conflict(
            N_("Money for this order is on its way, or waits for a decision. It cannot be cancelled now."),
            code="money_under_way",
        )
    await move(
        work,
        CANCEL_ORDER,
        order_id,
        because=because,
        version=version,
        allowed=allowed_from(ORDER_MOVES, order.state),
        look_at=None,
    )
    await sends.drop_subject(work, "order", [order_id], reason="cancelled")
    await checkouts.call_off(work, PaidFor.ORDER, [order_id], because="cancelled")


async def give_up(work: Work, orders: Sequence[sa.Row[Any]]) -> None:
    """These waited long enough: nobody is reminded any more and their links are taken back. Late money still counts.

    The caller holds the orders' locks.
    """
    ids = await move_all(work, GIVE_UP, [order.id for order in orders], look_at=None)
    links = [order.payment_link_id for order in orders if order.id in ids and order.payment_link_id]
    await payment_links.revoke_links(work, links, because="given_up")
    await sends.drop_subject(work, "order", ids, reason="given_up")
