"""Makers of promises, in each of their states."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.allocations import reverse_allocation
from bursar.billing.promises import break_promises, make_promise, withdraw_promise
from bursar.billing.tables import invoice_payments, promises
from bursar.core.work import SYSTEM, Work
from tests.makers.billing import aed, an_invoice, pay


async def a_promise(work: Work, state: str = "active", *, invoice: UUID | None = None, **given: Any) -> UUID:
    """50.00 of 100.00 by the day after tomorrow."""
    invoice = invoice or await an_invoice(work)
    told = {"promised_for": work.today + timedelta(days=2), "amount": aed(50_00), **given}
    promise = await make_promise(work, invoice, **told)
    if state == "kept":
        await pay(work, invoice, 50_00)
    if state == "withdrawn":
        await withdraw_promise(work, promise, because="no money")
    if state == "broken":
        await past(work)
    return promise


async def past(work: Work) -> None:
    """Three days later the clock looks at the promises, and it is today again."""
    actor, now = work.actor, work.now
    work.actor, work.now = SYSTEM, now + timedelta(days=3)
    await break_promises(work)
    work.actor, work.now = actor, now


async def the_promise(work: Work, promise: UUID) -> Any:
    found = sa.select(promises).where(promises.c.tenant_id == work.tenant_id, promises.c.id == promise)
    return (await work.db.execute(found)).one()


async def reverse_all(work: Work, invoice: UUID) -> None:
    given = sa.select(invoice_payments.c.id).where(
        invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.invoice_id == invoice
    )
    for allocation in (await work.db.scalars(given)).all():
        await reverse_allocation(work, allocation, because="bounced")
