"""Which links are to be mailed, and what is true of them when their letters are written."""

from collections.abc import Mapping, Sequence
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.tables import products
from bursar.core.schema import same_tenant, uuids_named
from bursar.core.sets import among
from bursar.core.work import Work
from bursar.onboarding.queries.payment_links import SUBJECT
from bursar.onboarding.tables import payment_links
from bursar.outbox.states import Purpose, SendState
from bursar.outbox.tables import send_subjects, sending_accounts, sends
from bursar.tenancy.tables import tenants


def due(work: Work, ids: Sequence[UUID], versions: Mapping[str, UUID], default: str) -> sa.Select:
    """A message for each of these links, in the columns of an order (`ordering.DUE`): its first, or its next.

    `versions` of the template by language, `default` the language for all others.
    """
    l = payment_links.c  # noqa: E741  as in the tables of states
    before = (
        sa.select(sa.func.count())
        .where(
            send_subjects.c.tenant_id == l.tenant_id,
            send_subjects.c.subject_type == SUBJECT,
            send_subjects.c.subject_id == l.id,
        )
        .scalar_subquery()
    )
    version = sa.case(
        *((l.locale == locale, sa.literal(one, sa.UUID)) for locale, one in versions.items()),
        else_=sa.literal(versions[default], sa.UUID),
    )
    return sa.select(
        sa.func.concat("payment_link/", l.id, "/", before + 1).label("touch_key"),
        l.id.label("subject_id"),
        sa.null().cast(sa.Text).label("touch"),
        sa.null().cast(sa.BigInteger).label("fact"),
        sa.null().cast(sa.UUID).label("customer_id"),
        l.prospect_email.label("to_address"),
        l.email_key.label("address_key"),
        l.prospect_name.label("to_name"),
        sa.case((l.locale.in_(list(versions)), l.locale), else_=sa.literal(default)).label("locale"),
        version.label("template_version_id"),
    ).where(l.tenant_id == work.tenant_id, among(l.id, ids))


def on_their_way(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of these links of which a message waits or is being sent."""
    return (
        sa.select(send_subjects.c.subject_id)
        .join(sends, same_tenant(sends, send_subjects) & (sends.c.id == send_subjects.c.send_id))
        .where(
            send_subjects.c.tenant_id == work.tenant_id,
            send_subjects.c.subject_type == SUBJECT,
            among(send_subjects.c.subject_id, ids),
            sends.c.state.in_((SendState.QUEUED, SendState.SENDING)),
        )
    )


def last_of(work: Work, link_id: UUID) -> sa.Select:
    """The newest message about a link."""
    return (
        sa.select(sends.c.id)
        .join(send_subjects, same_tenant(send_subjects, sends) & (send_subjects.c.send_id == sends.c.id))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.purpose == Purpose.PAYMENT_LINK,
            send_subjects.c.subject_type == SUBJECT,
            send_subjects.c.subject_id == link_id,
        )
        .order_by(sends.c.id.desc())
        .limit(1)
    )


def stamp_mailed(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """These links, of which a message was ordered now."""
    return (
        sa.update(payment_links)
        .where(payment_links.c.tenant_id == work.tenant_id, among(payment_links.c.id, ids))
        .values(mailed_at=work.now)
    )


@cache
def told() -> sa.Select:
    """Some messages with the link that each carries and all that they say of it. Built once. Named: tenant_id, ids
    (of the sends, as text).
    """
    s, l = sends, payment_links  # noqa: E741  as above
    about = (
        same_tenant(send_subjects, s)
        & (send_subjects.c.send_id == s.c.id)
        & (send_subjects.c.subject_type == SUBJECT)
    )
    account = same_tenant(sending_accounts, s) & (sending_accounts.c.id == s.c.sending_account_id)
    return (
        sa.select(
            s.c.id.label("send_id"),
            *(l.c[name] for name in ("id", "state", "expires_at", "issue", "token_hash", "note")),
            *(l.c[name] for name in ("price_minor", "currency")),
            *(
                products.c[name].label(f"product_{name}")
                for name in (
                    *("name", "name_local", "description", "description_local", "included"),
                    *("included_local", "price_minor", "currency", "tax_category", "tax_rate", "active"),
                )
            ),
            tenants.c.name.label("firm"),
            tenants.c.address_lines,
            tenants.c.city,
            sending_accounts.c.display_name.label("account_name"),
            sending_accounts.c.address.label("account_address"),
            sending_accounts.c.reply_to.label("account_reply_to"),
        )
        .select_from(
            s.join(send_subjects, about)
            .join(l, same_tenant(l, s) & (l.c.id == send_subjects.c.subject_id))
            .join(products, same_tenant(products, s) & (products.c.id == l.c.product_id))
            .join(tenants, same_tenant(tenants, s))
            .join(sending_accounts, account)
        )
        .where(s.c.tenant_id == sa.bindparam("tenant_id"), s.c.id == sa.any_(uuids_named("ids")))
    )
