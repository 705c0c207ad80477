"""Statements over the money of orders: what went back, what came beside it, and what still pays nothing."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from bursar.billing.states import PaidFor, RefundState
from bursar.billing.tables import (
    checkout_sessions,
    customer_credits,
    invoices,
    is_open,
    refunds,
)
from bursar.core.schema import same_tenant
from bursar.core.sets import among, rows
from bursar.core.tables import events
from bursar.core.work import Work
from bursar.onboarding.states import OrderState
from bursar.onboarding.tables import orders


def orders_paid_by(work: Work, payment_ids: Sequence[UUID]) -> sa.Select:
    """The orders that these payments paid, with their customers; read without a lock."""
    return (
        sa.select(orders.c.id, orders.c.customer_id)
        .where(orders.c.tenant_id == work.tenant_id, among(orders.c.payment_id, payment_ids))
        .order_by(orders.c.id)
    )


def orders_refunded_by(work: Work, refund_ids: Sequence[UUID]) -> sa.Select:
    """The orders whose money these refunds give back, with their customers; read without a lock."""
    of_payment = same_tenant(orders, refunds) & (orders.c.payment_id == refunds.c.payment_id)
    return (
        sa.select(orders.c.id, orders.c.customer_id)
        .join_from(refunds, orders, of_payment)
        .where(refunds.c.tenant_id == work.tenant_id, among(refunds.c.id, refund_ids))
        .order_by(orders.c.id)
    )


def refunded(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """What went back of each of these orders' money in all, in minor units; refunds under way are not counted."""
    of_payment = same_tenant(orders, refunds) & (orders.c.payment_id == refunds.c.payment_id)
    return (
        sa.select(orders.c.id, sa.cast(sa.func.sum(refunds.c.amount_minor), sa.BigInteger).label("minor"))
        .join_from(orders, refunds, of_payment)
        .where(
            orders.c.tenant_id == work.tenant_id,
            among(orders.c.id, ids),
            refunds.c.state == RefundState.SUCCEEDED,
        )
        .group_by(orders.c.id)
    )


def note_refunded(work: Work, given: Sequence[tuple[UUID, int]]) -> sa.Update:
    """Orders and how much of their money went back in all; those of which that is news come back."""
    new = rows("new", {"id": sa.UUID(), "minor": sa.BigInteger()}, given)
    return (
        sa.update(orders)
        .where(
            orders.c.tenant_id == work.tenant_id,
            orders.c.id == new.c.id,
            orders.c.refunded_minor != new.c.minor,
        )
        .values(refunded_minor=new.c.minor, version=orders.c.version + 1)
        .returning(orders.c.id)
    )


def customers_who_paid(work: Work, customer_ids: Sequence[UUID]) -> sa.Select:
    """Those of `customer_ids` who have a paid order."""
    return (
        sa.select(orders.c.customer_id)
        .where(
            orders.c.tenant_id == work.tenant_id,
            among(orders.c.customer_id, customer_ids),
            orders.c.state == OrderState.PAID,
        )
        .distinct()
    )


def orders_given_back(work: Work, refund_ids: Sequence[UUID]) -> sa.Select:
    """The orders for which money came beside what paid them, and went back by these refunds."""
    c = checkout_sessions.c
    by = same_tenant(checkout_sessions, refunds) & (c.payment_id == refunds.c.payment_id)
    its = same_tenant(orders, checkout_sessions) & (orders.c.id == c.about_id)
    return (
        sa.select(orders.c.id, orders.c.customer_id)
        .select_from(refunds.join(checkout_sessions, by).join(orders, its))
        .where(
            refunds.c.tenant_id == work.tenant_id,
            among(refunds.c.id, refund_ids),
            c.about_type == PaidFor.ORDER,
            orders.c.payment_id.is_distinct_from(refunds.c.payment_id),
        )
        .distinct()
        .order_by(orders.c.id)
    )


def not_applied(work: Work, invoice_ids: Sequence[UUID]) -> sa.Select:
    """Those of these invoices that are an order's, open, and whose order's money still pays nothing."""
    its = same_tenant(invoices, orders) & (invoices.c.id == orders.c.invoice_id)
    left = same_tenant(customer_credits, orders) & (customer_credits.c.payment_id == orders.c.payment_id)
    return (
        sa.select(orders.c.id, orders.c.invoice_id, orders.c.payment_id)
        .select_from(orders.join(invoices, its).join(customer_credits, left))
        .where(
            orders.c.tenant_id == work.tenant_id,
            among(orders.c.invoice_id, invoice_ids),
            is_open(invoices),
            customer_credits.c.amount_minor > 0,
        )
        .order_by(orders.c.id)
    )


def spare(work: Work, order_id: UUID) -> sa.Select:
    """What is left of money that came beside what paid this order, by payment."""
    c, left = checkout_sessions.c, customer_credits.c
    credit = same_tenant(customer_credits, checkout_sessions) & (left.payment_id == c.payment_id)
    its = same_tenant(orders, checkout_sessions) & (orders.c.id == c.about_id)
    return (
        sa.select(left.payment_id, left.amount_minor, left.currency)
        .select_from(checkout_sessions.join(customer_credits, credit).join(orders, its))
        .where(
            c.tenant_id == work.tenant_id,
            c.about_type == PaidFor.ORDER,
            c.about_id == order_id,
            orders.c.payment_id.is_distinct_from(c.payment_id),
            left.amount_minor > 0,
        )
        .order_by(left.payment_id)
    )


def came_instead(work: Work, order_id: UUID) -> sa.Select:
    """The last money of an order that was not what was asked for: its checkout, and what it was."""
    c = checkout_sessions.c
    about = (events.c.entity_type == "checkout_session") & (events.c.entity_id == c.id)
    return (
        sa.select(
            c.id,
            c.session_id,
            c.payment_intent,
            c.provider_customer,
            c.payment_id,
            sa.cast(events.c.payload, JSONB).label("payload"),
        )
        .join_from(checkout_sessions, events, same_tenant(events, checkout_sessions) & about)
        .where(
            c.tenant_id == work.tenant_id,
            c.about_type == PaidFor.ORDER,
            c.about_id == order_id,
            c.payment_id.is_(None),
            events.c.type == "checkout_session.mismatch",
        )
        .order_by(events.c.id.desc())
        .limit(1)
    )
