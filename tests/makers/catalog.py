"""Makers of catalog: a product, prices in a row, units; through the room's own verbs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from bursar.billing.billed import billed_through
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import issue_invoice
from bursar.catalog.kinds import TaxCategory
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import add_prices, list_prices
from bursar.catalog.products import create_product
from bursar.core.errors import Refusal
from bursar.core.money import Money
from bursar.core.work import Work
from tests.makers.billing import a_line


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


@dataclass(frozen=True, slots=True)
class Added:
    """A price that was written or was there: it has an id."""

    price_id: UUID
    same: bool
    closed: UUID | None


async def priced(
    work: Work, customer: UUID, product: UUID, start: str, minor: int = 190_00, **given: Any
) -> Added:
    new = a_price(customer, product, start, minor, **given)
    [added] = await add_prices(work, [new], billed=billed_through)
    if isinstance(added, Refusal):
        raise added
    assert added.price_id is not None
    return Added(added.price_id, added.same, added.closed)


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


async def billed(work: Work, customer: UUID, product: UUID, start: str, end: str) -> UUID:
    """An issued invoice that charges the product for these days, the last one included."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    line = a_line(product_id=product, service_from=first, service_to=last)
    draft = Draft(customer_id=customer, lines=[line], currency="AED")
    invoice = await create_draft(work, draft)
    await issue_invoice(work, invoice)
    return invoice
