"""Products: what is sold, its usual price, its tax, and what an e-invoice has to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.product_fields import DEFAULTS, ProductInput, check_product, clean_product
from bursar.catalog.queries import products as queries
from bursar.catalog.rules import UNTAXED
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Record, Work
from bursar.tenancy import tenants

LARGEST_PAGE = 200
MOST_OFFERED = 5_000  # a form with more choices than this is none; a price list has a few hundred


@dataclass(frozen=True, slots=True)
class Product:
    """`price` is what everybody pays who has none of their own; `tax_rate` is in percent; `included` what it covers."""

    id: UUID
    code: str
    name: str
    name_local: str | None
    description: str | None
    description_local: str | None
    price: Money | None
    currency: str
    tax_category: TaxCategory
    tax_rate: Decimal
    unit_code: str
    item_kind: ItemKind
    classification_code: str | None
    included: list[str]
    included_local: list[str]
    stripe_product_id: str | None
    stripe_price_id: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Product]
    next: UUID | None


async def create_product(work: Work, given: ProductInput) -> UUID:
    """Raises `Invalid` by field, `Conflict` for a code that is taken."""
    [answer] = await create_products(work, [given])
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def create_products(work: Work, given: Sequence[ProductInput]) -> list[UUID | Refusal]:
    """New products in one statement, each wholly or not at all; one answer for each."""
    work.allow(AgentRole.AGENT)
    answers: list[UUID | Refusal | dict[str, Any]] = []
    usual = await _usual(work)
    for each in given:
        try:
            answers.append(_new(each, usual))
        except Refusal as refusal:
            answers.append(refusal)
    new: dict[str, dict[str, Any]] = {}
    for answer in answers:
        if isinstance(answer, dict):
            new.setdefault(answer["code"], answer)
    ids = await _add(work, new)
    return [
        answer
        if not isinstance(answer, dict)
        else ids.get(answer["code"], _code_taken())
        if new[answer["code"]] is answer
        else _code_taken()
        for answer in answers
    ]


async def edit_product(work: Work, product_id: UUID, given: ProductInput) -> bool:
    """Change what is given; what stays the same leaves no trace, and what was billed stays as it was billed.

    Returns whether anything changed. Raises `NotFound`, `Invalid` by field, `Conflict` for a code that is
    taken, or another currency than customers' prices have.
    """
    work.allow(AgentRole.AGENT)
    before = await _row(work, product_id, lock=True)
    changed = await _changes(work, before, given)
    if changed:
        await work.db.execute(queries.edit_product(work, product_id, changed))
        await work.record("product.edit", Record(product_id, changes=_told(before, changed)))
    return bool(changed)


async def plan_edit(work: Work, product_id: UUID, given: ProductInput) -> bool:
    """Whether `edit_product` would change anything; raises what it would raise, and writes nothing."""
    return bool(await _changes(work, await _row(work, product_id), given))


async def plan_new(work: Work, given: ProductInput) -> None:
    """Raises what `create_product` would raise, but for a code that is taken."""
    _new(given, await _usual(work))


async def archive_product(work: Work, product_id: UUID) -> None:
    """Not sold any more: no new price, unit or recurring invoice takes it. Raises `NotFound`; twice is once."""
    await _set_active(work, product_id, "product.archive", active=False)


async def restore_product(work: Work, product_id: UUID) -> None:
    """Sold again. Raises `NotFound`; twice is once."""
    await _set_active(work, product_id, "product.restore", active=True)


async def get_product(work: Work, product_id: UUID) -> Product:
    """Raises `NotFound`, for another tenant's too."""
    found = await get_products(work, [product_id])
    if not found:
        raise NotFound("product")
    return found[0]


async def get_products(work: Work, ids: Sequence[UUID]) -> list[Product]:
    """Those that exist, by id."""
    rows = await work.db.execute(queries.products_by_id(work, sorted(set(ids))))
    return [product_of(row._asdict()) for row in rows]


