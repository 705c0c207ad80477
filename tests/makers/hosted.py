"""A firm, one customer of it, and the public page of their invoices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import AsyncClient
from PIL import Image

from bursar.billing.links import CUSTOMER_PATH, PATH, customer_token, invoice_token
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.house import House
from tests.makers.billing import an_invoice, footprint
from tests.makers.staff import a_browser, a_house
from tests.makers.tenancy import a_customer, a_tenant

ANSWERS = ("promise", "paid", "dispute")


def a_picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (8, 8), "white").save(made, "PNG")
    return made.getvalue()


@dataclass(frozen=True, slots=True)
class Shop:
    """A firm, one customer of it, and a browser without anybody signed in."""

    house: House
    web: AsyncClient
    tenant: UUID
    customer: UUID

    def work(self) -> Any:
        return self.house.office.work(self.tenant)

    def path(self, invoice: UUID, *, version: int = 1, keyring: Keyring | None = None) -> str:
        return PATH + invoice_token(keyring or self.house.keyring, self.tenant, invoice, version)

    def page(self, customer: UUID | None = None, *, version: int = 1, tenant: UUID | None = None) -> str:
        """Where a customer sees all that is open; theirs unless another is named."""
        token = customer_token(self.house.keyring, tenant or self.tenant, customer or self.customer, version)
        return CUSTOMER_PATH + token

    async def invoice(self, **given: Any) -> UUID:
        async with self.work() as work:
            return await an_invoice(work, of=self.customer, **given)

    async def marks(self) -> Any:
        async with self.work() as work:
            return await footprint(work)

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.work() as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant).order_by(table.c.id)
            return list(await work.db.execute(found))

    async def today(self, days: int = 0) -> str:
        async with self.work() as work:
            return (work.today + timedelta(days=days)).isoformat()


@asynccontextmanager
async def a_shop(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, folder: Path
) -> AsyncIterator[Shop]:
    async with a_house(addresses, clock, keyring, data_dir=folder) as house:
        tenant = await a_tenant(house.office)
        async with house.office.work(tenant) as work:
            customer = await a_customer(work, email="huda@noor.example")
        yield Shop(house, a_browser(house), tenant, customer)
