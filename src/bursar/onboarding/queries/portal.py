"""Statements behind the portal's pages of orders: they run as the customer, so they name columns that a customer may
read, and no others (R116, R122).
"""

from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus
from bursar.billing.tables import checkout_sessions
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.onboarding.states import OrderState
from bursar.onboarding.tables import orders

_MONEY = ("net_minor", "tax_minor", "amount_minor", "refunded_minor", "currency")


def orders_of(work: Work, customer_id: UUID, before: UUID | None, limit: int) -> sa.Select:
    """A customer's orders, the newest first, older than `before`."""
    older = [] if before is None else [orders.c.id < before]
    return (
        _shown(work)
        .where(orders.c.tenant_id == work.tenant_id, orders.c.customer_id == customer_id, *older)
        .order_by(orders.c.id.desc())
        .limit(limit)
    )


def orders_to_pay(work: Work, customer_id: UUID, limit: int) -> sa.Select:
    """Those of a customer's orders for which money is still to come, the newest first."""
    return orders_of(work, customer_id, None, limit).where(
        orders.c.state.in_([OrderState.PENDING, OrderState.FAILED])
    )


def one_order(work: Work, customer_id: UUID, order_id: UUID) -> sa.Select:
    return _shown(work).where(
        orders.c.tenant_id == work.tenant_id, orders.c.customer_id == customer_id, orders.c.id == order_id
    )


def _shown(work: Work) -> sa.Select:
    """Orders with what was bought, and whether money of them is on its way."""
    c = checkout_sessions
    under_way = sa.exists(c.c.id).where(
        same_tenant(c, orders),
        c.c.about_type == PaidFor.ORDER,
        c.c.about_id == orders.c.id,
        c.c.state == CheckoutState.COMPLETE,
        c.c.payment_status == PaymentStatus.UNPAID,
    )
    bought = same_tenant(products, orders) & (products.c.id == orders.c.product_id)
    named = ("name", "name_local", "description", "description_local", "included", "included_local")
    return (
        sa.select(
            orders.c.id,
            orders.c.state,
            orders.c.hold_reason,
            orders.c.invoice_id,
            orders.c.paid_at,
            orders.c.created_at,
            *(orders.c[name] for name in _MONEY),
            *(products.c[name] for name in named),
            under_way.label("money_on_its_way"),
        )
        .join(products, bought)
        .where(orders.c.tenant_id == work.tenant_id)
    )
