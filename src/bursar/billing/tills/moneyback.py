"""Refunds and chargebacks as a provider tells of them: each is booked once, whoever began it and whatever came first.

A refund that nobody here ordered takes its credit note with it (R74). A chargeback that is lost reverses the payment:
the invoice is open again and contested, so that nobody is reminded of it until an agent has decided.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import disputes, given_back, locks, refunds
from bursar.billing.queries import money
from bursar.billing.queries import refunds as refund_queries
from bursar.billing.queries import till_events as queries
from bursar.billing.states import DisputeReason, RefundState
from bursar.billing.tills.ports import ChargebackState, SeenChargeback, SeenRefund
from bursar.core.errors import N_, Conflict
from bursar.core.work import Record, Work

NOT_OURS = N_("not money of our checkouts")
BECAUSE = "Refunded through the payment provider"
CHARGED_BACK = "Charged back by the payer's bank"
CAME_BACK = "came_back"
OPENED = "payment.chargeback_opened"
WON = "payment.chargeback_won"
LOST = "payment.chargeback_lost"


async def booked(work: Work, asked: Iterable[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Of these (till, payment intent): the money that is in our books."""
    by_till: dict[UUID, list[str]] = {}
    for till_id, intent in asked:
        by_till.setdefault(till_id, []).append(intent)
    found: set[tuple[UUID, str]] = set()
    for till_id, intents in by_till.items():
        for row in await work.db.execute(queries.paid_by(work, till_id, intents)):
            if row.payment_id is not None:
                found.add((till_id, row.payment_intent))
    return found


async def see(
    work: Work,
    till_id: UUID,
    intent: str,
    seen_refunds: Sequence[SeenRefund],
    seen_chargebacks: Sequence[SeenChargeback],
) -> str | None:
    """Book what went back of one payment. A word of what is odd is returned, for money that is none of ours.

    Raises `Conflict` while the money itself is not in the books: what went back of it cannot be, either.
    """
    rows = (await work.db.execute(queries.paid_by(work, till_id, [intent]))).all()
    if not rows:
        return NOT_OURS
    payment_id = next((row.payment_id for row in rows if row.payment_id is not None), None)
    if payment_id is None:
        raise Conflict(
            N_("This money is not in the books, so it cannot leave them. See what its order waits for."),
            code="money_not_booked",
        )
    await locks.lock_customers(work, [rows[0].customer_id])
    for refund in seen_refunds:
        await _see_refund(work, payment_id, refund)
    for chargeback in seen_chargebacks:
        await _see_chargeback(work, payment_id, chargeback)
    return None


async def _see_refund(work: Work, payment_id: UUID, seen: SeenRefund) -> None:
    known = await _ours(work, payment_id, seen)
    if known is None:
        if seen.state is RefundState.SUCCEEDED:
            await given_back.book(work, payment_id, seen.amount, external_id=seen.refund_id, because=BECAUSE)
        return
    if known.external_id is None:
        named = {"external_id": seen.refund_id, "last_error": None}
        await work.db.execute(refund_queries.note(work, known.id, named))
    if known.state == RefundState.PENDING and seen.state is RefundState.SUCCEEDED:
        await refunds.succeed_refund(work, known.id)
    elif known.state == RefundState.PENDING and seen.state is RefundState.FAILED:
        await refunds.fail_refund(work, known.id, because=seen.reason or "failed")
    elif known.state == RefundState.SUCCEEDED and seen.state is RefundState.FAILED:
        await _came_back(work, known, seen)


async def _ours(work: Work, payment_id: UUID, seen: SeenRefund) -> sa.Row[Any] | None:
    """By the provider's name of it, or by the key under which we ordered it: its own news may be quicker than its
    answer.
    """
    found = (await work.db.execute(refund_queries.refund_known_as(work, seen.refund_id))).one_or_none()
    if found is not None or seen.key is None:
        return found
    try:
        refund_id = UUID(hex=seen.key)
    except ValueError:
        return None
    row = (await work.db.execute(refund_queries.refund(work, refund_id))).one_or_none()
    return row if row is not None and row.payment_id == payment_id and row.till_id is not None else None


async def _came_back(work: Work, refund: sa.Row[Any], seen: SeenRefund) -> None:
    """It was booked as paid out, and the payer's bank sent it back: for a person, who knows how else to pay it."""
    if (await work.db.execute(refund_queries.note_came_back(work, refund.id, CAME_BACK))).first():
        told = {"because": seen.reason, "amount_minor": refund.amount_minor, "currency": refund.currency}
        await work.record("refund.came_back", Record(refund.id, refund.customer_id, payload=told))


async def _see_chargeback(work: Work, payment_id: UUID, seen: SeenChargeback) -> None:
    """Each of its turns once: what is over does not open again."""
    told = [
        row.type
        for row in await work.db.execute(queries.chargebacks_told(work, payment_id))
        if row.payload.get("chargeback_id") == seen.chargeback_id
    ]
    if WON in told or LOST in told:
        return
    payment = (await work.db.execute(money.payment(work, payment_id))).one()
    if not told:
        await work.record(OPENED, _record(payment, seen))
    if seen.state is ChargebackState.WON:
        await work.record(WON, _record(payment, seen))
    elif seen.state is ChargebackState.LOST:
        await _lose(work, payment, seen)


async def _lose(work: Work, payment: sa.Row[Any], seen: SeenChargeback) -> None:
    """The money is gone and the sale is not: what it had paid is open again, and contested by whoever took it back."""
    reversed_ = (await work.db.execute(money.reversal_of_payment(work, payment.id))).first()
    opened: set[UUID] = set()
    if not reversed_:
        opened = await given_back.take_off(
            work, payment.id, seen.amount, external_id=seen.chargeback_id, because=CHARGED_BACK
        )
    for invoice_id in sorted(opened):
        try:
            await disputes.open_dispute(work, invoice_id, reason=DisputeReason.OTHER, statement=CHARGED_BACK)
        except Conflict:  # the customer said so to us as well
            continue
    await work.record(LOST, _record(payment, seen))


def _record(payment: sa.Row[Any], seen: SeenChargeback) -> Record:
    told = {
        "chargeback_id": seen.chargeback_id,
        "amount_minor": seen.amount.minor,
        "currency": seen.amount.currency,
        "because": seen.reason,
    }
    return Record(payment.id, payment.customer_id, payload=told)
