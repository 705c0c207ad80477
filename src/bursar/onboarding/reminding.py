"""What time does to orders that wait for money: unpaid after a day, reminded politely, given up after a month.

Each pending order says when it wants to be looked at next. A look is safe at any time and twice: who holds an order
now is passed over, and the next minute looks again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import Office, Work
from bursar.onboarding import mails
from bursar.onboarding.ending import give_up
from bursar.onboarding.following import suspend_unpaid
from bursar.onboarding.orders import patience_of
from bursar.onboarding.patience import Patience
from bursar.onboarding.queries import looking as queries
from bursar.onboarding.queries import orders as order_queries

AT_ONCE = 200
"""Orders in one Work."""

LATER = timedelta(days=1)
"""When to look again at an order with which nothing can be done now: its money is under way, or nobody can write."""


async def tenants_with_work(office: Office) -> list[UUID]:
    """Whose orders want to be looked at by now, read by a scan."""
    async with office.scan() as work:
        return list(await work.db.scalars(queries.tenants_with_work(work.now)))


async def look_at_orders(office: Office, tenant_id: UUID) -> None:
    """Look at all that is due, a Work for each lot."""
    while True:
        async with office.work(tenant_id, cause="clock") as work:
            if not await look(work):
                return


async def look(work: Work) -> int:
    """Look at up to `AT_ONCE` orders that are due; says how many those were."""
    orders = await _claim(work)
    if not orders:
        return 0
    patience = await patience_of(work)
    over = [order for order in orders if _is_over(order, work.now, patience)]
    left = [order for order in orders if order not in over]
    await give_up(work, over)
    waiting = [order for order in left if order.hold_reason is None]
    late = {order.customer_id for order in waiting if order.created_at + patience.late_after <= work.now}
    await suspend_unpaid(work, late)
    reminded = await _remind(work, [order for order in waiting if _may_remind(order, work.now, patience)])
    again = {order.id: _next_look(order, work.now, patience, reminded) for order in left}
    for some, counted in ((reminded, True), (again.keys() - reminded, False)):
        if some:
            given = [(id_, again[id_]) for id_ in sorted(some)]
            await work.db.execute(order_queries.look_again(work, given, reminded=counted))
    return len(orders)


async def _claim(work: Work) -> Sequence[sa.Row[Any]]:
    """Due orders, locked after their customers. Whoever holds either is passed over: no payment waits for the clock."""
    due = (await work.db.execute(queries.due(work, AT_ONCE))).all()
    if not due:
        return []
    free = list(await work.db.scalars(queries.free_customers(work, sorted({row.customer_id for row in due}))))
    return (await work.db.execute(queries.claim(work, [row.id for row in due], free))).all()


async def _remind(work: Work, orders: Sequence[sa.Row[Any]]) -> set[UUID]:
    ids = [order.id for order in orders]
    return set(ids) if ids and await mails.remind(work, ids) else set()


def _is_over(order: sa.Row[Any], now: datetime, patience: Patience) -> bool:
    if order.hold_reason is not None:
        return False
    return order.created_at + patience.give_up_after <= now or order.attempts >= patience.attempts


def _may_remind(order: sa.Row[Any], now: datetime, patience: Patience) -> bool:
    if order.reminders >= patience.reminders:
        return False
    last = order.reminded_at
    return last is None or last + patience.reminder_gap <= now


def _next_look(order: sa.Row[Any], now: datetime, patience: Patience, reminded: set[UUID]) -> datetime:
    """The next reminder, or the end; tomorrow where it could not be reminded of though it was time."""
    end = order.created_at + patience.give_up_after
    if order.id in reminded:
        done = order.reminders + 1
        return min(end, now + patience.reminder_gap) if done < patience.reminders else end
    if order.hold_reason is not None:
        return now + LATER
    if order.reminders >= patience.reminders:
        return max(end, now + LATER)
    return now + LATER
