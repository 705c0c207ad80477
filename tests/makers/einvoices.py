"""Makers of e-invoices: a firm of Dubai with all that the network asks for, and a provider on the wire."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import ASGITransport

from bursar.billing.documents.einvoices import Carrier, carry
from bursar.billing.documents.keeping import Press
from bursar.billing.tables import einvoice_documents, einvoice_obligations
from bursar.catalog.kinds import TaxCategory
from bursar.core.clock import FixedClock
from bursar.core.files import FileStore
from bursar.core.work import Office, Work
from bursar.integrations.einvoice.adapter import SandboxProvider
from bursar.sandbox.einvoice.app import Desk, provider
from tests.makers.billing import a_draft, a_line
from tests.makers.tenancy import a_customer, a_tenant

FIRM = {
    "legal_name": "Working Title FZ-LLC",
    "tax_number": "100123456700003",
    "registration_number": "91234",
    "registration_authority": "Dubai Development Authority",
    "address_lines": ["Office 1204"],
    "city": "Dubai",
    "subdivision": "DXB",
}
BUYER = {
    "tax_number": "100765432100003",
    "registration_number": "CN-1029384",
    "registration_authority": "Department of Economy and Tourism",
    "address_lines": ["Unit 7, Al Quoz 3"],
    "city": "Dubai",
    "subdivision": "DXB",
    "country": "AE",
}


def a_taxed_line(minor: int = 1000_00, **given: Any) -> Any:
    return a_line(
        minor,
        **{
            "tax_category": TaxCategory.STANDARD,
            "tax_rate": Decimal(5),
            "classification_code": "998361",
            **given,
        },
    )


async def an_obligation(work: Work, mandatory_from: date) -> None:
    row = {
        "regime": "PINT-AE",
        "mandatory_from": mandatory_from,
        "source": "a decision",
        "checked_on": work.today,
    }
    await work.db.execute(sa.insert(einvoice_obligations).values(tenant_id=work.tenant_id, **row))


@dataclass
class Network:
    """A firm, its provider on the wire, and what carries between them."""

    carrier: Carrier
    tenant_id: UUID
    desk: Desk
    clock: FixedClock

    def work(self) -> Any:
        return self.carrier.press.office.work(self.tenant_id)

    async def carry(self, *, later: timedelta = timedelta(0)) -> None:
        self.clock.advance(later)
        await carry(self.carrier, self.tenant_id)

    async def draft(self, work: Work, **given: Any) -> UUID:
        """Complete for the network, unless `given` says otherwise of the buyer or the line."""
        of = await a_customer(work, **{**BUYER, **given.pop("buyer", {})})
        return await a_draft(work, of=of, lines=[a_taxed_line(**given.pop("line", {}))], **given)

    async def rows(self) -> list[Any]:
        async with self.work() as work:
            found = sa.select(einvoice_documents).where(einvoice_documents.c.tenant_id == self.tenant_id)
            return list(await work.db.execute(found.order_by(einvoice_documents.c.id)))


async def a_network(office: Office, clock: FixedClock, folder: Path, *, since: date | None = None) -> Network:
    """Obliged since the first of the month of the tests, if nothing else is said."""
    desk = Desk()
    app = provider(desk)

    def bound(name: str) -> SandboxProvider:
        if name != "sandbox":
            raise ValueError(name)
        return SandboxProvider("http://asp.example", transport=ASGITransport(app=app))

    settings = {"billing": {"einvoice": {"provider": "sandbox"}}}
    tenant_id = await a_tenant(office, **{**FIRM, "settings": settings})
    press = Press(office, FileStore(folder), "https://bills.example.com")
    network = Network(Carrier(press, bound), tenant_id, desk, clock)
    async with network.work() as work:
        await an_obligation(work, since or date(2026, 11, 1))
    return network
