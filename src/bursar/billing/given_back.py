"""Money of a payment that went back without our asking: at the provider, by the firm's own hand or by its bank's.

It has left already, so nothing can be refused: the books follow. What pays nothing goes first. A paid invoice is
credited over the rest, because a sale that bears tax is not given back without a credit note (R74); an invoice that was
not wholly paid is simply open again.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import allocations, credit_notes, locks, payments
from bursar.billing.queries import credits as credit_queries
from bursar.billing.queries import money
from bursar.billing.queries import refunds as queries
from bursar.billing.refunds import NewRefund, Refund, refund_payment
from bursar.billing.states import InvoiceState
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Work

CARD = "card"


async def book(
    work: Work, payment_id: UUID, amount: Money, *, external_id: str, because: str, credit: bool = True
) -> list[Refund]:
    """The refunds that say so; several where several credit notes set the money free. The same `external_id` again
    is for the caller to know.

    Without `credit` the sale stands, and what the money had paid is open again. Raises `NotFound`; `Conflict` for
    more than the payment brought, which then is for a person to understand.
    """
    payment = (await work.db.execute(money.payment(work, payment_id))).one_or_none()
    if payment is None:
        raise NotFound("payment")
    if payment.currency != amount.currency:
        raise MixedCurrencies(payment.currency, amount.currency)
    await locks.lock_customers(work, [payment.customer_id])
    await _set_free(work, payment, amount.minor, because=because, credit=credit)
    parts = await _parts(work, payment.id, amount.minor) if credit else [(None, amount.minor)]
    return [
        await refund_payment(
            work,
            NewRefund(
                payment.id,
                Money(minor, amount.currency),
                work.today,
                because,
                credit_note_id=note_id,
                method=CARD,
                external_id=external_id if number == 1 else f"{external_id}/{number}",
            ),
        )
        for number, (note_id, minor) in enumerate(parts, start=1)
    ]


async def take_off(
    work: Work, payment_id: UUID, amount: Money, *, external_id: str, because: str
) -> set[UUID]:
    """A payer's bank took money back for good, all of the payment or a part; returns the invoices open again by it.

    All of it reverses the payment: it never came, in the end. A part, or money of which some was refunded before, is
    given back without a credit note. Raises as `book` does.
    """
    payment = (await work.db.execute(money.payment(work, payment_id))).one_or_none()
    if payment is None:
        raise NotFound("payment")
    await locks.lock_customers(work, [payment.customer_id])
    live = (await work.db.execute(money.live_allocations(work, payment_ids=[payment_id]))).all()
    paid = {row.invoice_id for row in live}
    refunded = (await work.db.execute(money.refunds_of(work, payment_id))).first()
    if amount.minor == payment.amount_minor and refunded is None:
        await payments.reverse_payment(work, payment_id, because=because)
    else:
        await book(work, payment_id, amount, external_id=external_id, because=because, credit=False)
    found = await locks.lock_invoices(work, paid)
    return {id_ for id_, row in found.items() if row.state == InvoiceState.ISSUED and row.balance_minor}


async def _set_free(work: Work, payment: sa.Row[Any], wanted: int, *, because: str, credit: bool) -> None:
    """So much of the payment pays nothing afterwards; what it paid last is taken first. The customer is locked."""
    short = wanted - await _left(work, payment.id)
    live = (await work.db.execute(money.live_allocations(work, payment_ids=[payment.id]))).all()
    for row in reversed(live):
        if short <= 0:
            return
        if row.taken_minor is not None:
            break  # in another currency: what it is worth is not ours to guess
        part = min(short, row.amount_minor)
        invoice = await locks.lock_invoice(work, row.invoice_id)
        if credit and invoice.state == InvoiceState.PAID:
            given = Money(part, row.currency)
            await credit_notes.issue_credit_note(
                work, invoice.id, given, because=because, release_first=payment.id
            )
        else:
            await _open_again(work, payment, row, part, because=because)
        short -= part
    if short > 0:
        raise Conflict(
            N_(
                "More of this payment went back than it has left. Look at it at the provider, and in the books."
            ),
            code="went_back_above_payment",
        )


async def _open_again(work: Work, payment: sa.Row[Any], row: sa.Row[Any], part: int, *, because: str) -> None:
    """So much of an allocation pays its invoice no more; the rest of it still does."""
    await allocations.reverse_allocation(work, row.id, because=because)
    if part < row.amount_minor:
        rest = Money(row.amount_minor - part, row.currency)
        await allocations.apply_credit(work, row.invoice_id, amount=rest, payment_id=payment.id)


async def _left(work: Work, payment_id: UUID) -> int:
    return sum(row.left for row in await work.db.execute(credit_queries.left_of(work, [payment_id])))


async def _parts(work: Work, payment_id: UUID, wanted: int) -> list[tuple[UUID | None, int]]:
    """(credit note, minor units): what the notes of its invoices set free goes back in their name."""
    parts: list[tuple[UUID | None, int]] = []
    for invoice_id in await work.db.scalars(queries.invoices_paid_by(work, payment_id)):
        for note in await work.db.execute(queries.notes_of(work, invoice_id)):
            part = min(note.released_minor - note.promised, wanted)
            if part > 0:
                parts.append((note.id, part))
                wanted -= part
    return [*parts, (None, wanted)] if wanted else parts
