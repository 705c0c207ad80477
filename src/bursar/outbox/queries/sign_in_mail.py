"""Statements over mails that let a customer into the portal: to whom, and what they say."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import sending_accounts, sends
from bursar.tenancy.tables import customers, recipient, tenants


def whom(work: Work, customer_ids: Sequence[UUID]) -> sa.Select:
    """These customers with the address and the language in which they are written to, in their order."""
    return (
        sa.select(
            customers.c.id,
            recipient("email").label("to_address"),
            recipient("email_key").label("address_key"),
            recipient("name").label("to_name"),
            sa.func.split_part(customers.c.locale, "-", 1).label("locale"),
        )
        .where(customers.c.tenant_id == work.tenant_id, customers.c.id == sa.any_(uuids(customer_ids)))
        .order_by(customers.c.id)
    )


def told(work: Work, send_ids: Sequence[UUID]) -> sa.Select:
    """These sends with whoever is written to, their firm, and the mailbox it leaves from."""
    account = same_tenant(sending_accounts, sends) & (sending_accounts.c.id == sends.c.sending_account_id)
    return (
        sa.select(
            sends.c.id,
            customers.c.full_name,
            customers.c.company_name,
            customers.c.external_code,
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
        )
        .where(sends.c.tenant_id == work.tenant_id, sends.c.id == sa.any_(uuids(send_ids)))
    )
