"""Makers of catalog: a product, prices in a row, units; through the room's own verbs."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from bursar.billing.billed import billed_through
from bursar.catalog.kinds import TaxCategory
from bursar.catalog.price_book import NewPrice, PriceAdded
from bursar.catalog.prices import add_price, list_prices
from bursar.catalog.products import create_product
from bursar.core.money import Money
from bursar.core.work import Work


async def a_product(work: Work, *, minor: int | None = 200_00, currency: str = "AED", **given: Any) -> UUID:
    """Sold at 200.00 unless said otherwise; `minor=None` for one that only has customers' prices."""
    row: dict[str, Any] = {
        "code": f"P-{uuid4().hex[:8]}",
        "name": "Hosting",
        "price": Money(minor, currency) if minor is not None else None,
        "currency": currency,
        "tax_category": TaxCategory.STANDARD,
        "tax_rate": Decimal(5),
        **given,
    }
    return await create_product(work, row)  # pyright: ignore[reportArgumentType]  # a dict put together from keywords


def a_price(customer: UUID, product: UUID, start: str, minor: int = 190_00, **given: Any) -> NewPrice:
    """From a day on, backdated without a word."""
    end = given.pop("end", None)
    return NewPrice(
        customer,
        product,
        Money(minor, given.pop("currency", "AED")),
        date.fromisoformat(start),
        date.fromisoformat(end) if end else None,
        **{"backdated": True, **given},
    )


async def priced(
    work: Work, customer: UUID, product: UUID, start: str, minor: int = 190_00, **given: Any
) -> PriceAdded:
    return await add_price(work, a_price(customer, product, start, minor, **given), billed=billed_through)


async def ranges(work: Work, customer: UUID, product: UUID) -> list[tuple[str, str | None, int]]:
    """From, to and amount of each price, in their order."""
    page = await list_prices(work, customer_id=customer, product_id=product, limit=200)
    return sorted(
        (
            one.effective_from.isoformat(),
            one.effective_to and one.effective_to.isoformat(),
            one.unit_price.minor,
        )
        for one in page.rows
    )
