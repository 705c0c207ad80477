"""The form of a recurring invoice: what was typed into it, and what it means."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bursar.billing.recurring.plans import Plan
from bursar.billing.recurring.showing import Recurring
from bursar.billing.states import Proration, QuantitySource
from bursar.catalog.products import Product
from bursar.core.errors import N_, Invalid
from bursar.web import reading


def blank(today: Any, *, auto_issue: bool) -> dict[str, Any]:
    """A new agreement from the first of next month on."""
    first = today.replace(day=1)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return {
        "day_of_month": "1",
        "start_date": following.isoformat(),
        "quantity_source": str(QuantitySource.FIXED),
        "quantity": "1",
        "proration": str(Proration.NONE),
        "auto_issue": "yes" if auto_issue else "",
    }


def again(found: Recurring) -> dict[str, Any]:
    """What was agreed, to be changed."""
    return {
        "product": str(found.product_id),
        "day_of_month": str(found.day_of_month),
        "start_date": found.start_date.isoformat(),
        "end_date": found.end_date.isoformat() if found.end_date else "",
        "quantity_source": str(found.quantity_source),
        "quantity": f"{found.quantity.normalize():f}" if found.quantity is not None else "",
        "unit_price": found.unit_price.plain() if found.unit_price else "",
        "proration": str(found.proration),
        "description": found.description or "",
        "purchase_order": found.purchase_order or "",
        "notes": found.notes or "",
        "auto_issue": "yes" if found.auto_issue else "",
        "version": found.version,
    }


def product_of(values: Mapping[str, Any]) -> UUID:
    """Raises `Invalid` when none was chosen."""
    product_id = reading.cursor(values.get("product"))
    if product_id is None:
        raise Invalid(N_("Choose a product."), code="product_missing", field="product")
    return product_id


def plan_of(
    values: Mapping[str, Any], customer_id: UUID, product: Product, currency: str | None = None
) -> Plan:
    """The agreement that the form describes; `currency` is kept where it was agreed. Raises `Invalid` by field."""
    source = QuantitySource(reading.must_be(values, "quantity_source", QuantitySource))
    return Plan(
        customer_id=customer_id,
        product_id=product.id,
        day_of_month=_day_of_month(values.get("day_of_month", "")),
        start_date=reading.day(values, "start_date"),
        end_date=reading.day_or_none(values, "end_date"),
        quantity_source=source,
        quantity=reading.number(values.get("quantity", ""), "quantity")
        if source is QuantitySource.FIXED
        else None,
        unit_price=reading.amount_or_none(values, currency or product.currency, "unit_price"),
        currency=currency,
        proration=Proration(reading.must_be(values, "proration", Proration)),
        description=values.get("description"),
        auto_issue=values.get("auto_issue") == "yes",
        purchase_order=values.get("purchase_order"),
        notes=values.get("notes"),
    )


def _day_of_month(text: str) -> int:
    """What is no number is no day of a month: the verb refuses both in the same words."""
    return int(text) if text.strip().isdecimal() and len(text.strip()) <= 2 else 0
