"""The list of products to take away, in the columns in which a sheet brings one."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from bursar.catalog.products import LARGEST_PAGE, Product, list_products
from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.tenancy.reports import ReportValue

HEADER = (
    N_("Product code"),
    N_("Name"),
    N_("Name in the second language"),
    N_("Description"),
    N_("Price"),
    N_("Currency"),
    N_("Tax category"),
    N_("Tax rate"),
    N_("Unit"),
    N_("Goods or services"),
    N_("Classification"),
    N_("What is included"),
    N_("What is included, in the second language"),
    N_("Stripe product"),
    N_("Stripe price"),
)
"""Categories and kinds stand as codes, which `import_products` reads again."""


async def product_rows(work: Work, **wanted: Any) -> AsyncIterator[Sequence[Sequence[ReportValue]]]:
    """In batches, the newest first; `wanted` as in `list_products`."""
    cursor: UUID | None = None
    while True:
        page = await list_products(work, **wanted, cursor=cursor, limit=LARGEST_PAGE)
        if page.rows:
            yield [_row(one) for one in page.rows]
        cursor = page.next
        if cursor is None:
            return


def _row(one: Product) -> Sequence[ReportValue]:
    return (
        one.code,
        one.name,
        one.name_local,
        one.description,
        one.price.plain() if one.price else None,
        one.currency,
        str(one.tax_category),
        f"{one.tax_rate.normalize():f}",
        one.unit_code,
        str(one.item_kind),
        one.classification_code,
        "\n".join(one.included) or None,
        "\n".join(one.included_local) or None,
        one.stripe_product_id,
        one.stripe_price_id,
    )
