"""Hashrate Hosting: its products, its customers, what is agreed with them, and words for what they do in a year."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.billed import billed_through
from bursar.billing.exchange_rates import add_rate
from bursar.billing.payments import NewPayment, PaymentRecorded, record_payment
from bursar.billing.recurring.planning import create_recurring
from bursar.billing.recurring.plans import Plan
from bursar.billing.states import Proration, QuantitySource
from bursar.billing.tables import invoices
from bursar.catalog.kinds import TaxCategory
from bursar.catalog.price_book import NewPrice
from bursar.catalog.prices import add_price
from bursar.catalog.products import create_product
from bursar.catalog.unit_book import NewUnit
from bursar.catalog.units import add_units
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.customers import create_customer
from tests.makers.year import Year

FIRM = {
    "name": "Hashrate Hosting",
    "legal_name": "Hashrate Hosting FZCO",
    "settings": {"billing": {"auto_issue": True, "terms": {"due": 14}}},
}
START = date(2025, 1, 1)


def aed(minor: int) -> Money:
    return Money(minor, "AED")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@dataclass(slots=True)
class Hosting(Year):
    products: dict[str, UUID] = field(default_factory=dict)
    agreements: dict[str, UUID] = field(default_factory=dict)
    kept: dict[str, UUID] = field(default_factory=dict)

    async def sells(self, work: Work, code: str, price: Money, *, rate: int) -> None:
        category = TaxCategory.STANDARD if rate else TaxCategory.ZERO
        self.products[code] = await create_product(
            work,
            {
                "code": code,
                "name": code.title(),
                "price": price,
                "currency": price.currency,
                "tax_category": category,
                "tax_rate": Decimal(rate),
            },
        )

    async def signs(self, work: Work, name: str, **given: Any) -> UUID:
        row: Any = {
            "kind": "firm",
            "company_name": name,
            "email": f"pay@{name.lower()}.example",
            "address_lines": ["1 Cable Street"],
            "city": "Dubai",
            **given,
        }
        self.customers[name] = await create_customer(work, row)
        return self.customers[name]

    async def agrees(self, work: Work, name: str, product: str, **given: Any) -> None:
        """From the first of January, on the first of each month, unless it is said otherwise."""
        row = {"day_of_month": 1, "start_date": START, **given}
        plan = Plan(self.customers[name], self.products[product], **row)
        self.agreements[name] = await create_recurring(work, plan)

    async def counts(self, work: Work, name: str, product: str, *labels: str, since: date = START) -> None:
        units = [NewUnit(self.customers[name], self.products[product], label, since) for label in labels]
        await add_units(work, units)

    async def prices(self, work: Work, name: str, product: str, price: Money, since: date) -> None:
        new = NewPrice(self.customers[name], self.products[product], price, since)
        await add_price(work, new, billed=billed_through)

    async def pays(self, name: str, amount: Money, *periods: str, **given: Any) -> PaymentRecorded:
        """Today, for the invoices of these months, in this order."""
        async with self.people() as work:
            named = [(await self.invoice(work, name, period), None) for period in periods]
            row = {"received_on": work.today, "customer_id": self.customers[name], **given}
            return await record_payment(work, NewPayment(amount, allocate_to=named, **row))

    async def invoice(self, work: Work, name: str, period: str) -> UUID:
        mine = sa.select(invoices.c.id).where(
            invoices.c.tenant_id == work.tenant_id,
            invoices.c.customer_id == self.customers[name],
            invoices.c.period == period,
        )
        return (await work.db.scalars(mine)).one()

    async def dollar(self, rate: str = "3.672500") -> None:
        """What the central bank says of the dollar today."""
        async with self.people() as work:
            await add_rate(work, "USD", work.today, Decimal(rate), source="CBUAE")

    async def opens(self) -> None:
        """Before the first month: products, customers, what they agreed to."""
        async with self.people() as work:
            await self.sells(work, "HOST", aed(190_00), rate=5)
            await self.sells(work, "RACK", aed(1_000_00), rate=5)
            await self.sells(work, "HOST-USD", usd(52_00), rate=0)
            await self.signs(work, "Falcon", tags=["machines"])
            await self.prices(work, "Falcon", "HOST", aed(180_00), START)
            await self.counts(work, "Falcon", "HOST", "F1", "F2", "F3", "F4")
            counted = {"quantity_source": QuantitySource.UNITS, "quantity": None}
            await self.agrees(work, "Falcon", "HOST", **counted, proration=Proration.DAILY)
            await self.signs(work, "Oryx", tags=["machines"])
            await self.agrees(work, "Oryx", "HOST", quantity=Decimal(5))
            await self.signs(work, "Najm")
            await self.agrees(work, "Najm", "RACK")
            await self.signs(work, "Dune")
            two_at_a_price = {"quantity": Decimal(2), "unit_price": aed(150_00)}
            last_day = {"day_of_month": 28, "start_date": date(2025, 1, 28)}
            await self.agrees(work, "Dune", "HOST", **two_at_a_price, **last_day)
            await self.signs(work, "Baltic", country="EE", city="Tallinn")
            await self.counts(work, "Baltic", "HOST-USD", "B1", "B2", "B3")
            await self.agrees(work, "Baltic", "HOST-USD", **counted, day_of_month=5)
