"""A customer's invoices and payments as the portal shows them: read as the customer, behind the wall of what they may
see. What they then do runs the verbs of the hosted page.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.hosted_customer import OpenInvoice, OpenTotal, invoice_of
from bursar.billing.queries import hosted_customer
from bursar.billing.queries import portal as queries
from bursar.billing.rules import Status, Terms
from bursar.billing.settings import Bank, BillingSettings
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Open:
    """What is still to be paid: the invoices due longest, and the sums of all."""

    invoices: tuple[OpenInvoice, ...]
    totals: tuple[OpenTotal, ...]

    @property
    def more(self) -> int:
        """Open invoices beyond those listed."""
        return sum(one.count for one in self.totals) - len(self.invoices)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of the list."""

    id: UUID
    number: str
    status: Status
    issue_date: date
    due_date: date
    total: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Credit:
    number: str
    issue_date: date
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceSeen:
    """One invoice whole. `paid` are amounts with their days; a promise may be moved while `moves_left`, up to
    `promise_until`. `bank` and `payment_instructions` are those of the document, else the firm's.
    """

    id: UUID
    number: str
    status: Status
    issue_date: date
    due_date: date
    subtotal: Money
    tax: Money
    total: Money
    balance: Money
    has_pdf: bool
    is_open: bool
    lines: tuple[Mapping[str, Any], ...]
    paid: tuple[tuple[date, Money], ...]
    credited: tuple[Credit, ...]
    bank: Bank
    payment_instructions: str | None
    today: date
    promised_for: date | None
    moves_left: int
    promise_until: date
    contested: DisputeReason | None
    being_paid: bool

    @property
    def offers(self) -> tuple[str, ...]:
        """Which answers are taken at present."""
        if not self.is_open:
            return ()
        promise = self.contested is None and (self.promised_for is None or self.moves_left > 0)
        return (*(("promise",) if promise else ()), "paid", "dispute")


@dataclass(frozen=True, slots=True)
class PaymentSeen:
    """Money that arrived, and what it pays: number and id of each invoice with its share."""

    id: UUID
    amount: Money
    received_on: date
    method: str | None
    reference: str | None
    taken_back: bool
    pays: tuple[tuple[UUID, str, Money], ...]


async def open_of(work: Work, customer_id: UUID, *, limit: int) -> Open:
    rows = (await work.db.execute(hosted_customer.open_invoices(work, customer_id, limit))).all()
    sums = (await work.db.execute(hosted_customer.open_totals(work, customer_id))).all()
    return Open(
        tuple(invoice_of(row, work.today) for row in rows),
        tuple(
            OpenTotal(Money(row.open_minor, row.currency), Money(row.late_minor, row.currency), row.many)
            for row in sums
        ),
    )


async def invoices_of(
    work: Work, customer_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[InvoiceLine]:
    """The newest first, older than `before`."""
    rows = await work.db.execute(queries.invoices_of(work, customer_id, before, limit))
    return [
        InvoiceLine(
            row.id,
            row.number,
            Status(row.status),
            row.issue_date,
            row.due_date,
            Money(row.total_minor, row.currency),
            Money(row.balance_minor, row.currency),
        )
        for row in rows
    ]


async def find_invoice(work: Work, customer_id: UUID, invoice_id: UUID) -> sa.Row[Any]:
    """Raises `NotFound` for what the customer does not see."""
    row = (await work.db.execute(queries.one_invoice(work, customer_id, invoice_id))).one_or_none()
    if row is None:
        raise NotFound("invoice")
    return row


async def invoice_seen(
    work: Work, customer_id: UUID, invoice_id: UUID, settings: Mapping[str, Any]
) -> InvoiceSeen:
    """`settings` are all of the firm's. Raises `NotFound`."""
    row = await find_invoice(work, customer_id, invoice_id)
    terms, seller = Terms.of(settings), row.seller or {}
    own = BillingSettings.of(settings)
    lines = (await work.db.execute(queries.lines_of(work, invoice_id))).mappings().all()
    paid = await work.db.execute(queries.paid_on(work, invoice_id))
    credited = await work.db.execute(queries.credited_on(work, invoice_id))
    return InvoiceSeen(
        id=row.id,
        number=row.number,
        status=Status(row.status),
        issue_date=row.issue_date,
        due_date=row.due_date,
        subtotal=Money(row.subtotal_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        balance=Money(row.balance_minor, row.currency),
        has_pdf=row.pdf_file_id is not None,
        is_open=row.state == InvoiceState.ISSUED and row.balance_minor > 0,
        lines=tuple(dict(line) for line in lines),
        paid=tuple((one.received_on, Money(one.amount_minor, row.currency)) for one in paid),
        credited=tuple(
            Credit(one.number, one.issue_date, Money(one.amount_minor, one.currency)) for one in credited
        ),
        bank=Bank(**(seller.get("bank") or {})) if row.seller else own.bank,
        payment_instructions=seller.get("payment_instructions") if row.seller else own.payment_instructions,
        today=work.today,
        promised_for=row.promised_for,
        moves_left=max(terms.promise_moves - (row.moves or 0), 0),
        promise_until=work.today + terms.promise_ahead,
        contested=DisputeReason(row.contested) if row.contested else None,
        being_paid=row.being_paid,
    )


async def payments_of(
    work: Work, customer_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[PaymentSeen]:
    """The newest first, older than `before`."""
    rows = (await work.db.execute(queries.payments_of(work, customer_id, before, limit))).all()
    pays: dict[UUID, list[tuple[UUID, str, Money]]] = defaultdict(list)
    for one in await _paid_by(work, [row.id for row in rows]):
        pays[one.payment_id].append((one.invoice_id, one.number, Money(one.amount_minor, one.currency)))
    return [
        PaymentSeen(
            row.id,
            Money(row.amount_minor, row.currency),
            row.received_on,
            row.method,
            row.reference,
            row.taken_back,
            tuple(pays[row.id]),
        )
        for row in rows
    ]


async def _paid_by(work: Work, payment_ids: Sequence[UUID]) -> Sequence[sa.Row[Any]]:
    return (await work.db.execute(queries.paid_by(work, payment_ids))).all() if payment_ids else ()
