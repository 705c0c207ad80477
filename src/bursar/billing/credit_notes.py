"""Credit notes: what was issued stays, and a second document takes its amount back (R12, R71)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import crediting, locks, numbers, preferences, releasing, rules, settling
from bursar.billing.because import must_say_why
from bursar.billing.crediting import Left, Part, Taken
from bursar.billing.queries import credit_notes as queries
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import money
from bursar.billing.states import CANCEL, InvoiceState
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.moves import move
from bursar.core.work import Record, Work


class CreditReason(StrEnum):
    """Why tax is taken back, in the codes of PINT-AE (R12, ibr-001-ae)."""

    CANCELLED = "DL8.61.1.A"
    TAX_TREATMENT = "DL8.61.1.B"
    CONSIDERATION = "DL8.61.1.C"
    RETURNED = "DL8.61.1.D"
    TAX_IN_ERROR = "DL8.61.1.E"
    VOLUME_DISCOUNT = "VD"


@dataclass(frozen=True, slots=True)
class CreditNote:
    """`released` is money that had paid what it takes back, and is the customer's credit again."""

    id: UUID
    number: str
    amount: Money
    tax: Money
    released: Money


class HasPayments(Conflict):
    """Money was applied to it, so it cannot simply be taken out of the books."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Money was paid on this invoice. Make a credit note: what was paid becomes the customer's credit."
            ),
            code="has_payments",
        )


async def issue_credit_note(
    work: Work,
    invoice_id: UUID,
    amount: Money | None = None,
    *,
    parts: Sequence[Part] = (),
    because: str,
    reason_code: CreditReason = CreditReason.CONSIDERATION,
    release_first: UUID | None = None,
) -> CreditNote:
    """Take back `amount` with its tax, or `parts` of the lines, or all that no credit note has taken yet.

    What is still open goes first; beyond that, money that was applied is released, that of the payment
    `release_first` before other. An issued invoice of which nothing is left to pay is paid if money had come, else
    cancelled. Raises `IllegalMove` unless it is issued or paid, `Invalid` for what does not fit.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    invoice = await locks.lock_invoice_of_customer(work, invoice_id)
    if invoice.state not in {InvoiceState.ISSUED, InvoiceState.PAID}:
        raise locks.refuse(invoice, "credit_note")
    taken = await _plan(work, invoice, amount, parts)
    return await _credit(
        work, invoice, taken, because=because, reason_code=reason_code, release_first=release_first
    )


async def left_of(work: Work, invoice_id: UUID) -> list[Left]:
    """The lines of an invoice with what credit notes have left of each."""
    return [
        Left(dict(row), row["net_minor"] - row["net_taken"], row["tax_minor"] - row["tax_taken"])
        for row in (await work.db.execute(queries.left_of_lines(work, invoice_id))).mappings()
    ]


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
    taken = crediting.all_of(await left_of(work, invoice_id))
    return await _credit(work, invoice, taken, because=because, reason_code=CreditReason.CANCELLED)


async def credit_open(
    work: Work, invoice: sa.Row[Any], amount: Money, *, because: str, reason_code: CreditReason
) -> CreditNote:
    """Take back a part of what is open; `invoice` is locked, its customer before it, and `must_fit` was asked."""
    taken = crediting.by_amount(await left_of(work, invoice.id), amount.minor)
    return await _credit(work, invoice, taken, because=because, reason_code=reason_code)


def must_fit(invoice: sa.Row[Any], amount: Money) -> None:
    """Raises `IllegalMove` unless it is issued, `Invalid` unless `amount` of it is open."""
    locks.must_allow(invoice, CANCEL)
    _must_be_within(invoice, amount, invoice.balance_minor)


def _must_be_within(invoice: sa.Row[Any], amount: Money, most: int) -> None:
    if amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    if not 0 < amount.minor <= most:
        raise Invalid(
            N_("Credit more than zero and at most %(left)s."),
            code="credit_does_not_fit",
            field="amount",
            left=Money(most, invoice.currency).plain(),
        )


async def _plan(work: Work, invoice: sa.Row[Any], amount: Money | None, parts: Sequence[Part]) -> list[Taken]:
    if amount is not None and parts:
        raise Invalid(N_("Give an amount or lines, not both."), code="amount_and_lines", field="amount")
    lefts = await left_of(work, invoice.id)
    most = sum(left.gross for left in lefts)
    if parts:
        for part in parts:
            if part.net is not None and part.net.currency != invoice.currency:
                raise MixedCurrencies(invoice.currency, part.net.currency)
        taken = crediting.by_lines(lefts, parts, invoice.currency)
        amount = Money(_gross(taken), invoice.currency)
        _must_be_within(invoice, amount, most)
        return taken
    amount = Money(most, invoice.currency) if amount is None else amount
    _must_be_within(invoice, amount, most)
    return crediting.by_amount(lefts, amount.minor)


