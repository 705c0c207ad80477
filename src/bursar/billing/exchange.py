"""Money of one currency that pays an invoice in another: both amounts are given, the rate follows (R75)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import sqlalchemy as sa

from bursar.billing.queries import exchange as queries
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money
from bursar.core.work import Work

_EXACT = Context(prec=60)
_FINEST, _MOST = Decimal("0.000001"), Decimal(10) ** 12
"""What the column holds: numeric(18, 6)."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`taken` of the payment in its minor units; `rate` is units of its currency for one of the invoice's.

    `difference` is what was gained (or, below zero, lost) against the invoice's own rate, in minor units of the
    firm's currency; None where a rate that it needs is not known.
    """

    taken: int
    rate: Decimal
    difference: int | None


@dataclass(frozen=True, slots=True)
class Rates:
    """The firm's own currency, and what one unit of another was worth in it on a day, where that is known."""

    own: str
    known: Mapping[tuple[str, date], Decimal]

    def of(self, currency: str, day: date) -> Decimal | None:
        return Decimal(1) if currency == self.own else self.known.get((currency, day))


async def rates(work: Work, asked: Collection[tuple[str, date]]) -> Rates:
    """For each currency the last rate known on its day."""
    own = (await work.db.execute(queries.own_currency(work))).scalar_one()
    foreign = sorted(one for one in asked if one[0] != own)
    found = await work.db.execute(queries.last_rates(work, foreign)) if foreign else ()
    return Rates(own, {(row.currency, row.on_date): row.rate for row in found})


def exchange(invoice: sa.Row[Any], amount: Money, taken: Money, day: date, rates: Rates) -> Exchanged:
    """What it means that `taken` pays `amount` of `invoice`. Raises `Invalid` for amounts that make no rate."""
    rate = _EXACT.divide(taken.decimal, amount.decimal).quantize(_FINEST, ROUND_HALF_UP, _EXACT)
    if not 0 < rate < _MOST:
        raise Invalid(
            N_("These two amounts make no exchange rate. Check them."), code="no_rate", field="allocate_to"
        )
    booked = Decimal(1) if invoice.currency == rates.own else invoice.exchange_rate
    worth = rates.of(taken.currency, day)
    if booked is None or worth is None:
        return Exchanged(taken.minor, rate, None)
    gained = _EXACT.multiply(taken.decimal, worth) - _EXACT.multiply(amount.decimal, booked)
    return Exchanged(taken.minor, rate, Money.rounded(gained, rates.own).minor)


def part_of(whole: int | None, part: int, of: int) -> int | None:
    """The share of `whole` that belongs to `part` of `of`, half a unit away from zero; None of nothing."""
    if whole is None:
        return None
    share = _EXACT.divide(Decimal(whole) * part, Decimal(of))
    return int(share.quantize(Decimal(1), ROUND_HALF_UP, _EXACT))
