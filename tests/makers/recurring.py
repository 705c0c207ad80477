"""Makers of recurring invoices: an agreement about a product, its prices and units, and a run over what is due."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.billing.recurring.generating import Sliced, bill
from bursar.billing.recurring.planning import create_recurring
from bursar.billing.recurring.plans import Plan
from bursar.billing.states import QuantitySource
from bursar.billing.tables import invoice_lines, invoices, recurring_invoices
from bursar.catalog.tables import billable_units, customer_prices, products
from bursar.core.clock import FixedClock
from bursar.core.work import Work
from tests.makers.tenancy import a_customer

START = date(2026, 11, 1)


async def a_product(work: Work, minor: int | None = 190_00, **given: Any) -> UUID:
    row = {
        "code": f"P-{uuid4().hex[:8]}",
        "name": "Hosting",
        "price_minor": minor,
        "currency": "AED",
        "tax_category": "S",
        "tax_rate": Decimal(5),
        **given,
    }
    insert = sa.insert(products).values(tenant_id=work.tenant_id, **row).returning(products.c.id)
    return (await work.db.scalars(insert)).one()


async def a_price(work: Work, customer: UUID, product: UUID, minor: int, **given: Any) -> UUID:
    row = {
        "customer_id": customer,
        "product_id": product,
        "unit_price_minor": minor,
        "currency": "AED",
        "effective_from": date(2020, 1, 1),
        **given,
    }
    insert = (
        sa.insert(customer_prices).values(tenant_id=work.tenant_id, **row).returning(customer_prices.c.id)
    )
    return (await work.db.scalars(insert)).one()


async def some_units(work: Work, customer: UUID, product: UUID, count: int, **given: Any) -> None:
    row = {"customer_id": customer, "product_id": product, "active_from": date(2020, 1, 1), **given}
    for _ in range(count):
        label = f"miner {uuid4().hex[:8]}"
        await work.db.execute(sa.insert(billable_units).values(tenant_id=work.tenant_id, label=label, **row))


async def a_plan(work: Work, **given: Any) -> Plan:
    """On the first of each month since November 2026, one piece, for a customer and a product of its own."""
    row: dict[str, Any] = {"day_of_month": 1, "start_date": START, **given}
    if "customer_id" not in row:
        row["customer_id"] = await a_customer(work)
    if "product_id" not in row:
        row["product_id"] = await a_product(work)
    if row.get("quantity_source") is QuantitySource.UNITS:
        row.setdefault("quantity", None)
    return Plan(**row)


async def a_recurring(work: Work, **given: Any) -> UUID:
    return await create_recurring(work, await a_plan(work, **given))


async def run_once(work: Work, *ids: UUID, as_of: date | None = None) -> Sliced:
    """One slice in this Work; its temporary tables go, so that a test may have another."""
    done = await bill(work, ids, as_of or work.today)
    for name in ("asked", "priced"):
        await work.db.execute(sa.text(f"drop table {name}"))
    return done


async def the_recurring(work: Work, recurring: UUID) -> Any:
    r = recurring_invoices
    return (
        await work.db.execute(sa.select(r).where(r.c.tenant_id == work.tenant_id, r.c.id == recurring))
    ).one()


async def made_of(work: Work, recurring: UUID) -> list[Any]:
    """The invoices of an agreement by month."""
    i = invoices
    found = sa.select(i).where(i.c.tenant_id == work.tenant_id, i.c.recurring_invoice_id == recurring)
    return list(await work.db.execute(found.order_by(i.c.period)))


async def lines_of(work: Work, invoice: UUID) -> list[Any]:
    found = sa.select(invoice_lines).where(
        invoice_lines.c.tenant_id == work.tenant_id, invoice_lines.c.invoice_id == invoice
    )
    return list(await work.db.execute(found.order_by(invoice_lines.c.position)))


def at(clock: FixedClock, day: str, hour: int = 8, minute: int = 0) -> None:
    """Moves the clock to an hour in UTC."""
    clock.move_to(datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=UTC))
