"""What can be agreed about a monthly bill, and what is refused by name."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import recurring as queries
from bursar.billing.settings import BillingSettings
from bursar.billing.states import Proration, QuantitySource
from bursar.catalog.prices import prices_on
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.money import LARGEST_MINOR, Money, exponent_of
from bursar.core.work import Work

LARGEST_QUANTITY = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class Plan:
    """What is agreed. `unit_price` stands in place of any price of the catalog; `quantity` is none when units count.

    Without a currency it is the product's; without `auto_issue` the firm's setting. `end_date` is the last day on
    which it may run.
    """

    customer_id: UUID
    product_id: UUID
    day_of_month: int
    start_date: date
    end_date: date | None = None
    quantity_source: QuantitySource = QuantitySource.FIXED
    quantity: Decimal | None = Decimal(1)
    unit_price: Money | None = None
    currency: str | None = None
    proration: Proration = Proration.NONE
    description: str | None = None
    auto_issue: bool | None = None
    purchase_order: str | None = None
    notes: str | None = None


async def checked(work: Work, plan: Plan, *, kept: UUID | None = None) -> dict[str, Any]:
    """The columns of a plan that can be. `kept` is the product that stood there before: it may be archived since."""
    check_days(plan)
    check_quantity(plan)
    if not (await work.db.execute(queries.of_customer(work, plan.customer_id))).first():
        raise NotFound("customer")
    product = (await work.db.execute(queries.of_product(work, plan.product_id))).one_or_none()
    if product is None:
        raise NotFound("product")
    if not product.active and plan.product_id != kept:
        raise Conflict(
            N_("This product is archived. Choose another one."), code="product_archived", field="product_id"
        )
    currency = plan.currency or product.currency
    exponent_of(currency)
    await _check_price(work, plan, product, currency)
    return {
        **_columns(plan),
        "currency": currency,
        "unit_price_minor": plan.unit_price.minor if plan.unit_price else None,
        "auto_issue": plan.auto_issue if plan.auto_issue is not None else await _usually_issued(work),
    }


def _columns(plan: Plan) -> dict[str, Any]:
    given = asdict(plan)
    for name in ("customer_id", "unit_price", "currency", "auto_issue"):
        del given[name]
    for name in ("description", "purchase_order", "notes"):
        given[name] = (given[name] or "").strip() or None
    return given


def check_days(plan: Plan) -> None:
    """Raises `Invalid` about the billing day or the end."""
    if not 1 <= plan.day_of_month <= 28:
        raise Invalid(
            N_("The billing day is a day from 1 to 28, which every month has."),
            code="day_of_month",
            field="day_of_month",
        )
    if plan.end_date is not None and plan.end_date < plan.start_date:
        raise Invalid(N_("The end is before the start."), code="end_before_start", field="end_date")


def check_quantity(plan: Plan) -> None:
    """Raises `Invalid` about the quantity."""
    if plan.quantity_source is QuantitySource.UNITS:
        if plan.quantity is not None:
            raise Invalid(
                N_("The quantity is counted. Leave it out."), code="quantity_counted", field="quantity"
            )
        return
    quantity = plan.quantity
    if (
        quantity is None
        or not quantity.is_finite()
        or not 0 < quantity <= LARGEST_QUANTITY
        or quantity != round(quantity, 6)
    ):
        raise Invalid(
            N_("The quantity must be more than zero, with at most six decimals."),
            code="quantity",
            field="quantity",
        )


async def _check_price(work: Work, plan: Plan, product: sa.Row[Any], currency: str) -> None:
    """Whatever would be charged today is in the currency of the agreement; there may be no price yet."""
    if plan.unit_price is not None:
        if not 0 < plan.unit_price.minor <= LARGEST_MINOR:
            raise Invalid(
                N_("A price must be more than zero."), code="price_not_positive", field="unit_price"
            )
        _must_be_in(currency, plan.unit_price.currency, "unit_price")
        return
    pair = (plan.customer_id, plan.product_id)
    found = (await prices_on(work, [pair], max(plan.start_date, work.today))).get(pair)
    _must_be_in(currency, found.price.currency if found else product.currency, "currency")


def _must_be_in(currency: str, other: str, field: str) -> None:
    if other != currency:
        raise Invalid(
            N_("The price is in %(other)s and the recurring invoice in %(currency)s. Make them the same."),
            code="mixed_currencies",
            field=field,
            other=other,
            currency=currency,
        )


async def _usually_issued(work: Work) -> bool:
    row = (await work.db.execute(queries.settings(work))).one()
    return BillingSettings.of(row.settings, row.country).auto_issue
