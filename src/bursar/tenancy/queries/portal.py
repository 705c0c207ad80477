"""Customers at the portal: whose address it is, the links by which they come in, and their sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.tenancy.states import CustomerState, SuspendedReason
from bursar.tenancy.tables import (
    consents,
    customer_contacts,
    customer_sign_in_tokens,
    customers,
    recipient,
    sessions,
    tenants,
)

_NAME = sa.func.coalesce(customers.c.company_name, customers.c.full_name).label("name")


def customers_of_address(work: Work, email_key: str) -> sa.Select:
    """Those who are written to at this address and may come in, the elder first."""
    by_contact = sa.select(customer_contacts.c.customer_id).where(
        customer_contacts.c.tenant_id == work.tenant_id, customer_contacts.c.email_key == email_key
    )
    return (
        sa.select(customers.c.id, _NAME)
        .where(
            customers.c.tenant_id == work.tenant_id,
            (customers.c.email_key == email_key) | customers.c.id.in_(by_contact),
            recipient("email_key") == email_key,
            _may_enter(),
        )
        .order_by(customers.c.id)
    )


def address_of(work: Work, customer_id: UUID) -> sa.Select:
    """The key of the address at which this customer is written to."""
    return sa.select(recipient("email_key").label("email_key")).where(
        customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id
    )


def add_link(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(customer_sign_in_tokens).values(tenant_id=work.tenant_id, **values)


def keep_links(work: Work, link_ids: Sequence[UUID], not_before: datetime, until: datetime) -> sa.Update:
    """Those of these links that nobody used and that ran out after `not_before`: good until `until`."""
    links = customer_sign_in_tokens
    return (
        sa.update(links)
        .where(
            links.c.tenant_id == work.tenant_id,
            links.c.id == sa.any_(uuids(link_ids)),
            links.c.used_at.is_(None),
            links.c.expires_at > not_before,
        )
        .values(expires_at=until)
        .returning(links.c.id, links.c.token_hash)
    )


def good_link(work: Work, token_hash: bytes) -> sa.Select:
    """The link while it may be used."""
    links = customer_sign_in_tokens
    theirs = same_tenant(customers, links) & (customers.c.id == links.c.customer_id)
    return (
        sa.select(links.c.id, customers.c.locale)
        .join(customers, theirs)
        .where(links.c.tenant_id == work.tenant_id, *_is_good(work, token_hash), _may_enter())
    )


def use_link(work: Work, token_hash: bytes) -> sa.Update:
    """The link, used by whoever is first."""
    links = customer_sign_in_tokens
    theirs = same_tenant(customers, links) & (customers.c.id == links.c.customer_id)
    return (
        sa.update(links)
        .where(links.c.tenant_id == work.tenant_id, *_is_good(work, token_hash), theirs, _may_enter())
        .values(used_at=work.now)
        .returning(links.c.customer_id)
    )


def add_session(work: Work, values: Mapping[str, Any]) -> sa.Insert:
    return sa.insert(sessions).values(tenant_id=work.tenant_id, **values)


def live_session(work: Work, token_hash: bytes) -> sa.Select:
    """The customer's session of this token while it is good, and how their firm presents itself."""
    return (
        sa.select(
            sessions.c.id,
            sessions.c.customer_id,
            sessions.c.expires_at,
            sessions.c.idle_expires_at,
            _NAME,
            customers.c.locale,
            tenants.c.slug,
            tenants.c.name.label("firm"),
            tenants.c.locale.label("firm_locale"),
            tenants.c.country,
            tenants.c.time_zone,
            tenants.c.branding,
            tenants.c.settings,
        )
        .join(customers, same_tenant(customers, sessions) & (customers.c.id == sessions.c.customer_id))
        .join(tenants, same_tenant(tenants, sessions))
        .where(
            sessions.c.tenant_id == work.tenant_id,
            sessions.c.token_hash == token_hash,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > work.now,
            sessions.c.idle_expires_at > work.now,
            _may_enter(),
        )
    )


def stamp_session(work: Work, session_id: UUID, idle_expires_at: datetime) -> sa.Update:
    return (
        sa.update(sessions)
        .where(sessions.c.tenant_id == work.tenant_id, sessions.c.id == session_id)
        .values(idle_expires_at=idle_expires_at)
    )


def end_session(work: Work, token_hash: bytes) -> sa.Update:
    """The customer's session of this token, if it is not over yet."""
    return (
        sa.update(sessions)
        .where(
            sessions.c.tenant_id == work.tenant_id,
            sessions.c.token_hash == token_hash,
            sessions.c.customer_id.is_not(None),
            sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
        .returning(sessions.c.customer_id)
    )


def profile(work: Work, customer_id: UUID) -> sa.Select:
    """What a customer reads of themselves; these columns and no others: it runs as they."""
    names = ("full_name", "company_name", "email", "phone", "locale", "address_lines", "city", "country")
    return sa.select(*(customers.c[name] for name in names)).where(
        customers.c.tenant_id == work.tenant_id, customers.c.id == customer_id
    )


def answers(work: Work, customer_id: UUID) -> sa.Select:
    """A customer's last word for each channel and purpose, without its proof; it runs as they."""
    c = consents.c
    return (
        sa.select(c.channel, c.purpose, c.consent, c.at)
        .ext(distinct_on(c.channel, c.purpose))
        .where(c.tenant_id == work.tenant_id, c.customer_id == customer_id)
        .order_by(c.channel, c.purpose, c.at.desc(), c.id.desc())
    )


def _is_good(work: Work, token_hash: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    links = customer_sign_in_tokens.c
    return links.token_hash == token_hash, links.used_at.is_(None), links.expires_at > work.now


def _may_enter() -> sa.ColumnElement[bool]:
    """Everybody but those with whom the firm has ended its dealings; who has not paid comes in to pay."""
    ended = (customers.c.state == CustomerState.SUSPENDED) & (
        customers.c.suspended_reason == SuspendedReason.ADMIN
    )
    return ~sa.func.coalesce(ended, sa.false())


def firm(work: Work) -> sa.Select:
    """How the firm presents itself to whoever wants to come in."""
    t = tenants.c
    return sa.select(t.name, t.slug, t.branding, t.locale).where(t.tenant_id == work.tenant_id)
