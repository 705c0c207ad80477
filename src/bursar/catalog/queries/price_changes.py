"""Whose prices a change is about."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.queries.prices import holds_on, name_of_customer
from bursar.catalog.tables import customer_prices, products
from bursar.core.schema import same_tenant
from bursar.core.sets import among
from bursar.core.work import Work
from bursar.tenancy.tables import customers


def meant(work: Work, product_id: UUID, day: date, wanted: Mapping[str, Any]) -> sa.Select:
    """Customers that meet `wanted` with what they pay for the product on `day`, by name.

    `own` is null where that is the product's own price; `begins` says whether another begins on the next day.
    """
    own = (
        same_tenant(customer_prices, customers)
        & (customer_prices.c.customer_id == customers.c.id)
        & (customer_prices.c.product_id == product_id)
        & holds_on(customer_prices, day)
    )
    sold = same_tenant(products, customers) & (products.c.id == product_id)
    beginning = customer_prices.alias("beginning")
    begins = sa.exists().where(
        same_tenant(beginning, customers),
        beginning.c.customer_id == customers.c.id,
        beginning.c.product_id == product_id,
        beginning.c.effective_from == day + timedelta(days=1),
    )
    minor = sa.func.coalesce(customer_prices.c.unit_price_minor, products.c.price_minor)
    currency = sa.func.coalesce(customer_prices.c.currency, products.c.currency)
    found = (
        sa.select(
            customers.c.id,
            name_of_customer(),
            customer_prices.c.id.label("own"),
            begins.label("begins"),
            minor.label("minor"),
            currency.label("currency"),
        )
        .join(products, sold)
        .outerjoin(customer_prices, own)
        .where(customers.c.tenant_id == work.tenant_id)
    )
    if wanted.get("ids") is not None:
        found = found.where(among(customers.c.id, wanted["ids"]))
    if wanted.get("tags"):
        tags = sa.literal(list(wanted["tags"]), sa.ARRAY(sa.Text))
        found = found.where(customers.c.tags.op("@>", is_comparison=True)(tags))
    if wanted.get("at") is not None:
        found = found.where(minor == wanted["at"].minor, currency == wanted["at"].currency)
    if not wanted.get("without_own"):
        found = found.where(customer_prices.c.id.is_not(None))
    return found.order_by(name_of_customer(), customers.c.id)
