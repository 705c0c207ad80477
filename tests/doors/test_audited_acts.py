"""Every act of an accounting journal, done through a door: its event says what it was before and after, who did it
and from where. What is sent is told by its attempts (tests/outbox/test_audited_mails.py).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient

from bursar import app
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import events
from bursar.web.app import create_web
from tests.makers.api import ADDRESS, Program
from tests.makers.staff import FROM_HERE, Staff, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
FROM = ("203.0.113.7", 4711)
PROGRAM = "Ledger/1.0"


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


@dataclass(frozen=True, slots=True)
class Books:
    """A firm's program that calls from elsewhere, and the makers of what the acts need."""

    program: Program

    async def customer(self) -> str:
        async with self.program.work() as work:
            return str(await a_customer(work))

    async def product(self) -> str:
        row = {
            "code": "HOST",
            "name": "Hosting",
            "currency": "AED",
            "price": aed("190.00"),
            "tax_category": "S",
            "tax_rate": "5",
        }
        return (await self.program.post("/products", row))["id"]

    def draft(self, customer: str, price: str = "100.00") -> dict[str, Any]:
        line = {"description": "Season", "unit_price": price, "tax_category": "O", "tax_rate": "0"}
        return {"customer_id": customer, "currency": "AED", "lines": [line]}

    async def invoice(self) -> dict[str, Any]:
        return await self.program.post("/invoices", self.draft(await self.customer()))

    async def issued(self) -> dict[str, Any]:
        return await self.program.post(f"/invoices/{(await self.invoice())['id']}/issuance")

    async def payment(self, **given: Any) -> dict[str, Any]:
        row = {"amount": aed("150.00"), "received_on": "2026-11-18", **given}
        return await self.program.post(
            "/payments",
            row
            if "customer_id" in row or "allocate_to" in row
            else {**row, "customer_id": await self.customer()},
        )

    async def recurring(self) -> dict[str, Any]:
        return await self.program.post("/recurring-invoices", await self.deal())

    async def deal(self) -> dict[str, Any]:
        ids = {"customer_id": await self.customer(), "product_id": await self.product()}
        return {**ids, "day_of_month": 18, "start_date": "2026-12-01", "quantity": "2"}

    async def price(self) -> dict[str, Any]:
        ids = {"customer_id": await self.customer(), "product_id": await self.product()}
        new = {**ids, "unit_price": aed("180.00"), "effective_from": "2026-12-01"}
        return await self.program.post("/prices", new)


@pytest.fixture
def books(program: Program) -> Books:
    transport = ASGITransport(app.site(program.house), client=FROM)
    headers = {"Authorization": f"Bearer {program.key}", "User-Agent": PROGRAM}
    client = AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)
    return Books(Program(program.house, program.tenant_id, program.actor, program.key, client))


async def invoice_created(books: Books) -> str:
    return (await books.invoice())["id"]


async def invoice_updated(books: Books) -> str:
    made = await books.invoice()
    await books.program(
        "PUT", f"/invoices/{made['id']}", books.draft(made["customer_id"], "250.00"), If_Match='W/"1"'
    )
    return made["id"]


async def invoice_issued(books: Books) -> str:
    return (await books.issued())["id"]


async def invoice_cancelled(books: Books) -> str:
    made = await books.issued()
    await books.program.post(f"/invoices/{made['id']}/cancellation", {"reason": "twice"})
    return made["id"]


async def payment_added(books: Books) -> str:
    return (await books.payment())["id"]


async def payment_removed(books: Books) -> str:
    paid = await books.payment()
    await books.program.post(f"/payments/{paid['id']}/reversal", {"reason": "bounced"})
    return paid["id"]


async def payment_refunded(books: Books) -> str:
    paid = await books.payment()
    back = {"payment_id": paid["id"], "amount": aed("50.00"), "reason": "too much"}
    return (await books.program.post("/refunds", back))["id"]


async def recurring_created(books: Books) -> str:
    return (await books.recurring())["id"]


async def recurring_updated(books: Books) -> str:
    deal = await books.deal()
    made = await books.program.post("/recurring-invoices", deal)
    changed = {**deal, "quantity": "3"}
    await books.program("PUT", f"/recurring-invoices/{made['id']}", changed, If_Match='W/"1"')
    return made["id"]


async def recurring_deleted(books: Books) -> str:
    made = await books.recurring()
    await books.program("DELETE", f"/recurring-invoices/{made['id']}")
    return made["id"]


async def recurring_paused(books: Books) -> str:
    made = await books.recurring()
    await books.program.post(f"/recurring-invoices/{made['id']}/pause")
    return made["id"]


async def recurring_resumed(books: Books) -> str:
    made = await recurring_paused(books)
    await books.program("DELETE", f"/recurring-invoices/{made}/pause")
    return made


async def price_created(books: Books) -> str:
    return (await books.price())["id"]


async def price_updated(books: Books) -> str:
    made = await books.price()
    await books.program("PATCH", f"/prices/{made['id']}", {"unit_price": aed("170.00")})
    return made["id"]


