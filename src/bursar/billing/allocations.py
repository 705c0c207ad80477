"""Allocations: which money pays which invoice, given and taken back (R72, R73, R75)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import exchange, locks, settling
from bursar.billing.because import must_say_why
from bursar.billing.credits import added_up, give_credits, use_credits
from bursar.billing.exchange import Exchanged
from bursar.billing.queries import credits as credit_queries
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import money as queries
from bursar.billing.states import REVERSE_ALLOCATION, InvoiceState
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.moves import move_all
from bursar.core.work import Record, Work

AT_ONCE = 2_000
"""Rows in one INSERT: PostgreSQL takes 65,535 parameters in a statement."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a payment on its way to an invoice that is locked; `amount` in the invoice's minor units.

    `exchanged` when the payment is in another currency. `applied_on` is from when on reports count it: if it is
    not said, the day the money arrived, or the day of issue of an invoice that came after it.
    """

    payment_id: UUID
    received_on: date
    invoice: sa.Row[Any]
    amount: int
    exchanged: Exchanged | None = None
    applied_on: date | None = None

    @property
    def taken(self) -> int:
        """Minor units of the payment."""
        return self.exchanged.taken if self.exchanged else self.amount

    @property
    def counts_from(self) -> date:
        return self.applied_on or max(self.received_on, self.invoice.issue_date)


async def apply(work: Work, shares: Sequence[Share], *, of_credit: bool = True) -> dict[UUID, int]:
    """Write allocations, lower the balances, and settle what has nothing left to pay.

    The money is credit of its customer, or (not `of_credit`) of a payment that comes in by this act. Returns what
    is open of each touched invoice afterwards. The caller holds the locks.
    """
    left: dict[UUID, int] = {}
    paid_on: dict[UUID, date] = {}
    told: list[Record] = []
    for share in shares:
        id_ = share.invoice.id
        before = left.get(id_)
        if before is None:
            before = share.invoice.balance_minor
        left[id_], paid_on[id_] = before - share.amount, share.received_on
        if left[id_]:
            told.append(_told(share, before, left[id_]))
    settled = {id_: day for id_, day in paid_on.items() if left[id_] == 0}
    lowered = {
        share.invoice.id: share.invoice.balance_minor - left[share.invoice.id]
        for share in shares
        if share.invoice.id not in settled
    }
    await _write(work, shares, lowered, told)
    if of_credit:
        await use_credits(work, added_up((share.payment_id, share.taken) for share in shares))
    await settling.settle(work, settled)
    await settling.after_payment(work, left.keys(), list(settled))
    return left


async def _write(
    work: Work, shares: Sequence[Share], lowered: Mapping[UUID, int], told: Sequence[Record]
) -> None:
    for start in range(0, len(shares), AT_ONCE):
        part = shares[start : start + AT_ONCE]
        await work.db.execute(queries.add_allocations(work, [_row(share) for share in part]))
    if lowered:
        await work.db.execute(invoice_queries.lower_balances(work, lowered))
    for start in range(0, len(told), AT_ONCE):
        await work.record("invoice.allocate", *told[start : start + AT_ONCE])


async def apply_credit(
    work: Work,
    invoice_id: UUID,
    *,
    amount: Money | None = None,
    payment_id: UUID | None = None,
    taken: Money | None = None,
) -> Money:
    """Pay an invoice with money of its customer that pays none yet, the oldest first; says how much it was.

    At most `amount`, and only from `payment_id` if that is given. A payment in another currency is named, with
    `amount` of the invoice and what is `taken` of the payment for it (R75). Raises `IllegalMove` unless the
    invoice is open, `Invalid` if there is no such money.
    """
    work.allow(AgentRole.AGENT)
    invoice = await locks.lock_invoice_of_customer(work, invoice_id)
    if taken is not None:
        shares = [await _exchanged_share(work, invoice, amount, payment_id, taken)]
    else:
        shares = await shares_of_credit(work, invoice, amount=amount, payment_id=payment_id)
    await apply(work, shares)
    return Money(sum(share.amount for share in shares), invoice.currency)


async def _exchanged_share(
    work: Work, invoice: sa.Row[Any], amount: Money | None, payment_id: UUID | None, taken: Money
) -> Share:
    locks.must_be_open(invoice, "allocate")
    if amount is None or payment_id is None:
        raise Invalid(
            N_("Say which payment it is, and both amounts."), code="both_amounts_needed", field="taken"
        )
    must_fit_balance(invoice, amount)
    left = await work.db.execute(credit_queries.unapplied(work, invoice.customer_id))
    payment = next((row for row in left if row.id == payment_id), None)
    if payment is None or payment.currency != taken.currency or payment.left < taken.minor:
        raise Invalid(N_("This payment has not as much left."), code="no_credit", field="taken")
    rates = await exchange.rates(work, {(taken.currency, payment.received_on)})
    exchanged = exchange.exchange(invoice, amount, taken, payment.received_on, rates)
    return Share(payment.id, payment.received_on, invoice, amount.minor, exchanged, work.today)


async def shares_of_credit(
    work: Work, invoice: sa.Row[Any], *, amount: Money | None = None, payment_id: UUID | None = None
) -> list[Share]:
    """What `apply_credit` would use; the caller holds the locks of the customer and of `invoice`."""
    locks.must_be_open(invoice, "allocate")
    wanted = _wanted(invoice, amount)
    shares: list[Share] = []
    for payment in await work.db.execute(credit_queries.unapplied(work, invoice.customer_id)):
        if payment.currency != invoice.currency or (payment_id is not None and payment.id != payment_id):
            continue
        taken = min(payment.left, wanted)
        wanted -= taken
        if taken:
            shares.append(Share(payment.id, payment.received_on, invoice, taken, applied_on=work.today))
    if not shares:
        raise Invalid(N_("This customer has no credit that could pay this invoice."), code="no_credit")
    return shares


async def reverse_allocation(work: Work, allocation_id: UUID, *, because: str) -> None:
    """The money does not pay this invoice after all; it is the customer's credit again.

    A negative row is added and nothing removed. Raises `Conflict` if that was done before.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    found = (await work.db.execute(queries.allocation(work, allocation_id))).one_or_none()
    if found is None:
        raise NotFound("allocation")
    await locks.lock_customers(work, [found.customer_id])
    live = (await work.db.execute(queries.live_allocations(work, ids=[allocation_id]))).all()
    if not live:
        raise Conflict(N_("This was reversed already."), code="already_reversed")
    await reverse(work, live, because=because)


