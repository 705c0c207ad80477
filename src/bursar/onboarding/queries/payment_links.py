"""Which payment links, and how they are written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.tables import products
from bursar.core.schema import same_tenant
from bursar.core.sets import Columns, among, rows
from bursar.core.work import Work
from bursar.onboarding.states import USE_LINK, PaymentLinkState
from bursar.onboarding.tables import orders, payment_links
from bursar.outbox.tables import send_subjects, sends
from bursar.tenancy.tables import agents, customers

COLUMNS: Columns = {
    "id": sa.UUID(),
    "token_hash": sa.LargeBinary(),
    "product_id": sa.UUID(),
    "prospect_email": sa.Text(),
    "email_key": sa.Text(),
    "prospect_name": sa.Text(),
    "locale": sa.Text(),
    "price_minor": sa.BigInteger(),
    "currency": sa.Text(),
    "note": sa.Text(),
    "expires_at": sa.DateTime(timezone=True),
}
SUBJECT = "payment_link"
"""What a send about a link names as its subject."""


def new_ids(count: int) -> sa.Select:
    """Fresh ids from the database's clock, in order; no rows of a table, and no tenant_id."""
    return sa.select(sa.func.uuidv7()).select_from(sa.func.generate_series(1, count))


def add_links(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """New links with the values of `COLUMNS`."""
    new = rows("new", COLUMNS, given)
    columns = {
        "tenant_id": sa.literal(work.tenant_id),
        "created_by": sa.literal(work.actor.id, sa.UUID()),
        "state": sa.literal(PaymentLinkState.ACTIVE, sa.Text()),
        **{name: new.c[name] for name in COLUMNS},
    }
    return sa.insert(payment_links).from_select(
        [*columns], sa.select(*columns.values()).select_from(new).order_by(new.c.id)
    )


def lock(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` that exist, in their order, held against other writers."""
    l = payment_links.c  # noqa: E741  as in the tables of states
    return (
        sa.select(payment_links)
        .where(l.tenant_id == work.tenant_id, among(l.id, ids))
        .order_by(l.id)
        .with_for_update(key_share=True)
    )


def edit(work: Work, link_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    """One link with new values; its state stays."""
    return (
        sa.update(payment_links)
        .where(payment_links.c.tenant_id == work.tenant_id, payment_links.c.id == link_id)
        .values(**values, version=payment_links.c.version + 1)
    )


def use(work: Work, used: Mapping[UUID, UUID]) -> sa.Update:
    """Those of these links that were registered with, each with the customer that paid."""
    paid = rows("paid", {"id": sa.UUID(), "customer_id": sa.UUID()}, list(used.items()))
    return (
        sa.update(payment_links)
        .values(
            state=USE_LINK.target,
            used_at=work.now,
            used_by=paid.c.customer_id,
            version=payment_links.c.version + 1,
        )
        .where(
            payment_links.c.tenant_id == work.tenant_id,
            payment_links.c.id == paid.c.id,
            payment_links.c.state.in_(sorted(USE_LINK.sources)),
        )
        .returning(payment_links.c.id)
    )


def orders_of(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The orders that came of these links."""
    return sa.select(orders.c.id).where(
        orders.c.tenant_id == work.tenant_id, among(orders.c.payment_link_id, ids)
    )


def past(work: Work, limit: int) -> sa.Select:
    """Links whose time is over, those that somebody works on passed over."""
    return (
        sa.select(payment_links.c.id)
        .where(
            payment_links.c.tenant_id == work.tenant_id,
            payment_links.c.state == PaymentLinkState.ACTIVE,
            payment_links.c.expires_at <= work.now,
        )
        .order_by(payment_links.c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )


def tenants_with_past(now: datetime) -> sa.Select:
    """Whose links' time is over, of every tenant_id: read by a scan."""
    return (
        sa.select(payment_links.c.tenant_id)
        .distinct()
        .where(payment_links.c.state == PaymentLinkState.ACTIVE, payment_links.c.expires_at <= now)
    )


def open_for(work: Work, product_ids: Sequence[UUID], email_keys: Sequence[str]) -> sa.Select:
    """Links for one of these products and one of these addresses that are not used, run out or revoked."""
    l = payment_links.c  # noqa: E741  as above
    return sa.select(l.id, l.product_id, l.email_key).where(
        l.tenant_id == work.tenant_id,
        among(l.product_id, product_ids),
        l.email_key == sa.any_(sa.literal(list(email_keys), sa.ARRAY(sa.Text))),
        l.state.in_((PaymentLinkState.ACTIVE, PaymentLinkState.CLAIMED)),
        (l.state == PaymentLinkState.CLAIMED) | (l.expires_at > work.now),
    )


def by_hash(work: Work, token_hash: bytes) -> sa.Select:
    """The link that a token opens, with what it offers and the order that came of it."""
    l = payment_links.c  # noqa: E741  as above
    return _offers().where(l.tenant_id == work.tenant_id, l.token_hash == token_hash)


def made_to(work: Work, customer_id: UUID, limit: int) -> sa.Select:
    """The links with which this customer can still order: made to their address, not over, of what is sold."""
    l = payment_links.c  # noqa: E741  as above
    theirs = same_tenant(customers, payment_links) & (customers.c.email_key == l.email_key)
    open_ = (l.state == PaymentLinkState.ACTIVE, l.expires_at > work.now, products.c.active)
    return (
        _offers()
        .join(customers, theirs)
        .where(l.tenant_id == work.tenant_id, customers.c.id == customer_id, *open_)
        .order_by(l.id.desc())
        .limit(limit)
    )


def _offers() -> sa.Select:
    """Links with what they offer and the order that came of each; whoever asks names the tenant_id."""
    of_product = same_tenant(products, payment_links) & (products.c.id == payment_links.c.product_id)
    of_link = same_tenant(orders, payment_links) & (orders.c.payment_link_id == payment_links.c.id)
    return (
        sa.select(
            payment_links,
            *_product(),
            orders.c.id.label("order_id"),
            orders.c.state.label("order_state"),
        )
        .join(products, of_product)
        .outerjoin(orders, of_link)
    )


def _product() -> list[sa.ColumnElement[Any]]:
    """What an offer tells of its product, by names that no column of a link has."""
    return [
        products.c[name].label(f"product_{name}")
        for name in (
            *("code", "name", "name_local", "description", "description_local", "included", "included_local"),
            *("price_minor", "currency", "tax_category", "tax_rate", "active"),
        )
    ]


def listed(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Those that meet `wanted`, the newest first, older than the cursor."""
    found = _shown().where(*_chosen(work, wanted))
    if before is not None:
        found = found.where(payment_links.c.id < before)
    return found.order_by(payment_links.c.id.desc()).limit(limit)


def one(work: Work, link_id: UUID) -> sa.Select:
    """The link with this id, as lists show it; its tenant_id is named beside it."""
    return _shown().where(payment_links.c.tenant_id == work.tenant_id, payment_links.c.id == link_id)


def counted(work: Work, wanted: Mapping[str, Any]) -> sa.Select:
    """How many there are in each state of those that meet the rest of `wanted`."""
    of_product = same_tenant(products, payment_links) & (products.c.id == payment_links.c.product_id)
    state = payment_links.c.state
    return (
        sa.select(state, sa.func.count().label("many"))
        .join(products, of_product)
        .where(*_chosen(work, {**wanted, "state": None}))
        .group_by(state)
    )


def sends_about(work: Work, link_id: UUID) -> sa.Select:
    """The ids of the messages that carried, or will carry, the link; the newest first."""
    return (
        sa.select(send_subjects.c.send_id)
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.subject_type == SUBJECT,
            send_subjects.c.subject_id == link_id,
        )
        .order_by(send_subjects.c.send_id.desc())
    )


def _chosen(work: Work, wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    l = payment_links.c  # noqa: E741  as above
    chosen = [l.tenant_id == work.tenant_id]
    chosen += [l[name] == wanted[name] for name in ("state", "product_id") if wanted.get(name) is not None]
    if wanted.get("mailed") is not None:
        chosen.append(l.mailed_at.is_not(None) if wanted["mailed"] else l.mailed_at.is_(None))
    if wanted.get("text"):
        told = (l.prospect_email, l.prospect_name, products.c.name, products.c.code)
        chosen.append(sa.or_(*(one.icontains(wanted["text"], autoescape=True) for one in told)))
    return chosen


def _shown() -> sa.Select:
    """Links with their product, who registered, the order, who made them and their last message; whoever asks names
    the tenant_id.
    """
    l = payment_links.c  # noqa: E741  as above
    last = (
        sa.select(
            sends.c.id.label("send_id"),
            sends.c.state.label("send_state"),
            sends.c.reason.label("send_reason"),
            sends.c.created_at.label("send_at"),
        )
        .join(send_subjects, same_tenant(send_subjects, sends) & (send_subjects.c.send_id == sends.c.id))
        .where(
            sends.c.tenant_id == l.tenant_id,
            send_subjects.c.subject_type == SUBJECT,
            send_subjects.c.subject_id == l.id,
        )
        .order_by(sends.c.id.desc())
        .limit(1)
        .lateral("last")
    )
    called = sa.func.coalesce(customers.c.company_name, customers.c.full_name)
    return (
        sa.select(
            payment_links,
            *_product(),
            called.label("customer_name"),
            orders.c.id.label("order_id"),
            orders.c.state.label("order_state"),
            agents.c.name.label("agent_name"),
            *last.c,
        )
        .join(products, same_tenant(products, payment_links) & (products.c.id == l.product_id))
        .outerjoin(customers, same_tenant(customers, payment_links) & (customers.c.id == l.claimed_by))
        .outerjoin(orders, same_tenant(orders, payment_links) & (orders.c.payment_link_id == l.id))
        .outerjoin(agents, same_tenant(agents, payment_links) & (agents.c.id == l.created_by))
        .outerjoin(last, sa.true())
    )