async def _credit(
    work: Work,
    invoice: sa.Row[Any],
    taken: Sequence[Taken],
    *,
    because: str,
    reason_code: CreditReason,
    release_first: UUID | None = None,
) -> CreditNote:
    """The document and what follows from it; `invoice` is locked."""
    amount = _gross(taken)
    paid = (await work.db.execute(money.live_allocations(work, invoice_ids=[invoice.id]))).all()
    released = max(0, amount - invoice.balance_minor)
    note = await _write(work, invoice, taken, released, because=because, reason_code=reason_code)
    if released:
        await releasing.release(work, invoice, released, because=because, first=release_first)
    left = invoice.balance_minor - (amount - released)
    if invoice.state == InvoiceState.PAID or left:
        await work.db.execute(invoice_queries.lower_balances(work, {invoice.id: amount - released}))
        await work.record("invoice.credit_note", _told(invoice, note, left))
        return note
    if paid:
        await settling.settle(work, {invoice.id: paid[-1].received_on})
    else:
        await move(work, CANCEL, invoice.id, because=because, balance_minor=0)
    await settling.after_credit(work, invoice.id)
    return note


async def _write(
    work: Work,
    invoice: sa.Row[Any],
    taken: Sequence[Taken],
    released: int,
    *,
    because: str,
    reason_code: CreditReason,
) -> CreditNote:
    """What the invoice says of both parties and of its rate stands on its credit note too (R12, R19)."""
    settings = await preferences.billing_settings(work)
    amount, tax = _gross(taken), sum(one.tax for one in taken)
    parties = invoice if invoice.seller else await _parties_now(work, invoice)
    tax_local = await _tax_local(work, invoice, amount, tax)
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
        "released_minor": released,
        "currency": invoice.currency,
        "reason_code": reason_code,
        "reason": because.strip(),
        "locale": invoice.locale or parties.locale,
        "seller": parties.seller,
        "buyer": parties.buyer,
        "exchange_rate": invoice.exchange_rate,
        "tax_local_minor": tax_local,
    }
    note_id = (await work.db.execute(queries.add_credit_note(work, values))).scalar_one()
    lines = [_line(invoice, note_id, at, one) for at, one in enumerate(taken, start=1)]
    await work.db.execute(queries.add_lines(work, lines))
    currency = invoice.currency
    note = CreditNote(
        note_id, number, Money(amount, currency), Money(tax, currency), Money(released, currency)
    )
    await work.record(
        "credit_note.issue",
        Record(note_id, invoice.customer_id, payload={"invoice_id": str(invoice.id), "number": number}),
    )
    return note


async def _parties_now(work: Work, invoice: sa.Row[Any]) -> sa.Row[Any]:
    return (await work.db.execute(invoice_queries.parties(work, invoice.customer_id))).one()


async def _tax_local(work: Work, invoice: sa.Row[Any], amount: int, tax: int) -> int | None:
    """In the firm's own currency at the invoice's rate; the last credit takes what the earlier ones left."""
    if invoice.tax_local_minor is None:
        return None
    before = (await work.db.execute(queries.credited(work, invoice.id))).one()
    if before.amount + amount == invoice.total_minor:
        return invoice.tax_local_minor - before.tax_local
    seller = invoice.seller
    return rules.in_currency(tax, invoice.currency, invoice.exchange_rate, seller["tax_currency"])


def _line(invoice: sa.Row[Any], note_id: UUID, position: int, one: Taken) -> dict[str, Any]:
    line = one.left.line
    copied = (
        *("description", "description_local", "unit_code", "item_kind", "classification_code"),
        *("tax_category", "tax_rate"),
    )
    return {
        **{name: line[name] for name in copied},
        "credit_note_id": note_id,
        "invoice_line_id": line["id"],
        "customer_id": invoice.customer_id,
        "position": position,
        "quantity": one.quantity,
        "unit_price_minor": one.unit_price,
        "net_minor": one.net,
        "tax_minor": one.tax,
    }


def _gross(taken: Sequence[Taken]) -> int:
    return sum(one.net + one.tax for one in taken)


def _told(invoice: sa.Row[Any], note: CreditNote, left: int) -> Record:
    return Record(
        invoice.id,
        invoice.customer_id,
        changes={"before": {"balance_minor": invoice.balance_minor}, "after": {"balance_minor": left}},
        payload={
            "credit_note_id": str(note.id),
            "number": note.number,
            "released_minor": note.released.minor,
            "currency": invoice.currency,
        },
    )
