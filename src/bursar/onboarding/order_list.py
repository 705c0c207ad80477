"""Orders as agents see them: found, counted, opened with what happened to each, and those whose money stands still."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.onboarding.addresses import order_address
from bursar.onboarding.queries import order_lists as queries
from bursar.onboarding.queries import order_money as money
from bursar.onboarding.states import CONFIRM_PAYMENT, HoldReason, OrderState
from bursar.outbox import reading
from bursar.outbox.reading import Send

LARGEST_PAGE = 200
MOST_STUCK = 100
SLOW = timedelta(days=3)
"""Money under way for longer than this is worth a look at the provider."""
DECIDED_BY_HAND = frozenset({HoldReason.AMOUNT_MISMATCH, HoldReason.PAID_AFTER_CANCEL})


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What is None does not matter. `text` is a part of a name, an address or a product."""

    state: OrderState | None = None
    held: bool | None = None
    customer_id: UUID | None = None
    product_id: UUID | None = None
    payment_link_id: UUID | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `sold` is what its invoice says; `total` is what is paid, `refunded` what of it went back."""

    id: UUID
    version: int
    state: OrderState
    hold_reason: HoldReason | None
    customer_id: UUID
    customer_name: str
    product_id: UUID
    product_code: str
    sold: str
    net: Money
    tax: Money
    total: Money
    refunded: Money
    attempts: int
    reminders: int
    reminded_at: datetime | None
    look_at: datetime | None
    paid_at: datetime | None
    payment_link_id: UUID | None
    link_state: str | None
    invoice_id: UUID | None
    invoice_number: str | None
    invoice_state: str | None
    payment_id: UUID | None
    terms_version: str | None
    terms_accepted_at: datetime | None
    created_at: datetime
    link_version: int

    @property
    def may_be_paid(self) -> bool:
        return self.state in CONFIRM_PAYMENT.sources and self.hold_reason is None

    @property
    def may_be_cancelled(self) -> bool:
        return self.may_be_paid

    @property
    def waits_for_decision(self) -> bool:
        return self.hold_reason in DECIDED_BY_HAND


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Order]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """How many orders there are in each state, and how many are held."""

    of: Mapping[OrderState, int]
    held: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """Money that somebody has to decide about. `applied` if it is the customer's credit already."""

    amount: Money
    payment_id: UUID | None
    applied: bool


async def list_orders(
    work: Work, wanted: OrderFilter = OrderFilter(), *, cursor: UUID | None = None, limit: int = 50
) -> OrderPage:
    """The newest first, after `cursor`."""
    size = max(1, min(limit, LARGEST_PAGE))
    found = await work.db.execute(queries.listed(work, asdict(wanted), cursor, size + 1))
    rows = [_order(row) for row in found]
    return OrderPage(rows[:size], rows[size - 1].id if len(rows) > size else None)


async def count_orders(work: Work, wanted: OrderFilter = OrderFilter()) -> OrderCounts:
    """Of those that meet the rest of `wanted`, whatever their state."""
    rows = (await work.db.execute(queries.counted(work, asdict(wanted)))).all()
    found = {row.state: row.many for row in rows}
    return OrderCounts({state: found.get(state, 0) for state in OrderState}, sum(row.held for row in rows))


async def get_order(work: Work, order_id: UUID) -> Order:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one(work, order_id))).one_or_none()
    if row is None:
        raise NotFound("order")
    return _order(row)


async def stuck_orders(work: Work, *, limit: int = MOST_STUCK) -> list[Order]:
    """Orders whose money stands still, the oldest first: held for a decision, or on its way for days."""
    return [_order(row) for row in await work.db.execute(queries.stuck(work, work.now - SLOW, limit))]


async def mails_about(work: Work, order_id: UUID) -> list[Send]:
    """Its welcome and reminders, the newest first."""
    return await reading.these(work, list(await work.db.scalars(queries.sends_about(work, order_id))))


async def undecided(work: Work, order_id: UUID) -> list[Undecided]:
    """Money for this order that does not pay it: of another amount than was asked for, or beside what paid it."""
    beside = await work.db.execute(money.spare(work, order_id))
    found = [Undecided(Money(row.amount_minor, row.currency), row.payment_id, applied=True) for row in beside]
    other = (await work.db.execute(money.came_instead(work, order_id))).one_or_none()
    if other is not None and "came_minor" in other.payload:
        came = Money(other.payload["came_minor"], other.payload["came_currency"])
        found.append(Undecided(came, None, applied=False))
    return found


def pay_address(work: Work, order: Order, base_url: str) -> str:
    """Where the order is paid: what is copied and sent to its customer."""
    return order_address(work.keyring, base_url, work.tenant_id, order.id, link_version=order.link_version)


def _order(row: sa.Row[Any]) -> Order:
    copied = (
        *("id", "version", "customer_id", "customer_name", "product_id", "product_code", "attempts"),
        *("reminders", "reminded_at", "look_at", "paid_at", "payment_link_id", "link_state", "invoice_id"),
        *("invoice_number", "invoice_state", "payment_id", "terms_version", "terms_accepted_at"),
        *("created_at", "link_version"),
    )
    return Order(
        **{name: getattr(row, name) for name in copied},
        state=OrderState(row.state),
        hold_reason=HoldReason(row.hold_reason) if row.hold_reason else None,
        sold=row.metadata["line"]["description"],
        net=Money(row.net_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.amount_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
    )