async def reverse(work: Work, live: Sequence[sa.Row[Any]], *, because: str) -> None:
    """Take live allocations back; the caller holds their customers' locks."""
    if not live:
        return
    found = await locks.lock_invoices(work, [row.invoice_id for row in live])
    for invoice in found.values():
        locks.must_allow(invoice, REVERSE_ALLOCATION)
    await work.db.execute(queries.add_allocations(work, [reversal_of(work, row, because) for row in live]))
    await give_credits(work, added_up((row.payment_id, taken_of(row)) for row in live))
    back = added_up((row.invoice_id, -row.amount_minor) for row in live)
    await work.db.execute(invoice_queries.lower_balances(work, back))
    paid = [id_ for id_, invoice in found.items() if invoice.state == InvoiceState.PAID]
    await move_all(work, REVERSE_ALLOCATION, paid, because=because, paid_on=None)
    stayed = [
        Record(
            id_,
            invoice.customer_id,
            changes=_change(invoice.balance_minor, invoice.balance_minor - back[id_]),
            payload={"because": because, "currency": invoice.currency},
        )
        for id_, invoice in found.items()
        if invoice.state == InvoiceState.ISSUED
    ]
    await work.record(REVERSE_ALLOCATION.name, *stayed)
    await settling.after_reversal(work, list(found))


def must_fit_balance(invoice: sa.Row[Any], amount: Money, balance: int | None = None) -> None:
    """Raises `Invalid` for a named amount that is more than is open of an invoice, or in another currency.

    `balance` is what will be open of it by then, if that is less than is open now.
    """
    open_minor: int = invoice.balance_minor if balance is None else balance
    if amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    must_be_positive(amount, "allocate_to")
    if amount.minor > open_minor:
        raise Invalid(
            N_("That is more than is open of invoice %(number)s: %(open)s."),
            code="allocation_above_balance",
            field="allocate_to",
            number=invoice.number,
            open=str(Money(open_minor, invoice.currency)),
        )


def _wanted(invoice: sa.Row[Any], amount: Money | None) -> int:
    if amount is None:
        return invoice.balance_minor
    if amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    must_be_positive(amount)
    return min(amount.minor, invoice.balance_minor)


def must_be_positive(amount: Money, field: str = "amount") -> None:
    """Raises `Invalid` for nothing and for less than nothing."""
    if amount.minor <= 0:
        raise Invalid(N_("The amount must be more than zero."), code="amount_not_positive", field=field)


def _row(share: Share) -> dict[str, Any]:
    exchanged = share.exchanged
    return {
        "invoice_id": share.invoice.id,
        "payment_id": share.payment_id,
        "customer_id": share.invoice.customer_id,
        "amount_minor": share.amount,
        "taken_minor": exchanged and exchanged.taken,
        "exchange_rate": exchanged and exchanged.rate,
        "difference_minor": exchanged and exchanged.difference,
        "applied_on": share.counts_from,
        "reverses_id": None,
        "reason": None,
    }


def taken_of(row: sa.Row[Any]) -> int:
    """What an allocation took of its payment, in the payment's minor units."""
    return row.amount_minor if row.taken_minor is None else row.taken_minor


def names_of(row: sa.Row[Any]) -> dict[str, Any]:
    """What rows about the same allocation have in common."""
    return {name: getattr(row, name) for name in ("invoice_id", "payment_id", "customer_id", "exchange_rate")}


def reversal_of(work: Work, row: sa.Row[Any], because: str) -> dict[str, Any]:
    """The same row with every amount turned round, at the same rate."""
    return {
        **names_of(row),
        "amount_minor": -row.amount_minor,
        "taken_minor": None if row.taken_minor is None else -row.taken_minor,
        "difference_minor": None if row.difference_minor is None else -row.difference_minor,
        "applied_on": work.today,
        "reverses_id": row.id,
        "reason": because,
    }


def _told(share: Share, before: int, left: int) -> Record:
    return Record(
        share.invoice.id,
        share.invoice.customer_id,
        changes=_change(before, left),
        payload={"payment_id": str(share.payment_id), "currency": share.invoice.currency},
    )


def _change(before: int, after: int) -> dict[str, Any]:
    return {"before": {"balance_minor": before}, "after": {"balance_minor": after}}