async def list_products(
    work: Work,
    *,
    text: str | None = None,
    active: bool | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> ProductPage:
    """The newest first, after `cursor`; `text` is looked for in codes and names."""
    limit = max(1, min(limit, LARGEST_PAGE))
    wanted = {"text": text, "active": active}
    found = await work.db.execute(queries.list_products(work, wanted, cursor, limit + 1))
    rows = [product_of(row._asdict()) for row in found]
    return ProductPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


async def offered_products(work: Work, *, active: bool | None = None) -> list[Product]:
    """What a form lets one choose from, by name: all products, not a page of them."""
    rows = await work.db.execute(queries.list_products(work, {"active": active}, None, MOST_OFFERED))
    return sorted((product_of(row._asdict()) for row in rows), key=lambda one: one.name.casefold())


async def find_product(work: Work, called: str) -> Product:
    """The one with this code, else with this name. Raises `NotFound`, `Conflict` for a name that several have."""
    found = (await products_called(work, [called]))[called]
    if len(found) > 1:
        raise Conflict(
            N_("Several products are called “%(name)s”. Give the code instead."),
            code="product_ambiguous",
            field="product",
            name=called,
        )
    if not found:
        raise NotFound("product")
    return found[0]


async def products_called(work: Work, texts: Sequence[str]) -> dict[str, list[Product]]:
    """For each text the product with that code; else those with that name."""
    rows = await work.db.execute(queries.products_called(work, sorted(set(texts)))) if texts else ()
    known = [product_of(row._asdict()) for row in rows]
    by_code = {product.code: product for product in known}
    return {
        text: [by_code[text]]
        if text in by_code
        else [product for product in known if product.name.lower() == text.lower()]
        for text in texts
    }


async def sole_product(work: Work) -> Product | None:
    """The product of a firm that sells one thing only."""
    found = [product_of(row._asdict()) for row in await work.db.execute(queries.sole_products(work))]
    return found[0] if len(found) == 1 else None


def product_of(row: Mapping[str, Any]) -> Product:
    """From a row of `products`, whoever joined it."""
    price, currency = row["price_minor"], row["currency"]
    return Product(
        row["id"],
        row["code"],
        row["name"],
        row["name_local"],
        row["description"],
        row["description_local"],
        Money(price, currency) if price is not None else None,
        currency,
        TaxCategory(row["tax_category"]),
        row["tax_rate"],
        row["unit_code"],
        ItemKind(row["item_kind"]),
        row["classification_code"],
        row["included"],
        row["included_local"],
        row["stripe_product_id"],
        row["stripe_price_id"],
        row["active"],
    )


def _new(given: ProductInput, usual: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a new product. What is not taxed has no rate; for everything else the rate must be said."""
    values = {**usual, **clean_product(given)}
    if "tax_rate" not in values:
        if values["tax_category"] not in UNTAXED:
            raise Invalid(N_("Give the tax rate in percent."), code="tax_rate_missing", field="tax_rate")
        values["tax_rate"] = Decimal(0)
    check_product(values)
    return values


async def _add(work: Work, new: Mapping[str, Mapping[str, Any]]) -> dict[str, UUID]:
    if not new:
        return {}
    given = [[_cell(values[name]) for name in queries.COLUMNS] for values in new.values()]
    ids = {row.code: row.id for row in await work.db.execute(queries.add_products(work, given))}
    records: list[Record] = [Record(ids[code], changes=_told({}, new[code])) for code in new if code in ids]
    await work.record("product.create", *records)
    return ids


def _cell(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, list) else value


async def _set_active(work: Work, product_id: UUID, event: str, *, active: bool) -> None:
    work.allow(AgentRole.AGENT)
    before = await _row(work, product_id, lock=True)
    if before["active"] is active:
        return
    await work.db.execute(queries.edit_product(work, product_id, {"active": active}))
    await work.record(event, Record(product_id, changes=_told(before, {"active": active})))


async def _changes(work: Work, before: Mapping[str, Any], given: ProductInput) -> dict[str, Any]:
    """The columns that would change. Raises where the product could not be so."""
    values = clean_product(given)
    changed = {name: value for name, value in values.items() if before[name] != value}
    if changed:
        check_product({**before, **changed})
    if "code" in changed and await work.db.scalar(queries.holder_of_code(work, changed["code"])):
        raise _code_taken()
    if "currency" in changed and await work.db.scalar(queries.is_priced(work, before["id"])):
        raise Conflict(
            N_("Customers have prices of their own in the present currency. Make another product instead."),
            code="currency_in_use",
            field="currency",
        )
    return changed


async def _usual(work: Work) -> dict[str, Any]:
    return {**DEFAULTS, "currency": (await tenants.this_tenant(work)).currency}


async def _row(work: Work, product_id: UUID, *, lock: bool = False) -> Mapping[str, Any]:
    row = (await work.db.execute(queries.products_by_id(work, [product_id], lock=lock))).one_or_none()
    if row is None:
        raise NotFound("product")
    return row._asdict()


def _told(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """For the journal; what a new product lacks is not told."""
    after = {name: value for name, value in changed.items() if before or value not in (None, [])}
    told = {"after": after}
    return {"before": {name: before[name] for name in changed}, **told} if before else told


def _code_taken() -> Conflict:
    return Conflict(N_("Another product has this code."), code="code_taken", field="code")
