"""Which prices customers have from when to when, and how they are written."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.catalog.ports import Pair
from bursar.catalog.tables import customer_prices, products
from bursar.core.schema import same_tenant
from bursar.core.sets import Columns, among, rows
from bursar.core.work import Work
from bursar.tenancy.tables import customers

_PAIR: Columns = {"customer_id": sa.UUID(), "product_id": sa.UUID()}
_NEW: Columns = {
    **_PAIR,
    "unit_price_minor": sa.BigInteger(),
    "currency": sa.Text(),
    "effective_from": sa.Date(),
    "effective_to": sa.Date(),
}


def lock_customers(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """Those of `ids` that this tenant has, locked in the order of their ids against everybody who changes them."""
    return (
        sa.select(customers.c.id)
        .where(customers.c.tenant_id == work.tenant_id, among(customers.c.id, ids))
        .order_by(customers.c.id)
        .with_for_update(key_share=True)
    )


def customers_named(work: Work, ids: Sequence[UUID]) -> sa.Select:
    """The names of those of `ids` that this tenant has."""
    return sa.select(customers.c.id, name_of_customer()).where(
        customers.c.tenant_id == work.tenant_id, among(customers.c.id, ids)
    )


def name_of_customer() -> sa.Label[str]:
    """The firm's, else the person's, as `Customer.name` has it."""
    return sa.func.coalesce(customers.c.company_name, customers.c.full_name, "").label("customer_name")


def prices_of(work: Work, pairs: Sequence[Pair]) -> sa.Select:
    """Every price of these pairs, past and to come."""
    asked = rows("asked", _PAIR, pairs)
    of_pair = (customer_prices.c.customer_id == asked.c.customer_id) & (
        customer_prices.c.product_id == asked.c.product_id
    )
    return (
        sa.select(customer_prices)
        .join(asked, of_pair)
        .where(customer_prices.c.tenant_id == work.tenant_id)
        .order_by(customer_prices.c.effective_from)
    )


def prices_by_id(work: Work, ids: Sequence[UUID]) -> sa.Select:
    return sa.select(customer_prices).where(
        customer_prices.c.tenant_id == work.tenant_id, among(customer_prices.c.id, ids)
    )


def prices_on(work: Work, pairs: Sequence[Pair], day: date) -> sa.Select:
    """For each of these pairs what is paid on `day`: the customer's own price, else the product's; none is null."""
    asked = rows("asked", _PAIR, pairs)
    own = (
        same_tenant(customer_prices, products)
        & (customer_prices.c.customer_id == asked.c.customer_id)
        & (customer_prices.c.product_id == asked.c.product_id)
        & holds_on(customer_prices, day)
    )
    product = (products.c.tenant_id == work.tenant_id) & (products.c.id == asked.c.product_id)
    return sa.select(
        asked.c.customer_id,
        asked.c.product_id,
        customer_prices.c.id.label("price_id"),
        sa.func.coalesce(customer_prices.c.unit_price_minor, products.c.price_minor).label("minor"),
        sa.func.coalesce(customer_prices.c.currency, products.c.currency).label("currency"),
    ).select_from(asked.join(products, product).outerjoin(customer_prices, own))


def holds_on(table: sa.FromClause, day: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    """A price of `table` that is in force on `day`: from its first day on, not on its end."""
    return (table.c.effective_from <= day) & (table.c.effective_to.is_(None) | (table.c.effective_to > day))


def list_prices(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Prices with their customer's and product's names that meet `wanted`, the newest first."""
    named = (same_tenant(customers, customer_prices) & (customers.c.id == customer_prices.c.customer_id)) & (
        customers.c.tenant_id == work.tenant_id
    )
    sold = same_tenant(products, customer_prices) & (products.c.id == customer_prices.c.product_id)
    found = (
        sa.select(customer_prices, name_of_customer(), products.c.code, products.c.name.label("product_name"))
        .join(customers, named)
        .join(products, sold)
        .where(customer_prices.c.tenant_id == work.tenant_id, *_meets(wanted))
    )
    if before is not None:
        found = found.where(customer_prices.c.id < before)
    return found.order_by(customer_prices.c.id.desc()).limit(limit)


def _meets(wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    conditions = [
        customer_prices.c[name] == wanted[name]
        for name in ("id", "customer_id", "product_id")
        if wanted.get(name)
    ]
    if wanted.get("on"):
        conditions.append(holds_on(customer_prices, wanted["on"]))
    if wanted.get("text"):
        names = (customers.c.company_name, customers.c.full_name, customers.c.external_code)
        conditions.append(sa.or_(*(name.icontains(wanted["text"], autoescape=True) for name in names)))
    return conditions


def add_prices(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """New prices; the trigger looks once more whether two would hold on one day."""
    new = rows("new", _NEW, given)
    columns = {
        "tenant_id": sa.literal(work.tenant_id),
        "created_by": sa.literal(work.actor.id, sa.UUID()),
        **{name: new.c[name] for name in _NEW},
    }
    return (
        sa.insert(customer_prices)
        .from_select([*columns], sa.select(*columns.values()).select_from(new))
        .returning(
            customer_prices.c.id,
            customer_prices.c.customer_id,
            customer_prices.c.product_id,
            customer_prices.c.effective_from,
        )
    )


def close_prices(work: Work, given: Sequence[tuple[UUID, date | None]]) -> sa.Update:
    """Each of these prices ends on the day given with it; None: it goes on."""
    ends = rows("ends", {"id": sa.UUID(), "day": sa.Date()}, given)
    return (
        sa.update(customer_prices)
        .where(customer_prices.c.tenant_id == work.tenant_id, customer_prices.c.id == ends.c.id)
        .values(effective_to=ends.c.day)
    )


def edit_price(work: Work, price_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(customer_prices)
        .where(customer_prices.c.tenant_id == work.tenant_id, customer_prices.c.id == price_id)
        .values(**values)
    )


def remove_price(work: Work, price_id: UUID) -> sa.Delete:
    return sa.delete(customer_prices).where(
        customer_prices.c.tenant_id == work.tenant_id, customer_prices.c.id == price_id
    )


def stamp_used(work: Work, ids: Sequence[UUID]) -> sa.Update:
    """Those of these prices that nothing was billed by before."""
    return (
        sa.update(customer_prices)
        .where(
            customer_prices.c.tenant_id == work.tenant_id,
            among(customer_prices.c.id, ids),
            customer_prices.c.first_used_at.is_(None),
        )
        .values(first_used_at=work.now)
    )
