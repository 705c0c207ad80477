"""Refunds: money that goes back to a customer, never more than they have with us (R74)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks, ways_back
from bursar.billing.allocations import must_be_positive
from bursar.billing.because import must_say_why
from bursar.billing.credits import give_credits, use_credits
from bursar.billing.queries import credits as credit_queries
from bursar.billing.queries import money
from bursar.billing.queries import refunds as queries
from bursar.billing.states import FAIL_REFUND, REFUND, REFUND_MOVES, SUCCEED_REFUND, InvoiceState, RefundState
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.moves import move
from bursar.core.states import allowed_from
from bursar.core.work import Happened, Record, Work


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Money of one payment to give back. `credit_note_id` says what of a paid invoice it gives back.

    `done` if it has left us already; otherwise it waits for `succeed_refund` or `fail_refund`, and counts
    meanwhile. `by_till` sends it back the way it came, through the provider, which says how that ended. `external_id`
    is what the bank or the provider calls it; the same one again is the same refund.
    """

    payment_id: UUID
    amount: Money
    refunded_on: date
    reason: str
    credit_note_id: UUID | None = None
    method: str | None = None
    reference: str | None = None
    external_id: str | None = None
    done: bool = True
    by_till: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """`till_id` is the till through which it goes back, `last_error` what stood in its way there."""

    id: UUID
    payment_id: UUID
    customer_id: UUID
    credit_note_id: UUID | None
    amount: Money
    refunded_on: date
    method: str | None
    reference: str | None
    reason: str
    external_id: str | None
    state: RefundState
    version: int
    created_at: datetime
    till_id: UUID | None = None
    last_error: str | None = None


async def refund_payment(work: Work, given: NewRefund) -> Refund:
    """Give money of a payment back that pays nothing.

    Raises `Invalid` for more than the payment has left, or than the credit note set free; `NotFound`,
    `Conflict` for an external id that another refund has, and for a way back through a till where there is none.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(given.reason)
    must_be_positive(given.amount)
    payment = (await work.db.execute(money.payment(work, given.payment_id))).one_or_none()
    if payment is None or payment.reverses_id:
        raise NotFound("payment")
    await locks.lock_customers(work, [payment.customer_id])
    if known := await _known(work, given):
        return known
    _check_dates(work, given, payment)
    await _must_be_left(work, given, payment)
    note = await _locked_note(work, given.credit_note_id, payment) if given.credit_note_id else None
    if note is not None and given.amount.minor > note.released_minor - note.promised:
        raise Invalid(
            N_("The credit note set %(free)s free that did not go back yet. Refund at most that."),
            code="refund_above_credit_note",
            field="amount",
            free=str(Money(note.released_minor - note.promised, note.currency)),
        )
    till_id = await ways_back.till_of(work, payment.id) if given.by_till else None
    row = _row(given, payment) | {"till_id": till_id}
    refund_id = (await work.db.execute(queries.add_refund(work, row))).scalar_one()
    await use_credits(work, {payment.id: given.amount.minor})
    if given.by_till:
        work.happened.append(Happened("refund.ordered", (refund_id,)))  # its event is the trigger's
    elif given.done:
        await _succeed(work, refund_id, given.amount.minor, None if note is None else note.invoice_id)
    return await get_refund(work, refund_id)


async def succeed_refund(work: Work, refund_id: UUID, *, version: int | None = None) -> Refund:
    """The money arrived at the customer. Raises `IllegalMove` unless it was on its way, `Conflict` for one of which
    its till will say how it ends.
    """
    work.allow(AgentRole.AGENT)
    row, invoice_id = await _locked(work, refund_id)
    if row.state != RefundState.PENDING:
        raise _illegal(row, SUCCEED_REFUND.event)
    ways_back.must_be_ours_to_say(work, row)
    await _succeed(work, refund_id, row.amount_minor, invoice_id, version)
    return await get_refund(work, refund_id)


async def fail_refund(work: Work, refund_id: UUID, *, because: str, version: int | None = None) -> Refund:
    """The money did not go: it is the customer's credit again. Raises what `succeed_refund` raises."""
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    row, _ = await _locked(work, refund_id)
    if row.state != RefundState.PENDING:
        raise _illegal(row, FAIL_REFUND.event)
    ways_back.must_be_ours_to_say(work, row)
    await move(work, FAIL_REFUND, refund_id, because=because, version=version)
    await give_credits(work, {row.payment_id: row.amount_minor})
    return await get_refund(work, refund_id)


async def get_refund(work: Work, refund_id: UUID) -> Refund:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.refund(work, refund_id))).one_or_none()
    if row is None:
        raise NotFound("refund")
    return _shown(row)


async def list_refunds(
    work: Work,
    *,
    customer_id: UUID | None = None,
    payment_id: UUID | None = None,
    invoice_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Refund]:
    """The newest first, older than `before`."""
    about = {"customer_id": customer_id, "payment_id": payment_id, "invoice_id": invoice_id}
    found = await work.db.execute(queries.refunds_before(work, before, limit, **about))
    return [_shown(row) for row in found]


