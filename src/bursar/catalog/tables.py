"""Catalog's tables: what is sold, at what price to whom from which day on, and what is counted for a bill."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.schema import (
    Reach,
    choice,
    currency,
    day,
    flag,
    instant,
    minor,
    of_tenant,
    ref,
    tenant_table,
    text,
    texts,
)

products = tenant_table(
    "products",
    of_tenant(),
    text("code", nullable=False),
    text("name", nullable=False),
    text("name_local"),  # in the second language of a bilingual invoice
    text("description"),
    text("description_local"),
    minor("price_minor", nullable=True),  # none: whoever is billed needs a price of their own
    currency(),
    choice("tax_category", TaxCategory),
    sa.Column("tax_rate", sa.Numeric(5, 2), nullable=False),
    text("unit_code", nullable=False, server_default="C62"),  # UN/ECE Recommendation 20; C62 is "one"
    choice("item_kind", ItemKind, server_default="services"),
    text("classification_code"),  # HS for goods, SAC for services (R30)
    texts("included"),  # what the price covers, a line each, for whoever is asked to buy
    texts("included_local"),
    text("stripe_product_id"),
    text("stripe_price_id"),
    flag("active", default=True),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "code"),
    sa.CheckConstraint("price_minor > 0", name="price"),
)

# From `effective_from` up to, not including, `effective_to`; without one it still holds. A trigger refuses
# overlaps, and once `first_used_at` is stamped lets only `effective_to` change (R86).
customer_prices = tenant_table(
    "customer_prices",
    ref("customer_id", "customers", index=False),
    ref("product_id", "products"),
    minor("unit_price_minor"),
    currency(),
    day("effective_from", nullable=False),
    day("effective_to"),
    instant("first_used_at"),
    sa.Column("created_by", UUID),
    sa.UniqueConstraint("tenant_id", "customer_id", "product_id", "effective_from"),
    sa.CheckConstraint("unit_price_minor > 0", name="unit_price"),
    sa.CheckConstraint("effective_to > effective_from", name="range"),
    reach=Reach.CUSTOMER,
)

# What is counted for a monthly bill: in service from `active_from` up to, not including, `active_to`.
billable_units = tenant_table(
    "billable_units",
    ref("customer_id", "customers", index=False),
    ref("product_id", "products"),
    text("label", nullable=False),
    day("active_from", nullable=False),
    day("active_to"),
    sa.UniqueConstraint("tenant_id", "customer_id", "product_id", "label", "active_from"),
    sa.CheckConstraint("active_to > active_from", name="range"),
    reach=Reach.CUSTOMER,
)
