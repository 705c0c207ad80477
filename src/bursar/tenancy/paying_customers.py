"""What money makes of customers: active by paying, suspended by not paying or by taking it back (lifecycle 1).

For sets, since payments are applied in sets. Whoever calls knows the orders, and holds the customers' locks.
"""

from collections.abc import Sequence
from uuid import UUID

from bursar.core.moves import move_all
from bursar.core.work import Work
from bursar.tenancy import states
from bursar.tenancy.queries import customers as queries
from bursar.tenancy.states import SuspendedReason


async def payments_confirmed(work: Work, ids: Sequence[UUID]) -> list[UUID]:
    """Those of them who waited for money are active. A payment alone does not bring back whom an administrator, a
    refund or a chargeback has suspended, and of who is active nothing changes.
    """
    waiting = list(await work.db.scalars(queries.waiting_for_money(work, ids)))
    return await move_all(work, states.CONFIRM_PAYMENT, waiting, suspended_reason=None)


async def payments_failed(work: Work, ids: Sequence[UUID], *, because: str) -> list[UUID]:
    """Those of them who are pending are suspended as unpaid; who was a customer before stays one."""
    return await move_all(
        work, states.PAYMENT_FAILED, ids, because=because, suspended_reason=SuspendedReason.UNPAID
    )


async def money_lost(work: Work, ids: Sequence[UUID], reason: SuspendedReason) -> list[UUID]:
    """Those of them who are active are suspended: all that they ever paid for went back to them."""
    return await move_all(work, states.MONEY_LOST, ids, because=str(reason), suspended_reason=reason)
