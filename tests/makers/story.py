"""Makers of the main job: a firm with a mailbox and its templates, late customers, and a campaign over them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from bursar import app
from bursar.chasing.campaigns import CampaignPlan, create_campaign, send_now
from bursar.chasing.states import CampaignKind
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.settings import load_settings
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox.defaults import USUAL, library
from bursar.outbox.pump import Pump
from bursar.outbox.tables import sending_accounts, sends, template_versions, templates
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore
from tests.makers.billing import an_overdue_invoice
from tests.makers.tenancy import a_customer, a_tenant


@dataclass(frozen=True, slots=True)
class Story:
    """One firm ready to chase, and the sink that stands for all its customers' mailboxes."""

    house: House
    tenant_id: UUID
    account_id: UUID
    sink: Sink

    def messages(self) -> list[EmailMessage]:
        """What arrived, as its readers' programs parse it."""
        store = self.sink.store
        return [
            cast("EmailMessage", message_from_bytes(store.raw(kept.number), policy=policy.default))
            for kept in store.kept
        ]

    def pump(self, lanes: int = 2) -> Pump:
        house = self.house
        return Pump(house.office, house.letters, house.composers, house.senders, house.files, lanes=lanes)


@asynccontextmanager
async def a_story(
    addresses: Addresses,
    clock: Clock,
    keyring: Keyring,
    *,
    tenant: Mapping[str, Any] | None = None,
    base_url: str = "http://127.0.0.1:8000",
    more: Mapping[str, Any] | None = None,
    **account: Any,
) -> AsyncIterator[Story]:
    settings = load_settings(private_hosts="127.0.0.0/8", base_url=base_url, **(more or {}))
    house = app.build(settings, clock=clock, addresses=addresses, keyring=keyring)
    try:
        async with Sink(SinkSettings(), MemoryStore()) as sink:
            tenant_id = await a_tenant(house.office, **(tenant or {}))
            async with house.office.work(tenant_id) as work:
                account_id = await an_account(work, sink.port, **account)
                await the_library(work)
            yield Story(house, tenant_id, account_id, sink)
    finally:
        await house.close()


async def an_account(work: Work, port: int, **given: Any) -> UUID:
    """An active mailbox that sends to a sink on this machine, fast enough for tests."""
    row = {
        "channel": "email",
        "kind": "smtp",
        "address": "billing@working-title.example",
        "display_name": "Working Title",
        "settings": {"host": "127.0.0.1", "port": port, "tls": "none", "connections": 2},
        "is_primary": True,
        "batch_size": 50,
        "batch_interval": timedelta(0),
        "daily_quota": 1_000_000,
        "next_batch_at": work.now,
        "state": "active",
        **given,
    }
    insert = sa.insert(sending_accounts).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(sending_accounts.c.id))).one()


async def the_library(work: Work) -> None:
    """The templates that every firm starts with, published."""
    made: dict[str, UUID] = {}
    for one in library():
        if one.code not in made:
            row = {
                "code": one.code,
                "name": one.name,
                "channel": "email",
                "category": one.category,
                "source": "system",
                "is_default": USUAL[one.category] == one.code,
            }
            insert = sa.insert(templates).values(tenant_id=work.tenant_id, **row).returning(templates.c.id)
            made[one.code] = (await work.db.scalars(insert)).one()
        version = {
            "template_id": made[one.code],
            "number": 1,
            "locale": one.locale,
            "subject": one.words.subject,
            "preheader": one.words.preheader,
            "body": one.words.body,
            "body_format": one.words.body_format,
            "published_at": work.now,
        }
        await work.db.execute(sa.insert(template_versions).values(tenant_id=work.tenant_id, **version))


async def late_customers(work: Work, count: int, *, invoices: int = 1, **given: Any) -> list[UUID]:
    """`count` customers with `invoices` overdue invoices each."""
    customers = [await a_customer(work, **given) for _ in range(count)]
    for customer in customers:
        for _ in range(invoices):
            await an_overdue_invoice(work, of=customer)
    return customers


CROWD = sa.text(
    """
    with people as (
        insert into customers (tenant_id, external_code, kind, company_name, email, email_key, source, state, locale)
        select :t, 'C-' || n, 'firm', 'Customer ' || n, 'c' || n || '@example.com', 'c' || n || '@example.com',
               'import', 'active', case when n % 4 = 0 then 'ar' else 'en' end
          from generate_series(1, :customers) n
        returning tenant_id, id, external_code
    )
    insert into invoices (tenant_id, customer_id, series, number, currency, subtotal_minor, total_minor,
                          balance_minor, issue_date, due_date, state, external_source, external_id)
    select p.tenant_id, p.id, 'import:sheet', p.external_code || '/' || n, 'AED', 10000 + n, 10000 + n, 10000 + n,
           date '2026-09-01', date '2026-10-01' + n, 'issued', 'sheet', p.external_code || '/' || n
      from people p, generate_series(1, :each) n
    """
)


async def a_crowd(work: Work, customers: int, each: int = 1) -> None:
    """Many customers, a quarter of them reading Arabic, with `each` overdue invoices: two inserts for all."""
    await work.db.execute(CROWD, {"t": work.tenant_id, "customers": customers, "each": each})


async def a_campaign(work: Work, selection: dict[str, Any] | None = None, **given: Any) -> UUID:
    plan = CampaignPlan("November", CampaignKind.OVERDUE_NOTICE, selection or {}, **given)
    return await create_campaign(work, plan)


async def a_released_campaign(work: Work, **given: Any) -> UUID:
    campaign = await a_campaign(work, **given)
    await send_now(work, campaign)
    return campaign


async def on_its_way(story: Story, invoices: int = 1) -> None:
    """One customer's mail, released."""
    async with story.house.office.work(story.tenant_id) as work:
        await late_customers(work, 1, invoices=invoices)
        await a_released_campaign(work)


async def at_rest(story: Story) -> None:
    """Its mailbox was put to rest, and a moment passed in which it would have been asked again."""
    now = story.house.office.clock.now()
    ours = (sending_accounts.c.tenant_id == story.tenant_id) & (sending_accounts.c.id == story.account_id)
    resting = sa.select(sending_accounts.c.next_batch_at > now).where(ours)
    async with asyncio.timeout(30):
        while True:
            async with story.house.office.work(story.tenant_id) as work:
                if await work.db.scalar(resting):
                    break
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)


async def states_of(work: Work) -> dict[str, int]:
    """How many sends of the tenant stand in each state."""
    rows = await work.db.execute(
        sa.select(sends.c.state, sa.func.count())
        .where(sends.c.tenant_id == work.tenant_id)
        .group_by(sends.c.state)
    )
    return {row[0]: row[1] for row in rows}


async def all_sends(work: Work) -> Sequence[sa.Row[Any]]:
    return (
        await work.db.execute(
            sa.select(sends).where(sends.c.tenant_id == work.tenant_id).order_by(sends.c.id)
        )
    ).all()
