"""Makers of what Stripe tells: a till with its address, checkouts at it, events as it writes and signs them."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import sqlalchemy as sa

from bursar import app
from bursar.billing.tables import checkout_sessions, tills
from bursar.billing.tills import applying
from bursar.billing.tills.tills import hook_path
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import load_settings
from bursar.core.tables import inbounds
from bursar.core.work import Work
from bursar.house import House
from tests.makers.billing import an_invoice
from tests.makers.tenancy import a_customer, a_tenant

SECRET = "whsec_test_of_this_till"


async def a_till(
    work: Work, *, secret: str = SECRET, key: str = "sk_test_of_this_firm", **given: Any
) -> UUID:
    """An active one that takes test money, unless it is said otherwise."""
    row = {
        "provider": "stripe",
        "account_id": f"acct_{uuid4().hex[:12]}",
        "live": False,
        "secret_id": await work.vault.put("till_key", key.encode()),
        "webhook_secret_id": await work.vault.put("till_webhook_secret", secret.encode()),
        "is_primary": True,
        "state": "active",
        **given,
    }
    insert = sa.insert(tills).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(tills.c.id))).one()


@dataclass(frozen=True, slots=True)
class Checkout:
    """An open page for an invoice, and what Stripe calls it."""

    id: UUID
    invoice_id: UUID
    customer_id: UUID
    minor: int
    currency: str
    session: str
    intent: str

    def told(self, **given: Any) -> dict[str, Any]:
        """The session as Stripe shows it: gone through and paid, unless it is said otherwise."""
        return {
            "id": self.session,
            "object": "checkout.session",
            "status": "complete",
            "payment_status": "paid",
            "amount_total": self.minor,
            "currency": self.currency.lower(),
            "livemode": False,
            "client_reference_id": self.id.hex,
            "url": None,
            "expires_at": 1_795_000_000,
            "payment_intent": self.intent,
            "customer": None,
            "metadata": {"checkout": self.id.hex},
            **given,
        }

    def refund(self, minor: int | None = None, **given: Any) -> dict[str, Any]:
        return {
            "id": f"re_{uuid4().hex[:14]}",
            "object": "refund",
            "amount": self.minor if minor is None else minor,
            "currency": self.currency.lower(),
            "payment_intent": self.intent,
            "status": "succeeded",
            "reason": "requested_by_customer",
            "metadata": {},
            **given,
        }

    def dispute(self, status: str, minor: int | None = None, **given: Any) -> dict[str, Any]:
        return {
            "id": f"dp_{self.intent}",
            "object": "dispute",
            "amount": self.minor if minor is None else minor,
            "currency": self.currency.lower(),
            "payment_intent": self.intent,
            "status": status,
            "reason": "fraudulent",
            "livemode": False,
            **given,
        }


async def a_checkout(
    work: Work, till_id: UUID, *, minor: int = 100_00, invoice: UUID | None = None, **given: Any
) -> Checkout:
    customer_id = given.pop("customer_id", None) or await a_customer(work)
    invoice_id = invoice or await an_invoice(work, of=customer_id, minor=minor)
    mark = uuid4().hex[:16]
    made = Checkout(uuid4(), invoice_id, customer_id, minor, "AED", f"cs_test_{mark}", f"pi_{mark}")
    row = {
        "id": made.id,
        "customer_id": customer_id,
        "till_id": till_id,
        "about_type": "invoice",
        "about_id": invoice_id,
        "attempt": 1,
        "amount_minor": minor,
        "currency": "AED",
        "session_id": made.session,
        "expires_at": work.now + timedelta(hours=23),
        "state": "open",
        **given,
    }
    await work.db.execute(sa.insert(checkout_sessions).values(tenant_id=work.tenant_id, **row))
    return made


def an_event(kind: str, about: dict[str, Any], now: datetime, **given: Any) -> dict[str, Any]:
    """An event as Stripe writes it."""
    return {
        "id": f"evt_{uuid4().hex[:20]}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(now.timestamp()),
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        **given,
    }


def signature(body: bytes, now: datetime, *secrets: str) -> str:
    """The header, by Stripe's own recipe: `t`, and a `v1` for each secret."""
    t = int(now.timestamp())
    signed = [
        hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
        for secret in secrets or (SECRET,)
    ]
    return ",".join([f"t={t}", *(f"v1={one}" for one in signed)])


@dataclass(slots=True)
class Counter:
    """A firm with a till, the web door that Stripe finds, and the worker's hands."""

    house: House
    tenant_id: UUID
    till_id: UUID
    hook: str
    http: httpx2.AsyncClient
    sent: list[str] = field(default_factory=list)

    async def tell(
        self, event: dict[str, Any], *, now: datetime | None = None, header: str | None = None
    ) -> int:
        """One webhook over HTTP; the status of the answer."""
        body = json.dumps(event).encode()
        return await self.post(body, header or signature(body, now or self.house.office.clock.now()))

    async def post(self, body: bytes, header: str | None, *, hook: str | None = None) -> int:
        headers = {"content-type": "application/json"}
        if header is not None:
            headers["stripe-signature"] = header
        return (await self.http.post(hook or self.hook, content=body, headers=headers)).status_code

    def event(self, kind: str, about: dict[str, Any], **given: Any) -> dict[str, Any]:
        return an_event(kind, about, self.house.office.clock.now(), **given)

    async def completed(self, checkout: Checkout, **given: Any) -> dict[str, Any]:
        """Told that it was gone through; the event."""
        event = self.event("checkout.session.completed", checkout.told(**given))
        assert await self.tell(event) == 200
        return event

    async def apply(self) -> int:
        return await applying.apply_waiting(self.house.cashier, self.house.till_desk, self.tenant_id)

    async def checkout(self, **given: Any) -> Checkout:
        async with self.house.office.work(self.tenant_id) as work:
            return await a_checkout(work, self.till_id, **given)

    async def rows(self, table: sa.Table, *chosen: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
        async with self.house.office.work(self.tenant_id) as work:
            found = sa.select(table).where(table.c.tenant_id == self.tenant_id, *chosen)
            return list((await work.db.execute(found.order_by(table.c.id))).all())

    async def inbounds(self) -> list[sa.Row[Any]]:
        return await self.rows(inbounds)


@asynccontextmanager
async def a_counter(
    addresses: Addresses, clock: Clock, keyring: Keyring, *, stripe_url: str | None = None, **till: Any
) -> AsyncIterator[Counter]:
    more = {"stripe_url": stripe_url} if stripe_url else {}
    settings = load_settings(private_hosts="127.0.0.0/8", **more)
    house = app.build(settings, clock=clock, addresses=addresses, keyring=keyring)
    try:
        tenant_id = await a_tenant(house.office)
        async with house.office.work(tenant_id) as work:
            till_id = await a_till(work, **till)
            hook = hook_path(work, "stripe", till_id)
        transport = httpx2.ASGITransport(app=app.site(house))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield Counter(house, tenant_id, till_id, hook, http)
    finally:
        await house.close()
