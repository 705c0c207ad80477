"""Products: what is sold, at what usual price, under which tax."""

from decimal import Decimal
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from bursar.api.acting import Acting, door
from bursar.api.pagination import Listed, Paging, cursor_of
from bursar.api.values import AmountIn, Currency, Line, Prose, Quantity, Shown, ShownMoney, Strict
from bursar.catalog import products
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.product_fields import LISTS, ProductInput
from bursar.core.work import Work

router = door("/products", "catalog", tag="products")
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?$", examples=["5"])]


class ProductChange(Strict):
    """What is left out is not touched. Without a price whoever is billed needs one of their own."""

    code: Line | None = None
    name: Line | None = None
    name_local: Line | None = Field(
        default=None, description="In the second language of a bilingual invoice."
    )
    description: Prose | None = None
    description_local: Prose | None = None
    price: AmountIn | None = None
    currency: Currency | None = Field(
        default=None, description="Of a product without a price; else the price's."
    )
    tax_category: TaxCategory = TaxCategory.STANDARD
    tax_rate: Rate | None = Field(default=None, description="In percent.")
    unit_code: Line = Field(default="C62", description="UN/ECE Recommendation 20.")
    item_kind: ItemKind = ItemKind.SERVICES
    classification_code: Line | None = Field(default=None, description="HS for goods, SAC for services.")
    included: list[Line] | None = Field(
        default=None, description="What the price covers, a line each, for whoever is sent a payment link."
    )
    included_local: list[Line] | None = Field(default=None, description="The same in the second language.")
    stripe_product_id: Line | None = None
    stripe_price_id: Line | None = None

    def wanted(self) -> ProductInput:
        given = self.given()
        told: dict[str, Any] = {name: getattr(self, name) for name in given}
        if told.get("price") is not None:
            told["price"] = self.price.money("price") if self.price else None
        if told.get("currency", "") is None:
            del told["currency"]
        if "tax_rate" in told:
            told["tax_rate"] = Decimal(self.tax_rate or 0)
        for name in LISTS:
            if name in told:
                told[name] = told[name] or []
        for name in ("code", "name"):
            if name in told:
                told[name] = told[name] or ""
        return cast("ProductInput", told)


class Product(Shown):
    id: UUID
    code: str
    name: str
    name_local: str | None
    description: str | None
    description_local: str | None
    price: ShownMoney | None
    currency: Currency
    tax_category: TaxCategory
    tax_rate: Quantity
    unit_code: str
    item_kind: ItemKind
    classification_code: str | None
    included: list[str]
    included_local: list[str]
    stripe_product_id: str | None
    stripe_price_id: str | None
    active: bool


class ProductQuery(Paging):
    text: Line | None = Field(default=None, description="A part of the code or of a name.")
    active: bool | None = None


@router.get("")
async def list_products(work: Acting, asked: Annotated[ProductQuery, Query()]) -> Listed[Product]:
    """The newest first."""
    page = await products.list_products(
        work, text=asked.text, active=asked.active, cursor=asked.after, limit=asked.limit
    )
    items = [Product.model_validate(row) for row in page.rows]
    return Listed(items=items, next_cursor=cursor_of(page.next) if page.next else None)


@router.post("", status_code=201)
async def create_product(work: Acting, given: ProductChange, response: Response) -> Product:
    product_id = await products.create_product(work, given.wanted())
    response.headers["Location"] = f"/api/v1/products/{product_id}"
    return await _one(work, product_id)


@router.get("/{product_id}")
async def get_product(work: Acting, product_id: UUID) -> Product:
    return await _one(work, product_id)


@router.patch("/{product_id}")
async def edit_product(work: Acting, product_id: UUID, given: ProductChange) -> Product:
    """What was billed stays as it was billed."""
    await products.edit_product(work, product_id, given.wanted())
    return await _one(work, product_id)


@router.post("/{product_id}/archiving", status_code=201)
async def archive_product(work: Acting, product_id: UUID) -> Product:
    """Not sold any more: no new price, unit or recurring invoice takes it."""
    await products.archive_product(work, product_id)
    return await _one(work, product_id)


@router.delete("/{product_id}/archiving")
async def restore_product(work: Acting, product_id: UUID) -> Product:
    """Sold again."""
    await products.restore_product(work, product_id)
    return await _one(work, product_id)


async def _one(work: Work, product_id: UUID) -> Product:
    return Product.model_validate(await products.get_product(work, product_id))
