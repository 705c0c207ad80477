"""Payments: money that arrived, what it pays, and what is left of it as the customer's credit (R72, R73, R75)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import allocations, exchange, locks
from bursar.billing.because import must_say_why
from bursar.billing.credits import use_credits
from bursar.billing.payment_book import NewPayment, PaymentBook, PaymentRecorded
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import money as queries
from bursar.core.errors import N_, Conflict, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work


async def record_payment(work: Work, payment: NewPayment) -> PaymentRecorded:
    """Record one payment; see `record_payments`. Raises the refusal instead of returning it."""
    [answer] = await record_payments(work, [payment])
    if isinstance(answer, Refusal):
        raise answer
    return answer


async def record_payments(work: Work, given: Sequence[NewPayment]) -> list[PaymentRecorded | Refusal]:
    """Record payments in the order given, each wholly or not at all; one answer for each.

    A payment pays at most what is open of an invoice, the rest is the customer's credit. What is settled
    stops its reminders in this transaction (T50). For an invoice that was paid or cancelled the money waits
    as credit, under the event `invoice.payment_arrives`.
    """
    work.allow(AgentRole.AGENT)
    owned, owners = await _with_customers(work, given)
    customers = await locks.lock_customers(work, [one.customer_id for one in owned if one.customer_id])
    book = await _open(work, owned, customers, await locks.lock_invoices(work, owners))
    answers = [book.enter(payment) for payment in owned]
    await book.write()
    return answers


async def plan_payments(work: Work, given: Sequence[NewPayment]) -> list[PaymentRecorded | Refusal]:
    """What `record_payments` would answer to payments that name invoices; nothing is written or locked.

    The ids of payments that are not there yet are nobody's.
    """
    owned, owners = await _with_customers(work, given)
    found = await work.db.execute(invoice_queries.invoices_by_id(work, list(owners)))
    book = await _open(work, owned, set(owners.values()), {row.id: row for row in found})
    return [book.enter(payment) for payment in owned]


async def reverse_payment(work: Work, payment_id: UUID, *, because: str) -> UUID:
    """The money never came, or went back: what it paid is open again. Returns the negative row's id.

    Raises `Conflict` if that was done before, or if money of it went back to the customer.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    payment = (await work.db.execute(queries.payment(work, payment_id))).one_or_none()
    if payment is None:
        raise NotFound("payment")
    await locks.lock_customers(work, [payment.customer_id])
    done = (await work.db.execute(queries.reversal_of_payment(work, payment_id))).first()
    if done or payment.reverses_id:
        raise Conflict(N_("This was reversed already."), code="already_reversed")
    if (await work.db.execute(queries.refunds_of(work, payment_id))).first():
        raise Conflict(
            N_("Money of this payment was refunded, so it did arrive."), code="payment_was_refunded"
        )
    live = (await work.db.execute(queries.live_allocations(work, payment_ids=[payment_id]))).all()
    await allocations.reverse(work, live, because=because)
    await use_credits(work, {payment_id: payment.amount_minor})
    copied = ("customer_id", "currency", "method", "reference", "source")
    row = {name: getattr(payment, name) for name in copied}
    row |= {"amount_minor": -payment.amount_minor, "received_on": work.today, "reverses_id": payment_id}
    reversal = (await work.db.execute(queries.add_payments(work, [row]))).scalar_one()
    told = {"amount_minor": payment.amount_minor, "currency": payment.currency, "because": because}
    await work.record("payment.reversed", Record(payment_id, payment.customer_id, payload=told))
    return reversal


async def _with_customers(
    work: Work, given: Sequence[NewPayment]
) -> tuple[list[NewPayment], dict[UUID, UUID]]:
    """The payments with their customers, and the customer of each invoice that they name."""
    asked = [invoice_id for payment in given for invoice_id, _ in payment.allocate_to]
    owners = await locks.owners_of(work, asked)
    return [_with_customer(payment, owners) for payment in given], owners


async def _open(
    work: Work, owned: Sequence[NewPayment], customers: set[UUID], invoices: Mapping[UUID, sa.Row[Any]]
) -> PaymentBook:
    ids = list(await work.db.scalars(queries.new_ids(len(owned)))) if owned else []
    exchanged = {(one.amount.currency, one.received_on) for one in owned if one.taken}
    rates = await exchange.rates(work, exchanged) if exchanged else None
    return PaymentBook(work, customers, invoices, await _known(work, owned), ids, rates)


async def _known(work: Work, given: Sequence[NewPayment]) -> dict[tuple[str, str], sa.Row[Any] | NewPayment]:
    keys = [
        (str(payment.source), payment.external_id) for payment in given if payment.external_id is not None
    ]
    if not keys:
        return {}
    return {
        (row.source, row.external_id): row
        for row in await work.db.execute(queries.known_payments(work, keys))
    }


def _with_customer(payment: NewPayment, owners: Mapping[UUID, UUID]) -> NewPayment:
    if payment.customer_id is not None or not payment.allocate_to:
        return payment
    return replace(payment, customer_id=owners.get(payment.allocate_to[0][0]))
