"""Makers of campaigns in the browser: a firm that can chase, its draft, and how a campaign stands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing.results import show
from bursar.core.clock import Clock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.work import Work
from tests.makers.outbox import an_account
from tests.makers.staff import Staff, staff_of
from tests.makers.story import a_campaign, late_customers, the_library


@asynccontextmanager
async def a_chasing_firm(addresses: Addresses, clock: Clock, keyring: Keyring) -> AsyncIterator[Staff]:
    """An owner of a firm with a mailbox and templates."""
    async with staff_of(addresses, clock, keyring) as staff:
        async with staff.work() as work:
            await an_account(
                work, is_primary=True, address="billing@wt.example", display_name="Working Title"
            )
            await the_library(work)
        yield staff


async def a_draft(staff: Staff, customers: int = 2, **given: Any) -> UUID:
    async with staff.work() as work:
        await late_customers(work, customers, **given)
        return await a_campaign(work)


async def state_of(staff: Staff, campaign: UUID) -> str:
    async with staff.work() as work:
        return (await show(work, campaign)).state


async def the_invoice_of(work: Work, customer: UUID) -> UUID:
    return (await work.db.scalars(sa.select(invoices.c.id).where(invoices.c.customer_id == customer))).one()