async def price_archived(books: Books) -> str:
    made = await books.price()
    await books.program.post(f"/prices/{made['id']}/end", {"effective_to": "2027-01-01"})
    return made["id"]


Done = Callable[[Books], Awaitable[str]]
Side = dict[str, Any] | None
ACTS: dict[str, tuple[Done, str, Side, Side, Side]] = {
    # what is done      the act           its event                  before                     after        besides
    "INVOICE_CREATED": (invoice_created, "invoice.draft", None, {"state": "draft"}, None),
    "INVOICE_UPDATED": (invoice_updated, "invoice.edit", {"total_minor": 100_00}, {"total_minor": 250_00}, None),
    "INVOICE_ISSUED": (invoice_issued, "invoice.issue", {"state": "draft"}, {"state": "issued"}, None),
    "INVOICE_CANCELLED": (
        invoice_cancelled, "invoice.cancel", {"state": "issued"}, {"state": "cancelled"}, {"because": "twice"}
    ),
    "PAYMENT_ADDED": (payment_added, "payment.received", None, None, {"amount_minor": 150_00, "currency": "AED"}),
    "PAYMENT_REMOVED": (
        payment_removed, "payment.reversed", None, None, {"amount_minor": 150_00, "because": "bounced"}
    ),
    "PAYMENT_REFUNDED": (payment_refunded, "refund.succeed", {"state": "pending"}, {"state": "succeeded"}, None),
    "RECURRING_INVOICE_CREATED": (
        recurring_created, "recurring_invoice.active", None, {"state": "active"}, None
    ),
    "RECURRING_INVOICE_UPDATED": (
        recurring_updated, "recurring_invoice.edit", {"quantity": "2.000000"}, {"quantity": "3"}, None
    ),
    "RECURRING_INVOICE_DELETED": (
        recurring_deleted, "recurring_invoice.end", {"state": "active"}, {"state": "ended"}, None
    ),
    "RECURRING_INVOICE_PAUSED": (
        recurring_paused, "recurring_invoice.pause", {"state": "active"}, {"state": "paused"}, None
    ),
    "RECURRING_INVOICE_RESUMED": (
        recurring_resumed, "recurring_invoice.resume", {"state": "paused"}, {"state": "active"}, None
    ),
    "PRICING_CONFIG_CREATED": (
        price_created, "customer_price.add", None, {"unit_price_minor": 180_00, "currency": "AED"}, None
    ),
    "PRICING_CONFIG_UPDATED": (
        price_updated, "customer_price.edit", {"unit_price_minor": 180_00}, {"unit_price_minor": 170_00}, None
    ),
    "PRICING_CONFIG_ARCHIVED": (
        price_archived, "customer_price.end", {"effective_to": None}, {"effective_to": "2027-01-01"}, None
    ),
}  # fmt: skip
"""What a programme's own list of audited actions names, less its mails. A payment is never changed: all of it
stands besides.
"""


async def the_event(work: Any, entity: UUID, type_: str) -> Any:
    mine = events.c.tenant_id == work.tenant_id, events.c.entity_id == entity, events.c.type == type_
    return (await work.db.execute(sa.select(events).where(*mine))).one()


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_is_told_with_both_sides_its_actor_and_where_it_came_from(
    books: Books, name: str
) -> None:
    act, type_, before, after, besides = ACTS[name]

    entity = UUID(await act(books))

    async with books.program.work() as work:
        event = await the_event(work, entity, type_)
    assert (event.actor_type, event.actor_id) == ("agent", books.program.actor.id)
    assert (str(event.ip), event.user_agent) == (FROM[0], PROGRAM)
    assert event.request_id
    assert event.cause.startswith("api_key ")
    for told, side in ((event.changes.get("before"), before), (event.changes.get("after"), after)):
        assert (told is None) == (side is None), event.changes
        assert (side or {}).items() <= (told or {}).items()
    assert (besides or {}).items() <= event.payload.items()


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        transport = ASGITransport(create_web(staff.house), client=FROM)
        headers = {**FROM_HERE, "User-Agent": PROGRAM}
        browser = AsyncClient(
            transport=transport, base_url=ADDRESS, headers=headers, cookies=staff.browser.cookies
        )
        yield Staff(staff.house, staff.tenant_id, staff.actor, browser)


async def test_an_act_in_the_browser_is_told_with_where_it_came_from(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work)
    line = {
        "description": "Season",
        "quantity": "1",
        "unit_price": "100.00",
        "tax_category": "O",
        "tax_rate": "0",
    }

    made = await staff.post("/invoices", customer=str(customer), currency="AED", **line)
    invoice = UUID(made.headers["location"].rpartition("/")[2])
    await staff.post(f"/invoices/{invoice}/issue")
    await staff.post("/sign-out")
    assert staff.actor.id is not None

    async with staff.work() as work:
        told = [await the_event(work, invoice, type_) for type_ in ("invoice.draft", "invoice.issue")]
        left = await the_event(work, staff.actor.id, "agent.sign_out")
    assert {event.actor_id for event in told} == {staff.actor.id}
    for event in (*told, left):
        assert (str(event.ip), event.user_agent) == (FROM[0], PROGRAM), event.type
        assert event.request_id
