"""Refunds that an agent ordered are made at the provider, in three beats: taken down, asked for, written down.

The refund's own id is the key, so that asking twice makes one. A provider remembers keys for a day; after that it is
asked what it knows of the payment, where our key stands beside each refund that was ordered under it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from bursar.billing import refunds
from bursar.billing.queries import refunds as queries
from bursar.billing.tills import moneyback
from bursar.billing.tills.cashier import Cashier
from bursar.billing.tills.ports import SeenRefund, Till, TillError, TillRefused, TillThrottled, TillUnsure
from bursar.core.errors import Refusal
from bursar.core.money import Money
from bursar.core.work import Work

log = structlog.get_logger(__name__)

KEYS_LAST = timedelta(hours=20)
"""Stripe keeps them for a day at least; some hours are left for clocks."""
LONGEST_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Order:
    till_id: UUID
    payment_intent: str
    amount: Money
    key_may_be_forgotten: bool


async def send_back(cashier: Cashier, tenant_id: UUID, refund_id: UUID) -> None:
    """Ask the till's provider for one refund, and book what it says. Safe twice and at once; nothing for one that
    needs it no more.

    Raises `TillThrottled` and `TillUnsure` where asking again may help.
    """
    async with cashier.office.work(tenant_id, cause="refund") as work:
        order = await _take(work, refund_id)
    if order is None:
        return
    try:
        async with cashier.at(tenant_id, order.till_id) as till:
            seen = await _ask(till, order, refund_id.hex)
    except TillRefused as refusal:
        async with cashier.office.work(tenant_id, cause="refund") as work:
            if (await work.db.execute(queries.lock_to_send(work, refund_id))).first():
                await refunds.fail_refund(work, refund_id, because=_said(refusal))
        return
    except (TillError, Refusal) as trouble:
        async with cashier.office.work(tenant_id, cause="refund") as work:
            await work.db.execute(queries.note(work, refund_id, {"last_error": _said(trouble)}))
        if isinstance(trouble, TillThrottled | TillUnsure):
            raise
        return
    async with cashier.office.work(tenant_id, cause="refund") as work:
        await moneyback.see(work, order.till_id, order.payment_intent, [replace(seen, key=refund_id.hex)], [])


async def send_back_all(cashier: Cashier) -> None:
    """Those of all tenants of which no provider has said that it took them."""
    async with cashier.office.scan() as scan:
        waiting = (await scan.db.execute(queries.to_send())).all()
    for row in waiting:
        try:
            await send_back(cashier, row.tenant_id, row.id)
        except Exception as error:  # noqa: BLE001  one that fails keeps nobody else's money here
            log.warning("refund_not_sent", tenant=str(row.tenant_id), refund=str(row.id), reason=str(error))


async def _take(work: Work, refund_id: UUID) -> Order | None:
    row = (await work.db.execute(queries.lock_to_send(work, refund_id))).one_or_none()
    if row is None:
        return None
    way = (await work.db.execute(queries.way_back(work, row.payment_id))).one()
    asked_at = row.asked_at or work.now
    await work.db.execute(queries.note(work, refund_id, {"asked_at": asked_at}))
    amount = Money(row.amount_minor, row.currency)
    return Order(row.till_id, way.payment_intent, amount, work.now - asked_at > KEYS_LAST)


async def _ask(till: Till, order: Order, key: str) -> SeenRefund:
    if order.key_may_be_forgotten:
        money = await till.money_of(order.payment_intent)
        made = next((one for one in money.refunds if one.key == key), None)
        if made is not None:
            return made
    return await till.refund(order.payment_intent, order.amount, key=key)


def _said(trouble: Exception) -> str:
    return (str(trouble) or type(trouble).__name__)[:LONGEST_ERROR]
