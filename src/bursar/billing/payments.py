"""Payments: money that arrived, what it pays, and what is left of it as the customer's credit (R72, R73)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import allocations, locks, rules
from bursar.billing.allocations import AT_ONCE, Share, must_be_positive
from bursar.billing.credit_notes import must_say_why
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import money as queries
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.core.errors import N_, Conflict, Invalid, NotFound, Refusal
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Record, Work


@dataclass(frozen=True, slots=True)
class NewPayment:
    """Money to record. `allocate_to` names invoices in order, each with at most how much of it, None for all.

    `customer_id` may be left out when an invoice says whose money it is. `external_id` is what the bank,
    the provider or the sheet calls it.
    """

    amount: Money
    received_on: date
    customer_id: UUID | None = None
    allocate_to: Sequence[tuple[UUID, Money | None]] = ()
    method: str | None = None
    reference: str | None = None
    source: PaymentSource = PaymentSource.MANUAL
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    """`allocations` and `balances` by invoice; `repeated` if this payment was known and nothing was written."""

    payment_id: UUID
    allocations: Mapping[UUID, Money]
    credit: Money
    balances: Mapping[UUID, Money]
    repeated: bool = False


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

    Raises `Conflict` if that was done before.
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
    live = (await work.db.execute(queries.live_allocations(work, payment_ids=[payment_id]))).all()
    await allocations.reverse(work, live, because=because)
    copied = ("customer_id", "currency", "method", "reference", "source")
    row = {name: getattr(payment, name) for name in copied}
    row |= {"amount_minor": -payment.amount_minor, "received_on": work.today, "reverses_id": payment_id}
    reversal = (await work.db.execute(queries.add_payments(work, [row]))).scalar_one()
    told = {"amount_minor": payment.amount_minor, "currency": payment.currency, "because": because}
    await work.record("payment.reversed", Record(payment_id, payment.customer_id, payload=told))
    return reversal


class _Book:
    """Payments entered one after the other against locked invoices, then written as sets."""

    def __init__(
        self,
        work: Work,
        customers: set[UUID],
        invoices: Mapping[UUID, sa.Row[Any]],
        known: dict[tuple[str, str], sa.Row[Any] | NewPayment],
        ids: list[UUID],
    ) -> None:
        self.work, self.customers, self.invoices = work, customers, invoices
        self.known, self.ids = known, ids
        self.open = {
            id_: row.balance_minor if row.state == InvoiceState.ISSUED else 0 for id_, row in invoices.items()
        }
        self.payments: list[dict[str, Any]] = []
        self.shares: list[Share] = []
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
        await allocations.apply(self.work, self.shares)
        for start in range(0, len(self.late), AT_ONCE):
            await self.work.record("invoice.payment_arrives", *self.late[start : start + AT_ONCE])

    def _enter(self, payment: NewPayment) -> PaymentRecorded:
        self._check(payment)
        asks = [
            (self.open[id_], None if wanted is None else wanted.minor) for id_, wanted in payment.allocate_to
        ]
        given = rules.take_from(payment.amount.minor, asks)
        credit = payment.amount.minor - sum(given)
        payment_id, currency = self.ids.pop(0), payment.amount.currency
        paid: dict[UUID, Money] = {}
        for (invoice_id, _), amount in zip(payment.allocate_to, given, strict=True):
            invoice = self.invoices[invoice_id]
            if amount:
                self.open[invoice_id] -= amount
                paid[invoice_id] = Money(amount, currency)
                self.shares.append(Share(payment_id, payment.received_on, invoice, amount))
            elif credit and not self.open[invoice_id]:
                told = {"payment_id": str(payment_id)}
                self.late.append(Record(invoice_id, invoice.customer_id, payload=told))
        self._take_down(payment, payment_id, credit)
        balances = {id_: Money(self.open[id_], currency) for id_, _ in payment.allocate_to}
        return PaymentRecorded(payment_id, paid, Money(credit, currency), balances)

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
        if sum(wanted.minor for _, wanted in payment.allocate_to if wanted) > payment.amount.minor:
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
        for currency in {payment.amount.currency, *([wanted.currency] if wanted else [])}:
            if currency != invoice.currency:
                raise MixedCurrencies(invoice.currency, currency)
        if wanted is not None:
            must_be_positive(wanted, "allocate_to")
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


async def _with_customers(
    work: Work, given: Sequence[NewPayment]
) -> tuple[list[NewPayment], dict[UUID, UUID]]:
    """The payments with their customers, and the customer of each invoice that they name."""
    asked = [invoice_id for payment in given for invoice_id, _ in payment.allocate_to]
    owners = await locks.owners_of(work, asked)
    return [_with_customer(payment, owners) for payment in given], owners


async def _open(
    work: Work, owned: Sequence[NewPayment], customers: set[UUID], invoices: Mapping[UUID, sa.Row[Any]]
) -> _Book:
    ids = list(await work.db.scalars(queries.new_ids(len(owned)))) if owned else []
    return _Book(work, customers, invoices, await _known(work, owned), ids)


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
