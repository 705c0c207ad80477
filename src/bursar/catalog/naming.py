"""Whom and what people mean: customers and products as they are written in a sheet or on a command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from bursar.catalog.products import Product, products_called, sole_product
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.work import Work
from bursar.tenancy.customers_meant import customers_meant, not_one
from bursar.tenancy.reasons import Reason


@dataclass(frozen=True, slots=True)
class Named:
    """What a row calls its customer and its product; a firm that sells one thing need not say which."""

    customer: str
    product: str | None


async def find_named(work: Work, named: Sequence[Named]) -> dict[Named, tuple[UUID, Product] | Reason]:
    """For each the customer's id and the product, or why it names nobody or nothing."""
    customers = await customers_meant(work, [each.customer for each in named])
    products = await products_called(work, [each.product for each in named if each.product])
    sole = await sole_product(work) if any(each.product is None for each in named) else None
    return {each: _found(each, customers[each.customer], products, sole) for each in named}


async def the_customer(work: Work, called: str) -> UUID:
    """The one customer with this code, else this e-mail address, else this name. Raises `NotFound`, `Conflict`."""
    found = (await customers_meant(work, [called]))[called]
    if not found:
        raise NotFound("customer")
    if len(found) > 1:
        reason = not_one(called, len(found))
        raise Conflict(reason.message, code=reason.code, field=reason.field, **reason.params)
    return next(iter(found))


def _found(
    named: Named, customers: set[UUID], products: Mapping[str, list[Product]], sole: Product | None
) -> tuple[UUID, Product] | Reason:
    if len(customers) != 1:
        return not_one(named.customer, len(customers))
    found = products[named.product] if named.product else [sole] if sole else []
    if len(found) == 1:
        return next(iter(customers)), found[0]
    if named.product is None:
        message = N_("Say which product this is about: its code or its name.")
        return Reason(message, "product_missing", "product")
    if found:
        message = N_("Several products are called “%(text)s”. Give the code instead.")
        return Reason(message, "product_ambiguous", "product", {"text": named.product})
    message = N_("There is no product “%(text)s”. Add it first, or correct this cell.")
    return Reason(message, "product_unknown", "product", {"text": named.product})
