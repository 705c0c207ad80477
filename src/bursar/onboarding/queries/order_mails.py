"""Statements over mails about orders: whom to write to, and what is true of them when they leave."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant
from bursar.core.sets import among
from bursar.core.work import Work
from bursar.onboarding.tables import orders
from bursar.outbox.tables import has_replied, send_subjects, sending_accounts, sends
from bursar.tenancy.tables import customers, recipient, tenants


class Words(NamedTuple):
    """A template's newest published versions by language, and the language for all others."""

    versions: Mapping[str, UUID]
    default: str


def to_welcome(
    work: Work, order_ids: Sequence[UUID], customer_ids: Sequence[UUID], words: Words
) -> sa.Select:
    """A welcome for each of these customers, about those of the orders that are theirs: one in a lifetime."""
    key = sa.func.concat("customer/", customers.c.id, "/welcome")
    return _due(key, sa.null().cast(sa.Text), words).where(
        orders.c.tenant_id == work.tenant_id,
        among(orders.c.id, order_ids),
        among(customers.c.id, customer_ids),
    )


def to_remind(work: Work, order_ids: Sequence[UUID], words: Words) -> sa.Select:
    """The next reminder of each of these orders, keyed by its number."""
    number = sa.cast(orders.c.reminders + 1, sa.Text)
    key = sa.func.concat("order/", orders.c.id, "/", number)
    return _due(key, number, words).where(orders.c.tenant_id == work.tenant_id, among(orders.c.id, order_ids))


def _due(key: sa.ColumnElement[str], touch: sa.ColumnElement[str], words: Words) -> sa.Select:
    """In the columns of an order (`ordering.DUE`)."""
    spoken = sa.func.split_part(sa.func.coalesce(customers.c.locale, tenants.c.locale), "-", 1)
    version = sa.case(
        *((spoken == locale, sa.literal(one, sa.UUID)) for locale, one in words.versions.items()),
        else_=sa.literal(words.versions[words.default], sa.UUID),
    )
    theirs = same_tenant(customers, orders) & (customers.c.id == orders.c.customer_id)
    return sa.select(
        key.label("touch_key"),
        orders.c.id.label("subject_id"),
        touch.label("touch"),
        orders.c.amount_minor.label("fact"),
        customers.c.id.label("customer_id"),
        recipient("email").label("to_address"),
        recipient("email_key").label("address_key"),
        recipient("name").label("to_name"),
        sa.case((spoken.in_(list(words.versions)), spoken), else_=sa.literal(words.default)).label("locale"),
        version.label("template_version_id"),
    ).select_from(orders.join(customers, theirs).join(tenants, same_tenant(tenants, customers)))


def told(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """These sends with their order: a row for each that it is still about, and one for a send that has none left."""
    live = (
        same_tenant(send_subjects, sends)
        & (send_subjects.c.send_id == sends.c.id)
        & (send_subjects.c.subject_type == "order")
        & send_subjects.c.dropped_at.is_(None)
    )
    its = same_tenant(orders, sends) & (orders.c.id == send_subjects.c.subject_id)
    account = same_tenant(sending_accounts, sends) & (sending_accounts.c.id == sends.c.sending_account_id)
    return (
        sa.select(
            sends.c.id.label("send_id"),
            *(orders.c[name] for name in ("id", "state", "hold_reason", "currency", "created_at")),
            *(orders.c[name] for name in ("tax_minor", "amount_minor", "metadata")),
            customers.c.full_name,
            customers.c.company_name,
            customers.c.external_code,
            customers.c.link_version,
            customers.c.suspended_reason,
            has_replied(customers).label("replied"),
            tenants.c.slug,
            tenants.c.name.label("firm"),
            tenants.c.address_lines,
            tenants.c.city,
            sending_accounts.c.address.label("account_address"),
            sending_accounts.c.display_name.label("account_name"),
            sending_accounts.c.reply_to.label("account_reply_to"),
        )
        .select_from(
            sends.join(customers, same_tenant(customers, sends) & (customers.c.id == sends.c.customer_id))
            .join(tenants, same_tenant(tenants, sends))
            .join(sending_accounts, account)
            .outerjoin(send_subjects, live)
            .outerjoin(orders, its)
        )
        .where(sends.c.tenant_id == work.tenant_id, among(sends.c.id, send_ids))
        .order_by(sends.c.id, orders.c.id)
    )
