"""A statement of account: what a customer owed, all that happened to it, and what they owe now (R72, R75)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from bursar.billing.queries import statements as queries
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.tenancy.customers import get_customer


class EntryKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"
    EXCHANGED_TO = "exchanged_to"  # money of another currency that pays an invoice in this one
    EXCHANGED_FROM = "exchanged_from"  # money of this currency that pays an invoice in another


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` is above zero for what raises the debt. `balance` is what was owed after it."""

    kind: EntryKind
    on_day: date
    id: UUID
    label: str | None
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Account:
    """One currency. Below zero, opening and closing are money of the customer's."""

    opening: Money
    entries: tuple[Entry, ...]
    closing: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """Accounts by currency, which are never added to each other."""

    customer_id: UUID
    customer_name: str
    start: date
    end: date
    accounts: dict[str, Account]


async def statement(work: Work, customer_id: UUID, start: date, end: date) -> Statement:
    """From the start of `start` to the end of `end`. Raises `NotFound`, `Invalid` for a period that runs backwards."""
    if end < start:
        raise Invalid(N_("The period ends before it begins."), code="period_backwards", field="end")
    customer = await get_customer(work, customer_id)
    opening = {
        row.currency: row.minor for row in await work.db.execute(queries.opening(work, customer_id, start))
    }
    told: dict[str, list[Entry]] = defaultdict(list)
    balance = dict(opening)
    for row in await work.db.execute(queries.entries(work, customer_id, start, end)):
        kind = EntryKind(row.kind)
        if kind is EntryKind.PAYMENT and row.minor > 0:
            kind = EntryKind.REVERSAL
        balance[row.currency] = balance.get(row.currency, 0) + row.minor
        amount, after = Money(row.minor, row.currency), Money(balance[row.currency], row.currency)
        told[row.currency].append(Entry(kind, row.on_day, row.id, row.label, amount, after))
    accounts = {
        code: Account(Money(opening.get(code, 0), code), tuple(told[code]), Money(balance[code], code))
        for code in sorted(balance)
        if told[code] or opening.get(code, 0)
    }
    return Statement(customer_id, customer.name, start, end, accounts)
