"""Statements over orders: made, locked, paid, held and let go; the lists people read are in order_lists.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import PaidFor
from bursar.billing.tables import (
    checkout_sessions,
    is_processing,
)
from bursar.core.schema import same_tenant
from bursar.core.sets import among, rows
from bursar.core.work import Work
from bursar.onboarding.states import CONFIRM_PAYMENT, HoldReason, OrderState
from bursar.onboarding.tables import orders, payment_links
from bursar.tenancy.tables import customers, tenants

_HELD = sa.literal_column("'awaiting_funds'")


class Confirmed(NamedTuple):
    """What an order gets of its own when it is paid."""

    id: UUID
    invoice_id: UUID | None
    payment_id: UUID | None
    payment_intent: str | None
    provider_customer: str | None


def add_order(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(orders).values(tenant_id=work.tenant_id, **values).returning(orders.c.id)


def owner(work: Work, order_id: UUID) -> sa.Select:
    """Whose order it is, read without a lock: the customer is locked first."""
    return sa.select(orders.c.customer_id).where(
        orders.c.tenant_id == work.tenant_id, orders.c.id == order_id
    )


def lock_orders(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """These orders with the state of their links, locked in the order of their ids."""
    link = same_tenant(payment_links, orders) & (payment_links.c.id == orders.c.payment_link_id)
    return (
        sa.select(orders, payment_links.c.state.label("link_state"))
        .select_from(orders.outerjoin(payment_links, link))
        .where(orders.c.tenant_id == work.tenant_id, among(orders.c.id, ids))
        .order_by(orders.c.id)
        .with_for_update(key_share=True, of=orders)
    )


def payer(work: Work, order_id: UUID) -> sa.Select:
    """What a checkout of this order says: to whom, in which language."""
    theirs = same_tenant(customers, orders) & (customers.c.id == orders.c.customer_id)
    return (
        sa.select(
            customers.c.email,
            customers.c.link_version,
            sa.func.coalesce(customers.c.locale, tenants.c.locale).label("locale"),
        )
        .select_from(orders.join(customers, theirs).join(tenants, same_tenant(tenants, orders)))
        .where(orders.c.tenant_id == work.tenant_id, orders.c.id == order_id)
    )


def checkouts_of_orders(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of these checkouts that are about an order, in the order of their ids; `is_last` if no attempt followed."""
    c, later = checkout_sessions.c, checkout_sessions.alias("later")
    followed = sa.exists().where(
        same_tenant(later, checkout_sessions),
        later.c.about_type == c.about_type,
        later.c.about_id == c.about_id,
        later.c.attempt > c.attempt,
    )
    return (
        sa.select(
            c.id,
            c.about_id.label("order_id"),
            c.customer_id,
            c.amount_minor,
            c.currency,
            c.session_id,
            c.payment_intent,
            c.provider_customer,
            c.payment_id,
            (~followed).label("is_last"),
        )
        .where(c.tenant_id == work.tenant_id, among(c.id, ids), c.about_type == PaidFor.ORDER)
        .order_by(c.id)
    )


def confirm(work: Work, given: Sequence[Confirmed]) -> sa.Update:
    """Orders paid, each with its own invoice and payment. Money that did not fit stays a reason to look."""
    new = rows(
        "new",
        {
            "id": sa.UUID(),
            "invoice_id": sa.UUID(),
            "payment_id": sa.UUID(),
            "payment_intent": sa.Text(),
            "provider_customer": sa.Text(),
        },
        given,
    )
    return (
        sa.update(orders)
        .where(
            orders.c.tenant_id == work.tenant_id,
            orders.c.id == new.c.id,
            orders.c.state.in_(sorted(CONFIRM_PAYMENT.sources)),
        )
        .values(
            state=CONFIRM_PAYMENT.target,
            paid_at=work.now,
            look_at=None,
            hold_reason=sa.func.nullif(orders.c.hold_reason, _HELD),
            invoice_id=new.c.invoice_id,
            payment_id=new.c.payment_id,
            stripe_payment_intent_id=new.c.payment_intent,
            stripe_customer_id=new.c.provider_customer,
            version=orders.c.version + 1,
        )
        .returning(orders.c.id)
    )


def is_under_way(subject: sa.FromClause) -> sa.ColumnElement[bool]:
    """Orders for which money was sent that has not arrived: a checkout is complete and unpaid (R129)."""
    c = checkout_sessions.c
    return sa.exists().where(
        same_tenant(checkout_sessions, subject),
        c.about_type == PaidFor.ORDER,
        c.about_id == subject.c.id,
        is_processing(checkout_sessions),
    )


def under_way(work: Work, order_id: UUID) -> sa.Select:
    """Whether money for this order is under way."""
    return sa.select(is_under_way(orders)).where(
        orders.c.tenant_id == work.tenant_id, orders.c.id == order_id
    )


def weigh_funds(work: Work, ids: Sequence[UUID], *, attempts: Mapping[UUID, int] | None = None) -> sa.Update:
    """Orders held while money is under way, and let go when none is; what else holds them stays.

    Judged by what their checkouts are, not by what was told last: events come in any order.
    """
    values: dict[str, Any] = {
        "hold_reason": sa.case(
            (orders.c.hold_reason.is_not(None) & (orders.c.hold_reason != _HELD), orders.c.hold_reason),
            (is_under_way(orders), _HELD),
        ),
        "version": orders.c.version + 1,
    }
    chosen = [orders.c.tenant_id == work.tenant_id, among(orders.c.id, ids)]
    if attempts:
        failed = rows("failed", {"id": sa.UUID(), "many": sa.Integer()}, list(attempts.items()))
        values["attempts"] = orders.c.attempts + failed.c.many
        chosen.append(orders.c.id == failed.c.id)
    return (
        sa.update(orders)
        .where(orders.c.tenant_id == work.tenant_id, *chosen)
        .values(values)
        .returning(orders.c.id, orders.c.hold_reason, orders.c.attempts)
    )


def hold(
    work: Work, ids: Sequence[UUID], reason: HoldReason | None, *, instead_of: Sequence[str] = ()
) -> sa.Update:
    """These orders, held for a reason; with None let go of those that were held for one of `instead_of`."""
    chosen = [orders.c.tenant_id == work.tenant_id, among(orders.c.id, ids)]
    if instead_of:
        chosen.append(orders.c.hold_reason.in_(list(instead_of)))
    return (
        sa.update(orders)
        .where(orders.c.tenant_id == work.tenant_id, *chosen)
        .values(hold_reason=reason, version=orders.c.version + 1)
        .returning(orders.c.id, orders.c.customer_id)
    )


def look_again(work: Work, given: Sequence[tuple[UUID, datetime]], *, reminded: bool = False) -> sa.Update:
    """Pending orders and when the clock is to look at each again; `reminded` counts a reminder more."""
    new = rows("new", {"id": sa.UUID(), "at": sa.DateTime(timezone=True)}, given)
    values: dict[str, Any] = {"look_at": new.c.at, "version": orders.c.version + 1}
    if reminded:
        values |= {"reminders": orders.c.reminders + 1, "reminded_at": work.now}
    return (
        sa.update(orders)
        .where(
            orders.c.tenant_id == work.tenant_id,
            orders.c.id == new.c.id,
            orders.c.state == OrderState.PENDING,
        )
        .values(values)
    )
