"""Which products, and how they are written."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from bursar.catalog.tables import customer_prices, products
from bursar.core.schema import same_tenant
from bursar.core.sets import Columns, among, rows
from bursar.core.work import Work

COLUMNS: Columns = {
    "code": sa.Text(),
    "name": sa.Text(),
    "name_local": sa.Text(),
    "description": sa.Text(),
    "description_local": sa.Text(),
    "price_minor": sa.BigInteger(),
    "currency": sa.Text(),
    "tax_category": sa.Text(),
    "tax_rate": sa.Numeric(5, 2),
    "unit_code": sa.Text(),
    "item_kind": sa.Text(),
    "classification_code": sa.Text(),
    "included": sa.Text(),
    "included_local": sa.Text(),
    "stripe_product_id": sa.Text(),
    "stripe_price_id": sa.Text(),
}
LISTS = ("included", "included_local")


def products_by_id(work: Work, ids: Sequence[UUID], *, lock: bool = False) -> sa.Select:
    """Those of `ids` that exist, in their order; against other writers only, on demand."""
    found = (
        sa.select(products)
        .where(products.c.tenant_id == work.tenant_id, among(products.c.id, ids))
        .order_by(products.c.id)
    )
    return found.with_for_update(key_share=True) if lock else found


def list_products(work: Work, wanted: Mapping[str, Any], before: UUID | None, limit: int) -> sa.Select:
    """Those that meet `wanted`, the newest first, older than the cursor."""
    found = sa.select(products).where(products.c.tenant_id == work.tenant_id)
    if wanted.get("active") is not None:
        found = found.where(products.c.active.is_(wanted["active"]))
    if wanted.get("text"):
        names = (products.c.code, products.c.name, products.c.name_local)
        found = found.where(sa.or_(*(name.icontains(wanted["text"], autoescape=True) for name in names)))
    if before is not None:
        found = found.where(products.c.id < before)
    return found.order_by(products.c.id.desc()).limit(limit)


def products_called(work: Work, texts: Sequence[str]) -> sa.Select:
    """Those whose code is one of `texts` (rank 1), or whose name is, in any letters (rank 2)."""
    lower = sa.literal([text.lower() for text in texts], sa.ARRAY(sa.Text))
    exact = sa.literal(list(texts), sa.ARRAY(sa.Text))
    by_code = products.c.code == sa.any_(exact)
    by_name = sa.func.lower(products.c.name) == sa.any_(lower)
    return sa.select(products).where(products.c.tenant_id == work.tenant_id, by_code | by_name)


def sole_products(work: Work) -> sa.Select:
    """The products that are sold now, two at most: enough to see whether there is exactly one."""
    return (
        sa.select(products)
        .where(products.c.tenant_id == work.tenant_id, products.c.active)
        .order_by(products.c.id)
        .limit(2)
    )


def add_products(work: Work, given: Sequence[Sequence[Any]]) -> sa.Insert:
    """New products with the values of `COLUMNS`; one whose code is taken gives no row.

    A list is given as its lines in one text: rows of lists of different lengths are no array.
    """
    new = rows("new", COLUMNS, given)
    columns = {
        "tenant_id": sa.literal(work.tenant_id),
        "created_by": sa.literal(work.actor.id, sa.UUID()),
        **{
            name: sa.func.string_to_array(new.c[name], "\n") if name in LISTS else new.c[name]
            for name in COLUMNS
        },
    }
    return (
        insert(products)
        .from_select([*columns], sa.select(*columns.values()).select_from(new))
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(products.c.id, products.c.code)
    )


def edit_product(work: Work, product_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return (
        sa.update(products)
        .where(products.c.tenant_id == work.tenant_id, products.c.id == product_id)
        .values(**values)
    )


def holder_of_code(work: Work, code: str) -> sa.Select:
    return sa.select(products.c.id).where(products.c.tenant_id == work.tenant_id, products.c.code == code)


def is_priced(work: Work, product_id: UUID) -> sa.Select:
    """A row if a customer has, had or will have a price of their own for it."""
    return (
        sa.select(products.c.id)
        .join(
            customer_prices,
            same_tenant(customer_prices, products) & (customer_prices.c.product_id == products.c.id),
        )
        .where(products.c.tenant_id == work.tenant_id, products.c.id == product_id)
        .limit(1)
    )
