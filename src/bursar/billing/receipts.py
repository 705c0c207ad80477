"""Payments as others see them: what arrived, what it pays now, and what was taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import finding
from bursar.billing.queries import money as queries
from bursar.billing.states import PaymentSource
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a payment that pays an invoice and was not taken back.

    `amount` is in the invoice's currency, `taken` what it took of the payment in the payment's.
    """

    id: UUID
    payment_id: UUID
    invoice_id: UUID
    amount: Money
    taken: Money


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that arrived. A reversal is a row of its own with a negative amount; it `reverses_id`."""

    id: UUID
    customer_id: UUID
    amount: Money
    received_on: date
    method: str | None
    reference: str | None
    source: PaymentSource
    external_id: str | None
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    created_at: datetime
    allocations: tuple[Allocation, ...]


async def get_payment(work: Work, payment_id: UUID) -> Payment:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.payment(work, payment_id))).one_or_none()
    if row is None:
        raise NotFound("payment")
    return (await _shown(work, [row]))[0]


async def list_payments(
    work: Work,
    *,
    customer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Payment]:
    """The newest first, older than `before`."""
    statement = queries.payments_before(work, before, limit, customer_id=customer_id, invoice_id=invoice_id)
    return await _shown(work, (await work.db.execute(statement)).all())


async def allocations_to(work: Work, invoice_id: UUID) -> list[Allocation]:
    """What pays this invoice now. Raises `NotFound`."""
    await finding.get_invoice(work, invoice_id)
    live = await work.db.execute(queries.live_allocations(work, invoice_ids=[invoice_id]))
    return [_allocation(row) for row in live]


async def find_allocation(work: Work, invoice_id: UUID, allocation_id: UUID) -> None:
    """Raises `NotFound` unless this allocation, live or taken back, is of this invoice."""
    row = (await work.db.execute(queries.allocation(work, allocation_id))).one_or_none()
    if row is None or row.invoice_id != invoice_id:
        raise NotFound("allocation")


async def _shown(work: Work, rows: Sequence[sa.Row[Any]]) -> list[Payment]:
    ids = [row.id for row in rows]
    reversals = {row.reverses_id: row.id for row in await work.db.execute(queries.reversals_of(work, ids))}
    paid: dict[UUID, list[Allocation]] = {}
    for row in await work.db.execute(queries.live_allocations(work, payment_ids=ids)):
        paid.setdefault(row.payment_id, []).append(_allocation(row))
    return [_payment(row, reversals.get(row.id), paid.get(row.id, ())) for row in rows]


def _payment(row: sa.Row[Any], reversed_by: UUID | None, paid: Sequence[Allocation]) -> Payment:
    return Payment(
        id=row.id,
        customer_id=row.customer_id,
        amount=Money(row.amount_minor, row.currency),
        received_on=row.received_on,
        method=row.method,
        reference=row.reference,
        source=PaymentSource(row.source),
        external_id=row.external_id,
        reverses_id=row.reverses_id,
        reversed_by_id=reversed_by,
        created_at=row.created_at,
        allocations=tuple(paid),
    )


def _allocation(row: sa.Row[Any]) -> Allocation:
    amount = Money(row.amount_minor, row.currency)
    taken = amount if row.taken_minor is None else Money(row.taken_minor, row.payment_currency)
    return Allocation(row.id, row.payment_id, row.invoice_id, amount, taken)
