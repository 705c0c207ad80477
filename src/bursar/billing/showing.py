"""What pages show beyond lists: sums of a choice, what a customer owes, and all that hangs on one invoice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.filters import Chosen
from bursar.billing.finding import looked_up
from bursar.billing.queries import showing as queries
from bursar.billing.states import PaymentSource
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work

MOST = 10_000
"""As far as invoices are counted one by one for a page, and looked back for their currencies."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many open invoices, and what is open of them."""

    count: int
    open: Money


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer owes in one currency, and how much of it is late."""

    count: int
    open: Money
    overdue: Money


@dataclass(frozen=True, slots=True)
class Details:
    """`seller` and `buyer` are as they were copied at issue; None on a draft and on what was imported."""

    notes: str | None
    supply_date: date | None
    external_source: str | None
    seller: Mapping[str, Any] | None
    buyer: Mapping[str, Any] | None
    created_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a payment that pays an invoice. `taken_back` if a later row reverses it, or it is that row.

    `amount` is in the invoice's currency, `taken` what it takes of the payment in the payment's; `rate` is units
    of the latter for one of the former, `difference` minor units gained in the firm's own currency.
    """

    id: UUID
    invoice_id: UUID
    number: str
    payment_id: UUID
    amount: Money
    taken: Money
    rate: Decimal | None
    difference: int | None
    received_on: date
    method: str | None
    reference: str | None
    taken_back: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One line of a list for people. `unused` pays nothing yet: the customer's credit. A reversal is negative."""

    id: UUID
    customer_id: UUID
    customer_name: str
    amount: Money
    unused: Money
    refunded: Money
    received_on: date
    method: str | None
    reference: str | None
    source: PaymentSource
    reverses_id: UUID | None
    reversed: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreditNoteShown:
    id: UUID
    number: str
    amount: Money
    issue_date: date
    reason: str


async def totals(work: Work, chosen: Chosen) -> list[Sum]:
    """One entry a currency of which some of the chosen invoices are open, the one with most of them first."""
    rows = await work.db.execute(queries.totals(work, await looked_up(work, chosen)))
    return [Sum(row.invoices, Money(row.minor, row.currency)) for row in rows]


async def count_each(work: Work, choices: Sequence[Chosen]) -> list[int]:
    """How many invoices each choice has; `MOST` stands for that many or more."""
    wanted = [await looked_up(work, chosen) for chosen in choices]
    return list((await work.db.execute(queries.count_each(work, wanted, MOST))).one())


async def currencies_in_use(work: Work) -> list[str]:
    """In which currencies something is open or was invoiced lately."""
    return list(await work.db.scalars(queries.currencies(work, MOST)))


async def balances_of(work: Work, customer_ids: Sequence[UUID]) -> dict[UUID, list[Balance]]:
    """What each of these customers owes; who owes nothing has no key."""
    told: dict[UUID, list[Balance]] = defaultdict(list)
    for row in await work.db.execute(queries.balances(work, customer_ids)):
        told[row.customer_id].append(
            Balance(row.invoices, Money(row.minor, row.currency), Money(row.overdue, row.currency))
        )
    return dict(told)


async def customers_overdue(work: Work) -> list[UUID]:
    """Who has an overdue invoice."""
    return list(await work.db.scalars(queries.customers_overdue(work)))


async def has_invoices(work: Work) -> bool:
    return bool(await work.db.scalar(queries.any_invoice(work)))


async def details_of(work: Work, invoice_id: UUID) -> Details:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.invoice_details(work, invoice_id))).one_or_none()
    if row is None:
        raise NotFound("invoice")
    return Details(**row._mapping)  # noqa: SLF001  public in all but name


async def payments_on(work: Work, invoice_id: UUID) -> list[Allocation]:
    """What was paid on an invoice, taken back or not, in order."""
    return [
        _allocation(row) for row in await work.db.execute(queries.allocations_of(work, invoice_id=invoice_id))
    ]


async def allocations_of(work: Work, payment_id: UUID) -> list[Allocation]:
    """What a payment pays or paid, in order."""
    return [
        _allocation(row) for row in await work.db.execute(queries.allocations_of(work, payment_id=payment_id))
    ]


async def payment_lines(
    work: Work,
    *,
    customer_id: UUID | None = None,
    text: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[PaymentLine]:
    """The newest first, older than `before`; reversals stand among them."""
    statement = queries.list_payments(work, customer_id=customer_id, text=text, before=before, limit=limit)
    return [_payment(row) for row in await work.db.execute(statement)]


async def payment_line(work: Work, payment_id: UUID) -> PaymentLine:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.one_payment(work, payment_id))).one_or_none()
    if row is None:
        raise NotFound("payment")
    return _payment(row)


async def credit_notes_of(work: Work, invoice_id: UUID) -> list[CreditNoteShown]:
    return [
        CreditNoteShown(row.id, row.number, Money(row.amount_minor, row.currency), row.issue_date, row.reason)
        for row in await work.db.execute(queries.credit_notes_of(work, invoice_id))
    ]


def _allocation(row: sa.Row[Any]) -> Allocation:
    return Allocation(
        row.id,
        row.invoice_id,
        row.number,
        row.payment_id,
        Money(row.amount_minor, row.currency),
        Money(
            row.amount_minor if row.taken_minor is None else row.taken_minor,
            row.payment_currency,
        ),
        row.exchange_rate,
        row.difference_minor,
        row.received_on,
        row.method,
        row.reference,
        row.reversed or row.reverses_id is not None,
        row.reason,
    )


def _payment(row: sa.Row[Any]) -> PaymentLine:
    return PaymentLine(
        row.id,
        row.customer_id,
        row.customer_name,
        Money(row.amount_minor, row.currency),
        Money(
            0 if row.reversed or row.reverses_id else row.amount_minor - row.used - row.refunded, row.currency
        ),
        Money(row.refunded, row.currency),
        row.received_on,
        row.method,
        row.reference,
        PaymentSource(row.source),
        row.reverses_id,
        row.reversed,
        row.created_at,
    )
