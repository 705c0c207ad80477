"""An invoice's lines: what is charged, priced and taxed to the minor unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from bursar.billing import rules
from bursar.billing.queries import invoices as queries
from bursar.catalog.kinds import ItemKind, TaxCategory
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.money import LARGEST_MINOR, MixedCurrencies, Money
from bursar.core.work import Work

_UNIT = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
_UNTAXED = frozenset(TaxCategory) - {TaxCategory.STANDARD, TaxCategory.MARGIN}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is asked for. `tax_rate` is in percent; a negative price is a rebate.

    `product_id` and `customer_price_id` say where it comes from; `unit_code` is of UN/ECE Recommendation 20.
    """

    description: str
    unit_price: Money
    quantity: Decimal = Decimal(1)
    discount: Money | None = None
    tax_category: TaxCategory = TaxCategory.STANDARD
    tax_rate: Decimal = Decimal(5)
    service_from: date | None = None
    service_to: date | None = None
    product_id: UUID | None = None
    customer_price_id: UUID | None = None
    description_local: str | None = None
    unit_code: str = "C62"
    item_kind: ItemKind = ItemKind.SERVICES
    classification_code: str | None = None


COPIED = (
    *("quantity", "tax_category", "tax_rate", "service_from", "service_to", "product_id"),
    *("customer_price_id", "description_local", "unit_code", "item_kind", "classification_code"),
)
"""Fields of a line that are stored as they were given."""


@dataclass(frozen=True, slots=True)
class Priced:
    """Lines as they are stored, and the columns of the invoice that follow from them."""

    rows: tuple[dict[str, Any], ...]
    totals: dict[str, Any]


def price(lines: Sequence[Line], currency: str) -> Priced:
    """Net, tax and totals of `lines`. Raises `Invalid` naming the line (from 1) that cannot be charged."""
    for position, line in enumerate(lines, start=1):
        _check(line, position, currency)
    nets = [
        rules.line_net(line.quantity, line.unit_price.minor, line.discount.minor if line.discount else 0)
        for line in lines
    ]
    taxes = rules.tax_lines(
        [rules.Taxed(net, line.tax_rate, line.tax_category) for net, line in zip(nets, lines, strict=True)],
        currency,
    )
    subtotal, tax = sum(nets), taxes.total
    largest = max(map(abs, (*nets, *taxes.of_lines)), default=0)
    if lines and not (0 < subtotal + tax <= LARGEST_MINOR and largest <= LARGEST_MINOR):
        raise Invalid(
            N_("The lines must add up to more than zero."), code="total_not_positive", field="lines"
        )
    rows = tuple(
        _row(line, position, net, line_tax)
        for position, (line, net, line_tax) in enumerate(zip(lines, nets, taxes.of_lines, strict=True))
    )
    totals = {"subtotal_minor": subtotal, "tax_minor": tax, "total_minor": subtotal + tax}
    return Priced(rows, {**totals, "rounding_mode": taxes.rounding})


async def must_be_sold(work: Work, customer_id: UUID, lines: Sequence[Line]) -> None:
    """Raises `NotFound` for a product that this firm does not sell, or a price that is not this customer's."""
    sold = {line.product_id for line in lines if line.product_id}
    priced = {(line.customer_price_id, line.product_id) for line in lines if line.customer_price_id}
    if sold and sold - set(await work.db.scalars(queries.products_among(work, sold))):
        raise NotFound("product")
    if priced:
        ids = {price_id for price_id, _ in priced}
        found = await work.db.execute(queries.prices_among(work, customer_id, ids))
        if priced - {(row.id, row.product_id) for row in found}:
            raise NotFound("price")


async def write_lines(work: Work, invoice_id: UUID, customer_id: UUID, priced: Priced) -> None:
    """Give a draft these lines in place of those it had."""
    await work.db.execute(queries.drop_lines(work, invoice_id))
    if priced.rows:
        owner = {"invoice_id": invoice_id, "customer_id": customer_id}
        await work.db.execute(queries.add_lines(work, [{**owner, **row} for row in priced.rows]))


def _row(line: Line, position: int, net: int, tax: int) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in COPIED},
        "position": position + 1,
        "description": line.description.strip(),
        "unit_price_minor": line.unit_price.minor,
        "discount_minor": line.discount.minor if line.discount else 0,
        "net_minor": net,
        "tax_minor": tax,
    }


def _check(line: Line, position: int, currency: str) -> None:
    for money in filter(None, (line.unit_price, line.discount)):
        if money.currency != currency:
            raise MixedCurrencies(currency, money.currency)
    if not line.description.strip():
        raise _refusal(N_("Line %(line)s needs a description."), "line_without_description", position)
    if not _fits(line.quantity, 6, 10**12) or line.quantity <= 0:
        raise _refusal(
            N_("The quantity of line %(line)s must be more than zero, with six decimals at most."),
            "quantity",
            position,
        )
    if not _fits(line.tax_rate, 2, 101) or (line.tax_category in _UNTAXED and line.tax_rate):
        raise _refusal(N_("The tax rate of line %(line)s does not fit its category."), "tax_rate", position)
    if line.discount and line.discount.minor < 0:
        raise _refusal(N_("The discount of line %(line)s is below zero."), "discount", position)
    if line.service_from and line.service_to and line.service_to < line.service_from:
        raise _refusal(N_("The service of line %(line)s ends before it begins."), "service_to", position)
    if not _UNIT.fullmatch(line.unit_code):
        raise _refusal(N_("The unit of line %(line)s is a code like C62 or HUR."), "unit_code", position)


def _fits(number: Decimal, decimals: int, below: int) -> bool:
    """Whether a column holds it as it is: from zero on, with so many decimals."""
    return number.is_finite() and 0 <= number < below and number == round(number, decimals)


def _refusal(message: str, code: str, position: int) -> Invalid:
    return Invalid(message, code=code, field=f"lines[{position - 1}]", line=position)
