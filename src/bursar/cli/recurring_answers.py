"""What `bursar recurring` reads and says: whom a name means, quantities, agreements and months to come."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from bursar.billing.recurring.previewing import Upcoming
from bursar.billing.recurring.showing import Made, Recurring
from bursar.billing.states import QuantitySource
from bursar.cli.output import Answer, facts
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.work import Work
from bursar.tenancy.customers import CustomerFilter, list_customers


async def customer_called(work: Work, called: str) -> UUID:
    """Whom a code, an e-mail address or a name means. Raises `NotFound`, `Invalid` where it means several."""
    rows = (await list_customers(work, CustomerFilter(text=called), limit=50)).rows
    for exact in (
        [one.id for one in rows if one.external_code == called],
        [one.id for one in rows if called.lower() in ((one.email or "").lower(), one.name.lower())],
    ):
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise Invalid(
                N_("Several customers are called “%(text)s”. Give the customer's code instead."),
                code="customer_ambiguous",
                field="customer",
                text=called,
            )
    raise NotFound("customer")


def number(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Invalid(
            N_("Write a number, like 2 or 1.5."), code="number_unreadable", field="quantity"
        ) from None


def quantity_of(found: Recurring, quantity: str | None, counted: bool | None) -> dict[str, Any]:
    if counted:
        return {"quantity_source": QuantitySource.UNITS, "quantity": number(quantity) if quantity else None}
    changed: dict[str, Any] = {"quantity": number(quantity)} if quantity else {}
    if counted is False:
        changed |= {"quantity_source": QuantitySource.FIXED}
        changed.setdefault("quantity", found.quantity or Decimal(1))
    return changed


def answer(found: Recurring) -> Answer:
    shown = facts(
        recurring_invoice=found.id,
        customer=found.customer_name,
        product=found.product_code,
        state=found.state,
        billing_day=found.day_of_month,
        quantity="units counted" if found.quantity is None else found.quantity.normalize(),
        price=found.unit_price or "of the catalog",
        proration=found.proration,
        start=found.start_date,
        end=found.end_date,
        next_run=found.next_run_on,
        issue="at once" if found.auto_issue else "as draft",
        not_billed_because=found.refusal,
    )
    return Answer(told(found), (shown,))


def told(found: Recurring) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in Recurring.__dataclass_fields__}
    return {**told, "quantity": None if found.quantity is None else format(found.quantity.normalize(), "f")}


def made_told(one: Made) -> dict[str, Any]:
    return {"id": one.id, "period": one.period, "number": one.number, "state": one.state, "total": one.total}


def month_told(one: Upcoming) -> dict[str, Any]:
    return {
        "run_on": one.run_on,
        "period": one.period,
        "quantity": format(one.quantity.normalize(), "f"),
        "prices": [
            {
                "from": part.service_from,
                "to": part.service_to,
                "unit_price": part.unit_price,
                "source": part.source,
                "net": part.net,
            }
            for part in one.stretches
        ],
        "subtotal": one.subtotal,
        "tax": one.tax,
        "total": one.total,
        "verdict": one.verdict,
    }


def prices_of(one: Upcoming) -> str:
    parts: Sequence[str] = [f"{part.unit_price} ({part.source})" for part in one.stretches if part.unit_price]
    return ", ".join(parts)
