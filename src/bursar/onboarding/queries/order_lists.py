"""Statements over orders as agents look at them: found, counted, opened, and those whose money stands still."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import PaidFor
from bursar.billing.tables import checkout_sessions, invoices, is_processing
from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.onboarding.tables import orders, payment_links
from bursar.outbox.tables import send_subjects
from bursar.tenancy.tables import customers


def listed(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Orders that meet `wanted`, the newest first, older than `before`."""
    found = _shown().where(orders.c.tenant_id == work.tenant_id, *_meets(wanted))
    if before is not None:
        found = found.where(orders.c.tenant_id == work.tenant_id, orders.c.id < before)
    return found.order_by(orders.c.id.desc()).limit(limit)


def counted(work: Work, wanted: Mapping[str, Any]) -> sa.Select:
    """How many there are in each state, and how many of those are held, of those that meet the rest of `wanted`."""
    rest = {name: value for name, value in wanted.items() if name not in ("state", "held")}
    return (
        sa.select(
            orders.c.state,
            sa.func.count().label("many"),
            sa.func.count(orders.c.hold_reason).label("held"),
        )
        .select_from(_joined())
        .where(orders.c.tenant_id == work.tenant_id, *_meets(rest))
        .group_by(orders.c.state)
    )


def one(work: Work, order_id: UUID) -> sa.Select:
    return _shown().where(orders.c.tenant_id == work.tenant_id, orders.c.id == order_id)


def stuck(work: Work, slow_before: datetime, limit: int) -> sa.Select:
    """Orders whose money stands still, the oldest first: held for a decision, or under way since before then."""
    c = checkout_sessions.c
    slow = sa.exists().where(
        same_tenant(checkout_sessions, orders),
        c.about_type == PaidFor.ORDER,
        c.about_id == orders.c.id,
        is_processing(checkout_sessions),
        c.created_at < slow_before,
    )
    decide = orders.c.hold_reason.is_not(None) & (orders.c.hold_reason != "awaiting_funds")
    return (
        _shown()
        .where(
            orders.c.tenant_id == work.tenant_id,
            orders.c.hold_reason.is_not(None),
            decide | slow,
        )
        .order_by(orders.c.id)
        .limit(limit)
    )


def sends_about(work: Work, order_id: UUID) -> sa.Select:
    """The ids of the messages that are, or were, about the order; the newest first."""
    return (
        sa.select(send_subjects.c.send_id)
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.subject_type == "order",
            send_subjects.c.subject_id == order_id,
        )
        .order_by(send_subjects.c.send_id.desc())
    )


def checkouts_about(work: Work, order_id: UUID) -> sa.Select:
    """The ids of the attempts to pay for the order."""
    c = checkout_sessions.c
    return sa.select(c.id).where(
        c.tenant_id == work.tenant_id, c.about_type == PaidFor.ORDER, c.about_id == order_id
    )


def _joined() -> sa.FromClause:
    theirs = same_tenant(customers, orders) & (customers.c.id == orders.c.customer_id)
    sold = same_tenant(products, orders) & (products.c.id == orders.c.product_id)
    return orders.join(customers, theirs).join(products, sold)


def _shown() -> sa.Select:
    link = same_tenant(payment_links, orders) & (payment_links.c.id == orders.c.payment_link_id)
    bill = same_tenant(invoices, orders) & (invoices.c.id == orders.c.invoice_id)
    return sa.select(
        orders,
        sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("customer_name"),
        customers.c.link_version,
        products.c.code.label("product_code"),
        products.c.name.label("product_name"),
        payment_links.c.state.label("link_state"),
        invoices.c.number.label("invoice_number"),
        invoices.c.state.label("invoice_state"),
    ).select_from(_joined().outerjoin(payment_links, link).outerjoin(invoices, bill))


def _meets(wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """`text` is looked for in customers' names and addresses, and in products."""
    exact = ("state", "customer_id", "product_id", "payment_link_id")
    chosen = [orders.c[name] == wanted[name] for name in exact if wanted.get(name) is not None]
    if wanted.get("held") is not None:
        held = orders.c.hold_reason.is_not(None)
        chosen.append(held if wanted["held"] else ~held)
    if wanted.get("text"):
        fields = (customers.c.full_name, customers.c.company_name, customers.c.email)
        told = (*fields, products.c.name, products.c.code)
        chosen.append(sa.or_(*(field.icontains(wanted["text"], autoescape=True) for field in told)))
    return chosen
