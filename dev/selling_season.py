"""What a season's firm sells by the month, for the pictures of prices and units."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from bursar.billing.billed import billed_through
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import add_price
from bursar.catalog.products import create_product
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import add_units
from bursar.core.money import Money
from bursar.core.work import Work


async def tell_selling(work: Work, customer_id: UUID) -> dict[str, str]:
    """Something sold by the month, with a customer's prices in a row and what is counted of it; its pages."""
    product = await create_product(
        work,
        {
            "code": "RACK",
            "name": "Costume storage, one rack",
            "name_local": "تخزين الأزياء، رف واحد",
            "price": Money(200_00, "AED"),
            "tax_rate": Decimal(5),
            "unit_code": "MON",
        },
    )
    for months, minor in ((-6, 190_00), (0, 185_00), (3, 180_00)):
        start = work.today + timedelta(days=30 * months)
        price = NewPrice(customer_id, product, Money(minor, "AED"), start, backdated=True)
        await add_price(work, price, billed=billed_through)
    racks = [NewUnit(customer_id, product, f"Rack {number}", work.today) for number in range(1, 8)]
    await add_units(work, racks)
    theirs = f"/customers/{customer_id}"
    return {
        "prices": "/prices",
        "products": "/products",
        "product-new": "/products/new",
        "price-change": "/price-changes/new",
        "units": "/units",
        "product": f"/products/{product}",
        "product-edit": f"/products/{product}/edit",
        "customer-prices": f"{theirs}/prices",
        "price-new": f"{theirs}/prices/new?product={product}",
        "units-new": f"{theirs}/units/new",
    }
