"""Makers of billing: invoices through the room's own verbs. Each takes only what the test cares about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import event

from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.imported import ImportedInvoice, add_imported
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import issue_invoice
from bursar.billing.lines import Line
from bursar.billing.payments import NewPayment, PaymentRecorded, record_payment
from bursar.billing.states import InvoiceState
from bursar.catalog.kinds import TaxCategory
from bursar.core.money import Money
from bursar.core.tables import events
from bursar.core.work import Work
from tests.makers.tenancy import a_customer


def aed(minor: int) -> Money:
    return Money(minor, "AED")


def a_line(minor: int = 100_00, currency: str = "AED", **given: Any) -> Line:
    """A line without tax: what it costs is what it says."""
    untaxed = {"tax_category": TaxCategory.OUT_OF_SCOPE, "tax_rate": Decimal(0)}
    return Line(**{"description": "Season", "unit_price": Money(minor, currency), **untaxed, **given})


async def a_draft(work: Work, *, of: UUID | None = None, minor: int = 100_00, **given: Any) -> UUID:
    currency = given.pop("currency", "AED")
    row = {"lines": [a_line(minor, currency)], "currency": currency, **given}
    return await create_draft(work, Draft(customer_id=of or await a_customer(work), **row))


async def an_invoice(
    work: Work,
    *,
    of: UUID | None = None,
    minor: int = 100_00,
    currency: str = "AED",
    state: InvoiceState = InvoiceState.ISSUED,
    due_date: date | None = None,
) -> UUID:
    """An invoice in any state that a verb of this room can bring it to; due in 30 days."""
    invoice = await a_draft(work, of=of, minor=minor, currency=currency, due_date=due_date)
    if state is not InvoiceState.DRAFT:
        await issue_invoice(work, invoice)
    if state is InvoiceState.PAID:
        await pay(work, invoice, minor, currency=currency)
    if state is InvoiceState.CANCELLED:
        await cancel_invoice(work, invoice, because="duplicate")
    return invoice


async def an_overdue_invoice(
    work: Work, *, of: UUID | None = None, minor: int = 100_00, days: int = 10, currency: str = "AED"
) -> UUID:
    """An imported one, since our own series refuses to be back-dated; 30 days after its issue it was due."""
    customer = of or await a_customer(work)
    due = work.today - timedelta(days=days)
    total = Money(minor, currency)
    row = ImportedInvoice(
        f"X-{uuid4().hex[:8]}", customer, total, total, min(due, work.today) - timedelta(days=30), due
    )
    [answer] = await add_imported(work, "sheet", [row])
    assert answer.id is not None
    return answer.id


async def pay(
    work: Work, invoice: UUID, minor: int, *, currency: str = "AED", **given: Any
) -> PaymentRecorded:
    row = {"received_on": work.today, "allocate_to": [(invoice, None)], **given}
    return await record_payment(work, NewPayment(Money(minor, currency), **row))


async def told_of(work: Work, entity: UUID) -> list[str]:
    """The journal's events of one row, in order."""
    rows = await work.db.scalars(
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_id == entity)
        .order_by(events.c.id)
    )
    return list(rows)


async def footprint(work: Work) -> dict[str, str | None]:
    """Everything that this tenant has in billing and in its journal, as one value a table."""
    names = (
        "invoices",
        "invoice_lines",
        "number_series",
        "payments",
        "invoice_payments",
        "credit_notes",
        "credit_note_lines",
    )
    return {
        name: await work.db.scalar(
            sa.text(
                f"select md5(string_agg(t::text, '|' order by t.id)) from {name} t where t.tenant_id = :tenant"
            ),
            {"tenant": work.tenant_id},
        )
        for name in (
            *names,
            "refunds",
            "customer_credits",
            "bank_lines",
            "promises",
            "disputes",
            "dispute_notes",
            "events",
        )
    }


@contextmanager
def statements(work: Work) -> Iterator[list[str]]:
    """What is sent to the database meanwhile: sets cost as many statements as single rows do."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    connection = work.db.sync_connection
    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)
