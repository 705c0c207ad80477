"""Statements behind an order's public page."""

from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus
from bursar.billing.tables import checkout_sessions
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.onboarding.tables import orders
from bursar.tenancy.tables import customers, tenants


def owner(work: Work, order_id: UUID) -> sa.Select:
    """Whose order it is, and which of their links still count."""
    theirs = same_tenant(customers, orders) & (customers.c.id == orders.c.customer_id)
    columns = (customers.c.id, customers.c.link_version, customers.c.state, customers.c.suspended_reason)
    return (
        sa.select(*columns)
        .join(orders, theirs)
        .where(orders.c.tenant_id == work.tenant_id, orders.c.id == order_id)
    )


def seen(work: Work, order_id: UUID) -> sa.Select:
    """The order, as far as whoever asks may see it."""
    return sa.select(orders.c.id).where(orders.c.tenant_id == work.tenant_id, orders.c.id == order_id)


def shown(work: Work, order_id: UUID) -> sa.Select:
    """The order with what was bought, who bought it, and whether money of it is on its way."""
    bought = same_tenant(products, orders) & (products.c.id == orders.c.product_id)
    theirs = same_tenant(customers, orders) & (customers.c.id == orders.c.customer_id)
    amounts = (orders.c.net_minor, orders.c.tax_minor, orders.c.amount_minor, orders.c.refunded_minor)
    return (
        sa.select(
            orders.c.id,
            orders.c.state,
            orders.c.hold_reason,
            orders.c.currency,
            orders.c.paid_at,
            orders.c.invoice_id,
            *amounts,
            orders.c.metadata["line"].label("line"),
            products.c.included,
            products.c.included_local,
            customers.c.locale,
            customers.c.link_version,
            sa.exists(_under_way(work, order_id)).label("money_on_its_way"),
        )
        .join(products, bought)
        .join(customers, theirs)
        .where(orders.c.tenant_id == work.tenant_id, orders.c.id == order_id)
    )


def firm(work: Work) -> sa.Select:
    """How the firm presents itself, and in which language."""
    t = tenants.c
    return sa.select(t.slug, t.name, t.branding, t.locale, t.settings, t.country).where(
        t.tenant_id == work.tenant_id
    )


def _under_way(work: Work, order_id: UUID) -> sa.Select:
    """Checkouts that were gone through and whose money is yet to come."""
    c = checkout_sessions.c
    return sa.select(c.id).where(
        c.tenant_id == work.tenant_id,
        c.about_type == PaidFor.ORDER,
        c.about_id == order_id,
        c.state == CheckoutState.COMPLETE,
        c.payment_status == PaymentStatus.UNPAID,
    )
