"""What billing calculates from values alone: lines and tax, numbers, conditions, where a payment goes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Any

from bursar.billing.states import InvoiceState, PromiseState
from bursar.core.money import exponent_of

# 18 digits of quantity times 19 of price: Python's usual 28 would round before we do.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_TOLERANCE = Decimal("0.02")
"""How far the sum of line taxes may stand from a category's tax before PINT refuses (R14)."""


class Rounding(StrEnum):
    """Where an invoice's tax comes from (R15)."""

    LINE = "line"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Taxed:
    """One line's net amount in minor units, and by what it is taxed: lines alike in `group` add up."""

    net: int
    rate: Decimal
    group: str


@dataclass(frozen=True, slots=True)
class Taxes:
    """The tax of each line in minor units, and how they were found; the invoice's is their sum."""

    of_lines: tuple[int, ...]
    rounding: Rounding

    @property
    def total(self) -> int:
        return sum(self.of_lines)


def half_up(amount: Decimal) -> int:
    """To a whole minor unit, half of one away from zero (R17)."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT))


def line_net(quantity: Decimal, unit_price: int, discount: int) -> int:
    """What a line costs before tax, in minor units."""
    return half_up(_EXACT.multiply(quantity, Decimal(unit_price))) - discount


def net_of_gross(gross: int, rate: Decimal) -> int:
    """The net part of a price that includes tax (R17); the tax is what remains, so both always add up."""
    return half_up(_EXACT.divide(Decimal(gross) * 100, 100 + rate))


def tax_lines(lines: Sequence[Taxed], currency: str) -> Taxes:
    """Round tax by line, and by document where the lines' sum drifts away from it (R15)."""
    allowed = tolerated_drift(currency)
    members: dict[tuple[str, Decimal], list[int]] = defaultdict(list)
    for position, line in enumerate(lines):
        members[line.group, line.rate].append(position)
    taxes, rounding = [0] * len(lines), Rounding.LINE
    for positions in members.values():
        exact = [_tax(lines[position]) for position in positions]
        rounded = [half_up(tax) for tax in exact]
        document = half_up(sum(exact, Decimal(0)))
        if abs(sum(rounded) - document) > allowed:
            rounded, rounding = _by_largest_remainder(exact, document), Rounding.SPREAD
        for position, tax in zip(positions, rounded, strict=True):
            taxes[position] = tax
    return Taxes(tuple(taxes), rounding)


def tolerated_drift(currency: str) -> int:
    """The same distance in minor units: two fils, twenty of a dinar, no yen."""
    return int(_TOLERANCE.scaleb(exponent_of(currency)))


def _tax(line: Taxed) -> Decimal:
    return _EXACT.multiply(Decimal(line.net), line.rate).scaleb(-2)


def _by_largest_remainder(exact: Sequence[Decimal], total: int) -> list[int]:
    floors = [int(tax.to_integral_value(rounding=ROUND_FLOOR)) for tax in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (floors[at] - exact[at], at))
    for at in by_remainder[: total - sum(floors)]:
        floors[at] += 1
    return floors


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` parted in proportion to `weights`, by largest remainder; no part is beyond its weight."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    return _by_largest_remainder(
        [
            _EXACT.divide(_EXACT.multiply(Decimal(amount), Decimal(weight)), Decimal(total))
            for weight in weights
        ],
        amount,
    )


class SeriesStrategy(StrEnum):
    """When the serial of a series begins again at one: each day, each year, never (R69)."""

    DAILY = "daily"
    YEARLY = "yearly"
    CONTINUOUS = "continuous"


def period_of(strategy: SeriesStrategy, day: date) -> str:
    """The key of the counter that a document of that day draws from."""
    return {"daily": f"{day:%Y%m%d}", "yearly": f"{day:%Y}", "continuous": "all"}[strategy]


def number_of(
    day: date, serial: int, prefix: str = "", strategy: SeriesStrategy = SeriesStrategy.DAILY
) -> str:
    """A document's number: its place in its day, year or series, with four digits or as many as it needs (R68).

    The three shapes differ, so that a tenant that changes its mind never writes a number twice.
    """
    period = {"daily": f"{day:%Y%m%d}", "yearly": f"{day:%Y}-", "continuous": ""}[strategy]
    return f"{prefix}{period}{serial:04}"


def in_currency(minor: int, currency: str, rate: Decimal, local: str) -> int:
    """An amount of `currency` in minor units of `local`, of which `rate` make one of `currency` (R19)."""
    shift = exponent_of(local) - exponent_of(currency)
    return half_up(_EXACT.multiply(Decimal(minor), rate).scaleb(shift))


def tax_currency(country: str, currency: str) -> str:
    """In which currency a firm owes its tax; in the Emirates only the dirham (R19)."""
    return "AED" if country == "AE" else currency


class Status(StrEnum):
    """What a person calls an invoice's condition; never stored."""

    DRAFT = "draft"
    ISSUED = "issued"
    PARTIALLY_PAID = "partially_paid"
    OVERDUE = "overdue"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


def status_of(
    state: InvoiceState, *, balance: int, allocated: int, due_date: date | None, today: date, disputed: bool
) -> Status:
    """Overdue speaks before partly paid. `queries.invoices.status` says the same in SQL."""
    if state is not InvoiceState.ISSUED or balance == 0:
        return Status(state)
    if due_date is not None and due_date < today and not disputed:
        return Status.OVERDUE
    return Status.PARTIALLY_PAID if allocated > 0 else Status.ISSUED


class Bucket(StrEnum):
    """Ageing by days past the due date (R78)."""

    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OLDER = "91+"


LAST_DAYS = {Bucket.CURRENT: 0, Bucket.TO_30: 30, Bucket.TO_60: 60, Bucket.TO_90: 90}
"""The last day past due that still belongs to each bucket but the oldest."""


def bucket_of(due_date: date, today: date) -> Bucket:
    late = (today - due_date).days
    return next((bucket for bucket, last in LAST_DAYS.items() if late <= last), Bucket.OLDER)


def take_from(amount: int, asks: Sequence[tuple[int, int | None]]) -> list[int]:
    """What each (balance, wanted) gets of `amount`, in order: never more than its balance (R73)."""
    given = []
    for balance, wanted in asks:
        given.append(min(balance, amount if wanted is None else min(wanted, amount)))
        amount -= given[-1]
    return given


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tenant's settings say about time (`billing.terms`); days are calendar days."""

    due: timedelta = timedelta(days=30)
    promise_ahead: timedelta = timedelta(days=30)
    promise_moves: int = 2

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Terms":
        standard, given = cls(), settings.get("billing", {}).get("terms", {})
        return cls(
            due=timedelta(days=given.get("due", standard.due.days)),
            promise_ahead=timedelta(days=given.get("promise_ahead", standard.promise_ahead.days)),
            promise_moves=given.get("promise_moves", standard.promise_moves),
        )


def promise_outcome(
    amount: int, paid_in_time: int, promised_for: date, today: date, *, settled: bool
) -> PromiseState:
    """Where a promise stands. A credit may settle the invoice below the promised amount: in time is kept."""
    if paid_in_time >= amount or (settled and today <= promised_for):
        return PromiseState.KEPT
    return PromiseState.BROKEN if today > promised_for else PromiseState.ACTIVE
