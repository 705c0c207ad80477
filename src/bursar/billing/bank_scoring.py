"""Whose money a line of the bank is: what speaks for whom, weighed and said; values alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.money import Money

SURE = 90
"""From this score on a person may accept many at once."""


class Why(StrEnum):
    """What a suggestion rests on, the strongest first."""

    NUMBER_AND_AMOUNT = "number_and_amount"
    NUMBER = "number"
    NAME_AND_AMOUNT = "name_and_amount"
    NAME_AND_SUM = "name_and_sum"
    AMOUNT = "amount"
    SUM = "sum"
    NAME = "name"


WORDS: Mapping[Why, str] = {
    Why.NUMBER_AND_AMOUNT: N_("Number %(numbers)s in the reference, amount equal"),
    Why.NUMBER: N_("Number %(numbers)s in the reference, another amount is open"),
    Why.NAME_AND_AMOUNT: N_("The payer's name, and the amount of invoice %(numbers)s"),
    Why.NAME_AND_SUM: N_("The payer's name, and the sum of all they owe"),
    Why.AMOUNT: N_("Only invoice %(numbers)s has this amount open"),
    Why.SUM: N_("Only this customer owes this sum"),
    Why.NAME: N_("The payer's name"),
}
SCORES: Mapping[Why, int] = {
    Why.NUMBER_AND_AMOUNT: 100,
    Why.NAME_AND_AMOUNT: 95,
    Why.NAME_AND_SUM: 92,
    Why.NUMBER: 80,
    Why.AMOUNT: 50,
    Why.SUM: 45,
    Why.NAME: 30,
}


class Evidence(Protocol):
    """A row of `queries.bank.evidence`."""

    line_id: UUID
    kind: str
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    number: str | None
    balance_minor: int | None
    due_date: date | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whose the money may be. `invoices` it pays in order; none named is the customer's, the oldest first."""

    customer_id: UUID
    customer_name: str
    invoices: tuple[UUID, ...]
    numbers: tuple[str, ...]
    why: Why
    score: int

    @property
    def sure(self) -> bool:
        return self.score >= SURE

    @property
    def words(self) -> tuple[str, dict[str, Any]]:
        """A msgid and what its places hold."""
        return WORDS[self.why], {"numbers": ", ".join(self.numbers)}


def suggest(amount: Money, evidence: Iterable[Evidence]) -> list[Suggestion]:
    """What may be meant by a line over `amount`, the best first; one suggestion a customer.

    Two customers that fit equally well make neither of them sure.
    """
    by_customer: dict[UUID, list[Evidence]] = defaultdict(list)
    for row in evidence:
        by_customer[row.customer_id].append(row)
    found = [_best(amount, rows) for rows in by_customer.values()]
    found.sort(key=lambda one: (-one.score, one.customer_name, one.customer_id))
    if len(found) > 1 and found[0].score == found[1].score and found[0].sure:
        return [_unsure(one) if one.score == found[0].score else one for one in found]
    return found


def _best(amount: Money, rows: Sequence[Evidence]) -> Suggestion:
    of: dict[str, list[Evidence]] = defaultdict(list)
    for row in rows:
        of[row.kind].append(row)
    if numbered := of["number"]:
        equal = sum(row.balance_minor or 0 for row in numbered) == amount.minor
        return _suggestion(Why.NUMBER_AND_AMOUNT if equal else Why.NUMBER, rows, numbered)
    if same := of["named_amount"]:
        return _suggestion(Why.NAME_AND_AMOUNT, rows, same[:1])
    if of["sum"] and of["named"]:
        return _suggestion(Why.NAME_AND_SUM, rows, ())
    if alone := of["amount"]:
        return _suggestion(Why.AMOUNT, rows, alone)
    if of["sum"]:
        return _suggestion(Why.SUM, rows, ())
    return _suggestion(Why.NAME, rows, ())


def _suggestion(why: Why, rows: Sequence[Evidence], paid: Sequence[Evidence]) -> Suggestion:
    return Suggestion(
        rows[0].customer_id,
        rows[0].customer_name,
        tuple(row.invoice_id for row in paid if row.invoice_id),
        tuple(row.number for row in paid if row.number),
        why,
        SCORES[why],
    )


def _unsure(one: Suggestion) -> Suggestion:
    return Suggestion(one.customer_id, one.customer_name, one.invoices, one.numbers, one.why, SURE - 1)