async def _known(work: Work, given: NewRefund) -> Refund | None:
    if given.external_id is None:
        return None
    row = (await work.db.execute(queries.refund_known_as(work, given.external_id))).one_or_none()
    if row is None:
        return None
    same = (row.payment_id, row.amount_minor, row.currency)
    if same != (given.payment_id, given.amount.minor, given.amount.currency):
        raise Conflict(
            N_("A refund %(external_id)s was recorded before."),
            code="duplicate_external_id",
            field="external_id",
            external_id=given.external_id,
        )
    return _shown(row)


def _check_dates(work: Work, given: NewRefund, payment: sa.Row[Any]) -> None:
    if not payment.received_on <= given.refunded_on <= work.today:
        raise Invalid(
            N_("Money goes back after it came, and not in the future. Give the day on which it left."),
            code="refunded_on_does_not_fit",
            field="refunded_on",
        )


async def _must_be_left(work: Work, given: NewRefund, payment: sa.Row[Any]) -> None:
    if given.amount.currency != payment.currency:
        raise MixedCurrencies(payment.currency, given.amount.currency)
    left = sum(row.left for row in await work.db.execute(credit_queries.left_of(work, [payment.id])))
    if given.amount.minor > left:
        raise Invalid(
            N_(
                "Only %(left)s of this payment pays nothing. Refund at most that, or credit the invoice first."
            ),
            code="refund_above_payment",
            field="amount",
            left=str(Money(left, payment.currency)),
        )


async def _locked_note(work: Work, note_id: UUID, payment: sa.Row[Any]) -> sa.Row[Any]:
    """The credit note of a paid invoice, which is locked. Raises `NotFound`, `Invalid`."""
    note = (await work.db.execute(queries.credit_note(work, note_id))).one_or_none()
    if note is None:
        raise NotFound("credit note")
    if note.customer_id != payment.customer_id:
        raise Invalid(
            N_("This credit note belongs to another customer."), code="other_customer", field="credit_note_id"
        )
    if note.currency != payment.currency:
        raise MixedCurrencies(note.currency, payment.currency)
    await locks.lock_invoice(work, note.invoice_id)
    return note


async def _locked(work: Work, refund_id: UUID) -> tuple[sa.Row[Any], UUID | None]:
    """A refund as it is now that its customer, and the invoice it is about, are locked."""
    refund = (await work.db.execute(queries.refund(work, refund_id))).one_or_none()
    if refund is None:
        raise NotFound("refund")
    await locks.lock_customers(work, [refund.customer_id])
    invoice_id = None
    if refund.credit_note_id is not None:
        note = (await work.db.execute(queries.credit_note(work, refund.credit_note_id))).one()
        invoice_id = (await locks.lock_invoice(work, note.invoice_id)).id
    return (await work.db.execute(queries.refund(work, refund_id))).one(), invoice_id


async def _succeed(
    work: Work, refund_id: UUID, amount: int, invoice_id: UUID | None, version: int | None = None
) -> None:
    await move(work, SUCCEED_REFUND, refund_id, version=version)
    if invoice_id is None:
        return
    invoice = await locks.lock_invoice(work, invoice_id)
    notes = (await work.db.execute(queries.notes_of(work, invoice_id))).all()
    released, refunded = sum(note.released_minor for note in notes), sum(note.refunded for note in notes)
    credited = sum(note.amount_minor for note in notes)
    if invoice.state == InvoiceState.PAID and credited == invoice.total_minor and refunded == released:
        await move(work, REFUND, invoice_id, refunded_minor=refunded)
        return
    await work.db.execute(queries.raise_refunded(work, invoice_id, amount))
    before = {"refunded_minor": invoice.refunded_minor}
    after = {"refunded_minor": invoice.refunded_minor + amount}
    told = Record(
        invoice_id,
        invoice.customer_id,
        changes={"before": before, "after": after},
        payload={"refund_id": str(refund_id), "currency": invoice.currency},
    )
    await work.record(REFUND.name, told)


def _row(given: NewRefund, payment: sa.Row[Any]) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "customer_id": payment.customer_id,
        "credit_note_id": given.credit_note_id,
        "amount_minor": given.amount.minor,
        "currency": given.amount.currency,
        "refunded_on": given.refunded_on,
        "method": given.method,
        "reference": given.reference,
        "reason": given.reason,
        "external_id": given.external_id,
        "state": RefundState.PENDING,
    }


def _illegal(row: sa.Row[Any], event: str) -> IllegalMove:
    return IllegalMove("refund", row.state, event, allowed_from(REFUND_MOVES, row.state))


def _shown(row: sa.Row[Any]) -> Refund:
    names = (
        "id",
        "payment_id",
        "customer_id",
        "credit_note_id",
        "refunded_on",
        "method",
        "reference",
        "reason",
    )
    more = ("external_id", "version", "created_at", "till_id", "last_error")
    return Refund(
        **{name: getattr(row, name) for name in (*names, *more)},
        amount=Money(row.amount_minor, row.currency),
        state=RefundState(row.state),
    )
