"""Onboarding's tables: payment links, and the orders that come of them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.core.schema import (
    Reach,
    choice,
    currency,
    document,
    instant,
    minor,
    ref,
    sealed,
    tenant_table,
    text,
    whole,
)
from bursar.onboarding.states import HoldReason, OrderState, PaymentLinkState

# An offer to one prospect. Its token is shown once and only its hash is kept (R126); it registers once.
payment_links = tenant_table(
    "payment_links",
    sealed("token_hash", nullable=False),
    ref("product_id", "products"),
    text("prospect_email", nullable=False),
    text("email_key", nullable=False),
    text("prospect_name"),
    text("locale", nullable=False),
    minor("price_minor", nullable=True),  # in place of the product's price, net like it
    currency(),
    text("note"),  # for whoever is asked to pay
    whole("issue", server_default="1"),  # which of the tokens it had opens it
    instant("expires_at", nullable=False),
    instant("mailed_at"),
    instant("claimed_at"),
    ref("claimed_by", "customers", nullable=True),
    instant("used_at"),
    ref("used_by", "customers", nullable=True),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "token_hash"),
    sa.Index(None, "tenant_id", "email_key"),
    sa.Index(
        "payment_links_open_idx", "tenant_id", "expires_at", postgresql_where=sa.text("state = 'active'")
    ),
    sa.CheckConstraint("price_minor > 0", name="price"),
    sa.CheckConstraint("issue > 0", name="issue"),
    sa.CheckConstraint("(claimed_at is null) = (claimed_by is null)", name="claimed"),
    sa.CheckConstraint("(used_at is null) = (used_by is null)", name="used"),
    sa.CheckConstraint("state not in ('claimed', 'used') or claimed_at is not null", name="claimed_state"),
    state=PaymentLinkState,
)

# What a customer agreed to buy. The amount is what is paid: net, tax and their sum were copied when it was made.
orders = tenant_table(
    "orders",
    ref("customer_id", "customers", index=False),
    ref("product_id", "products"),
    ref("payment_link_id", "payment_links", nullable=True, index=False),
    ref("invoice_id", "invoices", nullable=True),
    ref("payment_id", "payments", nullable=True),
    minor("net_minor"),
    minor("tax_minor"),
    minor("amount_minor"),
    currency(),
    choice("hold_reason", HoldReason, nullable=True),
    whole("attempts", server_default="0"),
    instant("paid_at"),
    minor("refunded_minor", server_default="0"),
    text("stripe_customer_id"),
    text("stripe_payment_intent_id"),
    text("terms_version"),
    instant("terms_accepted_at"),
    whole("reminders", server_default="0"),  # payment reminders ordered so far
    instant("reminded_at"),  # the last of them
    instant(
        "look_at"
    ),  # when the clock next has something to do with it: late after a day, a reminder, giving up
    document("metadata"),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "payment_link_id"),
    sa.UniqueConstraint("tenant_id", "stripe_payment_intent_id"),
    sa.Index(None, "tenant_id", "customer_id", "id"),
    sa.Index("orders_look_idx", "tenant_id", "look_at", postgresql_where=sa.text("look_at is not null")),
    sa.Index("orders_held_idx", "tenant_id", "id", postgresql_where=sa.text("hold_reason is not null")),
    sa.CheckConstraint(
        "amount_minor = net_minor + tax_minor and net_minor >= 0 and tax_minor >= 0", name="amount"
    ),
    sa.CheckConstraint("refunded_minor between 0 and amount_minor", name="refunded"),
    sa.CheckConstraint("state not in ('paid', 'refunded') or paid_at is not null", name="paid"),
    sa.CheckConstraint("look_at is null or state = 'pending'", name="look"),
    state=OrderState,
    reach=Reach.CUSTOMER,
)
