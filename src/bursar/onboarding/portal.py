"""A customer's orders as the portal shows them: read as the customer, behind the wall of what they may see."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.onboarding.queries import portal as queries
from bursar.onboarding.standing import Standing, standing_of
from bursar.onboarding.states import HoldReason, OrderState


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """One order. The `local` texts are in the firm's second language, where it wrote them."""

    id: UUID
    standing: Standing
    name: str
    name_local: str | None
    description: str | None
    description_local: str | None
    included: tuple[str, ...]
    included_local: tuple[str, ...]
    net: Money
    tax: Money
    total: Money
    refunded: Money
    ordered_on: date
    paid_on: date | None
    invoice_id: UUID | None


async def orders_of(
    work: Work, customer_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[OrderSeen]:
    """The newest first, older than `before`."""
    return [
        _seen(work, row) for row in await work.db.execute(queries.orders_of(work, customer_id, before, limit))
    ]


async def orders_to_pay(work: Work, customer_id: UUID, *, limit: int) -> list[OrderSeen]:
    """For which money is still to come, the newest first; it may be on its way."""
    return [
        _seen(work, row) for row in await work.db.execute(queries.orders_to_pay(work, customer_id, limit))
    ]


async def one_order(work: Work, customer_id: UUID, order_id: UUID) -> OrderSeen:
    """Raises `NotFound` for what the customer does not see."""
    row = (await work.db.execute(queries.one_order(work, customer_id, order_id))).one_or_none()
    if row is None:
        raise NotFound("order")
    return _seen(work, row)


def _seen(work: Work, row: sa.Row[Any]) -> OrderSeen:
    hold = HoldReason(row.hold_reason) if row.hold_reason else None
    net, tax, total, refunded = (
        Money(minor, row.currency)
        for minor in (row.net_minor, row.tax_minor, row.amount_minor, row.refunded_minor)
    )
    return OrderSeen(
        id=row.id,
        standing=standing_of(OrderState(row.state), hold, money_on_its_way=row.money_on_its_way),
        name=row.name,
        name_local=row.name_local,
        description=row.description,
        description_local=row.description_local,
        included=tuple(row.included),
        included_local=tuple(row.included_local),
        net=net,
        tax=tax,
        total=total,
        refunded=refunded,
        ordered_on=row.created_at.astimezone(work.zone).date(),
        paid_on=row.paid_at.astimezone(work.zone).date() if row.paid_at else None,
        invoice_id=row.invoice_id,
    )
