"""Payments entered one after the other against locked invoices, then written as sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import allocations, exchange, locks, rules
from bursar.billing.allocations import AT_ONCE, Share, must_be_positive, must_fit_balance
from bursar.billing.credits import give_credits
from bursar.billing.exchange import Rates
from bursar.billing.queries import money as queries
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Record, Work


@dataclass(frozen=True, slots=True)
class NewPayment:
    """Money to record. `allocate_to` names invoices in order, each with at most how much of it, None for all.

    An invoice in another currency is named with both amounts: its own there, and in `taken` what of this money
    goes for it. `customer_id` may be left out when an invoice says whose money it is. `external_id` is what the
    bank, the provider or the sheet calls it.
    """

    amount: Money
    received_on: date
    customer_id: UUID | None = None
    allocate_to: Sequence[tuple[UUID, Money | None]] = ()
    method: str | None = None
    reference: str | None = None
    source: PaymentSource = PaymentSource.MANUAL
    external_id: str | None = None
    taken: Mapping[UUID, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    """`allocations` and `balances` by invoice, in its currency; `repeated` if this payment was known and nothing
    was written.
    """

    payment_id: UUID
    allocations: Mapping[UUID, Money]
    credit: Money
    balances: Mapping[UUID, Money]
    repeated: bool = False


class PaymentBook:
    """What the verbs of payments fill: `enter` answers, `write` writes. The caller holds the locks."""

    def __init__(
        self,
        work: Work,
        customers: set[UUID],
        invoices: Mapping[UUID, sa.Row[Any]],
        known: dict[tuple[str, str], sa.Row[Any] | NewPayment],
        ids: list[UUID],
        rates: Rates | None,
    ) -> None:
        self.work, self.customers, self.invoices = work, customers, invoices
        self.known, self.ids, self.rates = known, ids, rates
        self.open = {
            id_: row.balance_minor if row.state == InvoiceState.ISSUED else 0 for id_, row in invoices.items()
        }
        self.payments: list[dict[str, Any]] = []
        self.shares: list[Share] = []
        self.left: dict[UUID, int] = {}
        self.received: list[Record] = []
        self.late: list[Record] = []

    def enter(self, payment: NewPayment) -> PaymentRecorded | Refusal:
        try:
            repeated = self._repeated(payment)
            return repeated or self._enter(payment)
        except Refusal as refusal:
            return refusal

    async def write(self) -> None:
        """Nothing to write is a set too."""
        for start in range(0, len(self.payments), AT_ONCE):
            part = self.payments[start : start + AT_ONCE]
            written = (await self.work.db.execute(queries.add_payments(self.work, part))).all()
            if len(written) < len(part):
                raise Conflict(N_("Somebody else is recording the same payment right now."), code="busy")
            await self.work.record("payment.received", *self.received[start : start + AT_ONCE])
        await allocations.apply(self.work, self.shares, of_credit=False)
        await give_credits(self.work, self.left)
        for start in range(0, len(self.late), AT_ONCE):
            await self.work.record("invoice.payment_arrives", *self.late[start : start + AT_ONCE])

    def _enter(self, payment: NewPayment) -> PaymentRecorded:
        self._check(payment)
        payment_id, left = self.ids.pop(0), payment.amount.minor
        shares: list[Share] = []
        for invoice_id, wanted in payment.allocate_to:
            share = self._share(payment, payment_id, self.invoices[invoice_id], wanted, left)
            if share.amount:
                left -= share.taken
                shares.append(share)
        # Nothing is kept of a payment that is refused on its way here.
        for share in shares:
            self.open[share.invoice.id] -= share.amount
        self.shares += shares
        paid = {share.invoice.id: Money(share.amount, share.invoice.currency) for share in shares}
        for invoice_id, _ in payment.allocate_to:
            if left and invoice_id not in paid and not self.open[invoice_id]:
                told = {"payment_id": str(payment_id)}
                owner = self.invoices[invoice_id].customer_id
                self.late.append(Record(invoice_id, owner, payload=told))
        if left:
            self.left[payment_id] = left
        self._take_down(payment, payment_id, left)
        balances = {id_: Money(self.open[id_], self.invoices[id_].currency) for id_, _ in payment.allocate_to}
        return PaymentRecorded(payment_id, paid, Money(left, payment.amount.currency), balances)

    def _share(
        self, payment: NewPayment, payment_id: UUID, invoice: sa.Row[Any], wanted: Money | None, left: int
    ) -> Share:
        """What an invoice gets of the `left` minor units of a payment; nothing once it is closed."""
        balance = self.open[invoice.id]
        if wanted is not None and balance:
            must_fit_balance(invoice, wanted, balance)
        [amount] = rules.take_from(left, [(balance, None if wanted is None else wanted.minor)])
        taken = payment.taken.get(invoice.id)
        if taken is None or wanted is None or not balance:
            return Share(payment_id, payment.received_on, invoice, 0 if taken else amount)
        if self.rates is None:
            raise ValueError("rates are read before money is exchanged")
        exchanged = exchange.exchange(invoice, wanted, taken, payment.received_on, self.rates)
        return Share(payment_id, payment.received_on, invoice, wanted.minor, exchanged)

    def _take_down(self, payment: NewPayment, payment_id: UUID, credit: int) -> None:
        if payment.external_id is not None:
            self.known[payment.source, payment.external_id] = payment
        names = ("customer_id", "received_on", "method", "reference", "source", "external_id")
        row = {name: getattr(payment, name) for name in names}
        amount = {"amount_minor": payment.amount.minor, "currency": payment.amount.currency}
        self.payments.append({"id": payment_id, **row, **amount})
        told = {**amount, "credit_minor": credit, "source": payment.source}
        self.received.append(Record(payment_id, payment.customer_id, payload=told))

    def _check(self, payment: NewPayment) -> None:
        must_be_positive(payment.amount)
        if payment.received_on > self.work.today:
            raise Invalid(
                N_("Money cannot have arrived in the future. Give the day it arrived."),
                code="received_in_future",
                field="received_on",
            )
        if payment.customer_id not in self.customers:
            raise NotFound("customer" if payment.customer_id or not payment.allocate_to else "invoice")
        named = [invoice_id for invoice_id, _ in payment.allocate_to]
        if len(set(named)) < len(named):
            raise Invalid(N_("An invoice is named twice."), code="named_twice", field="allocate_to")
        for invoice_id, wanted in payment.allocate_to:
            self._check_share(payment, invoice_id, wanted)
        if not payment.taken.keys() <= set(named):
            raise Invalid(
                N_("Name the invoice that this money is taken for."), code="taken_for_nothing", field="taken"
            )
        parts = [payment.taken.get(invoice_id, wanted) for invoice_id, wanted in payment.allocate_to]
        if sum(part.minor for part in parts if part) > payment.amount.minor:
            raise Invalid(
                N_("The parts are more than the payment."), code="parts_too_large", field="allocate_to"
            )

    def _check_share(self, payment: NewPayment, invoice_id: UUID, wanted: Money | None) -> None:
        invoice = self.invoices.get(invoice_id)
        if invoice is None:
            raise NotFound("invoice")
        if invoice.customer_id != payment.customer_id:
            raise Invalid(
                N_("This invoice belongs to another customer."), code="other_customer", field="allocate_to"
            )
        taken = payment.taken.get(invoice_id)
        for given, currency in ((wanted, invoice.currency), (taken, payment.amount.currency)):
            if given is not None and given.currency != currency:
                raise MixedCurrencies(currency, given.currency)
            if given is not None:
                must_be_positive(given, "allocate_to")
        if (invoice.currency != payment.amount.currency) != (taken is not None):
            raise MixedCurrencies(invoice.currency, payment.amount.currency)
        if taken is not None and wanted is None:
            raise Invalid(
                N_("The invoice is in another currency: give both amounts."),
                code="both_amounts_needed",
                field="allocate_to",
            )
        if invoice.state == InvoiceState.DRAFT:
            raise locks.refuse(invoice, "allocate")

    def _repeated(self, payment: NewPayment) -> PaymentRecorded | None:
        """What a provider or a sheet tells twice is answered once; a person is told of their mistake."""
        if payment.external_id is None:
            return None
        before = self.known.get((payment.source, payment.external_id))
        if before is None:
            return None
        same = (
            not isinstance(before, NewPayment)
            and payment.source is not PaymentSource.MANUAL
            and (before.amount_minor, before.currency) == (payment.amount.minor, payment.amount.currency)
            and before.received_on == payment.received_on
            and payment.customer_id in (None, before.customer_id)
        )
        if not same or isinstance(before, NewPayment):
            raise Conflict(
                N_("A payment %(external_id)s was recorded before."),
                code="duplicate_external_id",
                field="external_id",
                external_id=payment.external_id,
            )
        nothing = Money.zero(payment.amount.currency)
        return PaymentRecorded(before.id, {}, nothing, {}, repeated=True)
