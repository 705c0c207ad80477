"""Credit notes: what was issued stays, and a second document takes its amount back (R71)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks, numbers, rules, settling
from bursar.billing.because import must_say_why
from bursar.billing.queries import invoices as queries
from bursar.billing.queries import money
from bursar.billing.settings import BillingSettings
from bursar.billing.states import CANCEL
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.moves import move
from bursar.core.work import Record, Work

CANCELLED = "DL8.61.1.A"
"""The reason code for a supply that was cancelled (R12, ibr-001-ae)."""


@dataclass(frozen=True, slots=True)
class CreditNote:
    id: UUID
    number: str
    amount: Money


class HasPayments(Conflict):
    """Money was applied to it, so it cannot simply be taken out of the books."""

    def __init__(self) -> None:
        super().__init__(
            N_("Money was paid on this invoice. Reverse the payment, or credit only what is open."),
            code="has_payments",
        )


async def issue_credit_note(
    work: Work, invoice_id: UUID, amount: Money, *, because: str, reason_code: str = CANCELLED
) -> CreditNote:
    """Take `amount` of an issued invoice back, at most what is open of it.

    Over all that was open it ends the invoice: paid if money was applied to it, else cancelled. Raises
    `IllegalMove` for an invoice that is not issued, `Invalid` for an amount that does not fit.
    """
    work.allow(AgentRole.AGENT)
    invoice = await locks.lock_invoice(work, invoice_id)
    must_fit(invoice, amount)
    return await credit(work, invoice, amount.minor, because=because, reason_code=reason_code)


async def cancel_invoice(
    work: Work, invoice_id: UUID, *, because: str, version: int | None = None
) -> CreditNote:
    """Take an unpaid invoice out of the books, and stop what we were about to say of it.

    The series keeps no gap and gives no number twice: a credit note covers what was open. Raises
    `HasPayments` if money was applied to it, `IllegalMove`, `StaleVersion`, `NotFound`.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    invoice = await locks.lock_invoice(work, invoice_id)
    locks.must_allow(invoice, CANCEL)
    locks.must_be_version(invoice, version)
    if (await work.db.execute(money.live_allocations(work, invoice_ids=[invoice_id]))).first():
        raise HasPayments
    return await credit(work, invoice, invoice.balance_minor, because=because, reason_code=CANCELLED)


async def credit(
    work: Work, invoice: sa.Row[Any], amount: int, *, because: str, reason_code: str
) -> CreditNote:
    """The document and what follows from it; `invoice` is locked and `amount` minor units of it are open."""
    must_say_why(because)
    paid = (await work.db.execute(money.live_allocations(work, invoice_ids=[invoice.id]))).all()
    before = (await work.db.execute(queries.credited(work, invoice.id))).one()
    note = await _write(work, invoice, amount, before, because=because, reason_code=reason_code)
    if amount < invoice.balance_minor:
        await work.db.execute(queries.lower_balances(work, {invoice.id: amount}))
        await work.record("invoice.credit_note", _told(invoice, note))
        return note
    if paid:
        await settling.settle(work, {invoice.id: paid[-1].received_on})
    else:
        await move(work, CANCEL, invoice.id, because=because, balance_minor=0)
    await settling.after_credit(work, invoice.id)
    return note


def must_fit(invoice: sa.Row[Any], amount: Money) -> None:
    """Raises `IllegalMove` unless it is issued, `Invalid` unless `amount` of it can be credited."""
    locks.must_allow(invoice, CANCEL)
    if amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    if not 0 < amount.minor <= invoice.balance_minor:
        raise Invalid(
            N_("Credit more than zero and at most what is open: %(open)s."),
            code="credit_does_not_fit",
            field="amount",
            open=Money(invoice.balance_minor, invoice.currency).plain(),
        )


async def _write(
    work: Work, invoice: sa.Row[Any], amount: int, before: sa.Row[Any], *, because: str, reason_code: str
) -> CreditNote:
    """The last credit takes the tax that the earlier ones left, so that the taxes add up too."""
    tax = (
        invoice.tax_minor - before.tax
        if before.amount + amount == invoice.total_minor
        else rules.share_of_tax(amount, invoice.total_minor, invoice.tax_minor)
    )
    settings = BillingSettings.of((await work.db.execute(queries.settings(work))).one().settings)
    [(number, serial)] = await numbers.take_numbers(
        work, numbers.CREDIT_NOTES, work.today, 1, settings.series
    )
    values = {
        "invoice_id": invoice.id,
        "customer_id": invoice.customer_id,
        "series": numbers.CREDIT_NOTES,
        "number": number,
        "serial": serial,
        "issue_date": work.today,
        "amount_minor": amount,
        "tax_minor": tax,
        "currency": invoice.currency,
        "reason_code": reason_code,
        "reason": because,
    }
    note_id = (await work.db.execute(queries.add_credit_note(work, values))).scalar_one()
    return CreditNote(note_id, number, Money(amount, invoice.currency))


def _told(invoice: sa.Row[Any], note: CreditNote) -> Record:
    left = invoice.balance_minor - note.amount.minor
    return Record(
        invoice.id,
        invoice.customer_id,
        changes={"before": {"balance_minor": invoice.balance_minor}, "after": {"balance_minor": left}},
        payload={"credit_note_id": str(note.id), "number": note.number},
    )
