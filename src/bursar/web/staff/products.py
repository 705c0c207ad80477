"""Products: the list, one with who pays what for it, and what is changed about it."""

from collections.abc import AsyncIterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response, StreamingResponse

from bursar.billing.preferences import billing_settings
from bursar.catalog import products
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.catalog.prices import list_prices
from bursar.catalog.product_export import HEADER, product_rows
from bursar.catalog.product_fields import LISTS, ProductInput
from bursar.catalog.products import Product
from bursar.catalog.units import count_units
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.journal import timeline
from bursar.core.money import EXPONENTS, is_currency
from bursar.onboarding.pricing import priced
from bursar.onboarding.spoken import direction_of
from bursar.tenancy.report_files import TYPES, report_parts
from bursar.tenancy.tenants import this_tenant
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.security import DOCUMENT_POLICY
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.staff.telling import tell

router = staff_router()

ONE = "/products/{product_id:uuid}"
PAGE = 50
TEXTS = (
    *("code", "name", "name_local", "description", "description_local", "unit_code", "classification_code"),
    *("stripe_product_id", "stripe_price_id"),
)
CURRENCIES = tuple(sorted(EXPONENTS))


@router.get("/products")
async def show_products(request: Request, q: str = "", archived: str = "", after: str = "") -> Response:
    async with viewer_work(request) as work:
        page = await products.list_products(
            work,
            text=reading.search(q),
            active=None if archived else True,
            cursor=reading.cursor(after),
            limit=PAGE,
        )
    asked = {"q": q, "archived": archived}
    return pages.render(request, "staff/products.html", fragment="results", page_of=page, asked=asked)


@router.get("/exports/products.{kind}")
async def export(
    request: Request, kind: Annotated[str, Path(pattern="^(csv|xlsx)$")], q: str = "", archived: str = ""
) -> Response:
    """Those that the list shows, in the columns that an import reads."""
    words = languages.words_of(pages.page_view(request).language.code).gettext

    async def rows() -> AsyncIterator[Any]:
        async with viewer_work(request) as work:
            active = None if archived else True
            async for batch in product_rows(work, text=reading.search(q), active=active):
                yield batch

    headers = {
        "Content-Disposition": f'attachment; filename="products.{kind}"',
        "Content-Security-Policy": DOCUMENT_POLICY,
    }
    parts = report_parts(kind, "products", [words(name) for name in HEADER], rows())
    return StreamingResponse(parts, media_type=TYPES[kind], headers=headers)


@router.get("/products/new")
async def new_product(request: Request) -> Response:
    async with viewer_work(request) as work:
        usual = await billing_settings(work)
        currency = (await this_tenant(work)).currency
    values = {
        "currency": currency,
        "tax_category": usual.default_tax_category,
        "tax_rate": f"{usual.default_tax_rate.normalize():f}",
        "unit_code": "C62",
        "item_kind": ItemKind.SERVICES,
    }
    return _form(request, Form(values))


@router.post("/products")
async def create_product(request: Request) -> Response:
    typed = await reading.typed(request)
    try:
        given = _given(typed)
        async with viewer_work(request) as work:
            product_id = await products.create_product(work, given)
    except (Invalid, Conflict) as refusal:
        return _form(request, Form(typed).refused(refusal))
    return pages.see_other(request, f"/products/{product_id}", toast=N_("The product was added."))


@router.get(ONE)
async def show_product(request: Request, product_id: UUID) -> Response:
    async with viewer_work(request) as work:
        product = await products.get_product(work, product_id)
        values: dict[str, Any] = {
            "product": product,
            "price": priced(product.price, product.tax_category, product.tax_rate) if product.price else None,
            "directions": (direction_of(product.name), direction_of(product.name_local or product.name)),
            "prices": await list_prices(work, product_id=product_id, on=work.today, limit=PAGE),
            "units": sum((await count_units(work, work.today, product_id=product_id)).values()),
            "told": await tell(work, request, await timeline(work, "product", product_id)),
        }
    return pages.render(request, "staff/product.html", **values)


@router.get(ONE + "/edit")
async def edit_product(request: Request, product_id: UUID) -> Response:
    async with viewer_work(request) as work:
        product = await products.get_product(work, product_id)
    return _form(request, Form(_values(product)), product)


@router.post(ONE)
async def save_product(request: Request, product_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        given = _given(typed)
        async with viewer_work(request) as work:
            await products.edit_product(work, product_id, given)
    except (Invalid, Conflict) as refusal:
        async with viewer_work(request, read_only=True) as work:
            product = await products.get_product(work, product_id)
        return _form(request, Form(typed).refused(refusal), product)
    return pages.see_other(request, f"/products/{product_id}", toast=N_("Saved."))


@router.post(ONE + "/archiving")
async def archive(request: Request, product_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await products.archive_product(work, product_id)
    return pages.see_other(request, f"/products/{product_id}", toast=N_("Archived: nothing new takes it."))


@router.post(ONE + "/restoration")
async def restore(request: Request, product_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await products.restore_product(work, product_id)
    return pages.see_other(request, f"/products/{product_id}", toast=N_("Sold again."))


def _given(typed: dict[str, str]) -> ProductInput:
    """Raises `Invalid` by field."""
    currency = typed.get("currency", "")
    if not is_currency(currency):
        raise Invalid(N_("Choose a currency."), code="unknown_currency", field="currency")
    given: dict[str, Any] = {name: typed[name] for name in TEXTS if name in typed}
    given |= {name: typed[name].splitlines() for name in LISTS if name in typed}
    given |= {
        "price": reading.amount_or_none(typed, currency, "price"),
        "currency": currency,
        "tax_category": TaxCategory(reading.must_be(typed, "tax_category", TaxCategory)),
        "tax_rate": _percent(typed.get("tax_rate", "")),
        "item_kind": ItemKind(reading.must_be(typed, "item_kind", ItemKind)),
    }
    return cast("ProductInput", given)


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text.replace("%", "").replace(",", ".").strip() or "0")
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite():
        raise Invalid(N_("Give the tax rate in percent."), code="tax_rate", field="tax_rate")
    return percent


def _values(product: Product) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(product, name) or "" for name in TEXTS}
    price = product.price.plain() if product.price else ""
    rate = f"{product.tax_rate.normalize():f}"
    listed = {name: getattr(product, name) for name in ("currency", "tax_category", "item_kind")}
    listed |= {name: "\n".join(getattr(product, name)) for name in LISTS}
    return {**values, **listed, "price": price, "tax_rate": rate}


def _form(request: Request, form: Form, product: Product | None = None) -> Response:
    return pages.render(
        request,
        "staff/product_form.html",
        status=form.status,
        form=form,
        product=product,
        currencies=CURRENCIES,
        categories=[str(category) for category in TaxCategory],
    )
