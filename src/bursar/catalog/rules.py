"""What catalog calculates from values alone: a tax that fits, a raised price, prices that follow each other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from uuid import UUID

from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.money import Money

UNTAXED = frozenset(TaxCategory) - {TaxCategory.STANDARD, TaxCategory.MARGIN}
MOST_PERCENT = Decimal(1000)

_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_CLASSIFICATION = re.compile(r"[0-9][0-9.]{1,19}")


def check_tax(category: TaxCategory, rate: Decimal) -> None:
    """`rate` in percent, with two decimals at most. Raises `Invalid`: only what is taxed has a rate."""
    if not 0 <= rate <= 100 or rate != rate.quantize(Decimal("0.01")) or (category in UNTAXED and rate):
        raise Invalid(
            N_("This tax rate does not fit the category. What is not taxed has a rate of 0."),
            code="tax_rate",
            field="tax_rate",
        )


def check_unit(code: str) -> str:
    """Raises `Invalid` for what cannot be a code of UN/ECE Recommendation 20."""
    if not _UNIT.fullmatch(code):
        raise Invalid(
            N_("A unit is a code of two or three capitals and digits, like C62 for one or HUR for an hour."),
            code="unit_code",
            field="unit_code",
        )
    return code


def check_classification(code: str) -> str:
    """Raises `Invalid` for what cannot be a code of the Harmonised System or a service accounting code."""
    if not _CLASSIFICATION.fullmatch(code):
        raise Invalid(
            N_("A classification is digits with points, like 998315."),
            code="classification_code",
            field="classification_code",
        )
    return code


def check_positive(price: Money, field: str) -> Money:
    """Raises `Invalid` for a price of zero or less: nothing is given away by mistake."""
    if price.minor <= 0:
        raise Invalid(N_("A price is more than zero."), code="price_not_positive", field=field)
    return price


def raised_by_percent(price: Money, percent: Decimal) -> Money:
    """The price with `percent` more, or less where it is below zero; half a minor unit goes up (R17)."""
    exact = _EXACT.divide(_EXACT.multiply(Decimal(price.minor), 100 + percent), Decimal(100))
    return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT)), price.currency)


@dataclass(frozen=True, slots=True)
class Span:
    """A price from `start` up to, not including, `end`; without one it still holds. Not yet written: no id."""

    start: date
    end: date | None
    price: Money
    id: UUID | None = None

    def holds_on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Entered:
    """A price as it fits between its neighbours. `same` is a price that said so already; nothing is new then."""

    span: Span
    same: bool = False
    closed: Span | None = None


class Timeline:
    """The prices of one customer for one product in their order, no two on one day (R86)."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.spans: list[Span] = sorted(spans, key=_start_of)

    def on(self, day: date) -> Span | None:
        return next((span for span in self.spans if span.holds_on(day)), None)

    def before(self, day: date) -> Span | None:
        """The one that holds on the day before `day` or ends earlier: its neighbour in time."""
        return next((span for span in reversed(self.spans) if span.start < day), None)

    def after(self, day: date) -> Span | None:
        return next((span for span in self.spans if span.start > day), None)

    def says(self, start: date, end: date | None, price: Money) -> Span | None:
        """The one that begins on `start` with this price, and with this end if there is one."""
        return next(
            (
                span
                for span in self.spans
                if span.start == start and span.price == price and end in (None, span.end)
            ),
            None,
        )

    def enter(self, start: date, end: date | None, price: Money) -> Entered:
        """Put a price in; the one that holds on `start` is closed there, and the next one closes this.

        Raises `Conflict` for another price from the same day, and where two would hold on one day or an
        earlier one would have to go on after this one's end.
        """
        if same := self.says(start, end, price):
            return Entered(same, same=True)
        following, holder = self.after(start), self.on(start)
        if holder is not None and holder.start == start:
            raise _taken(start)
        if end is not None:
            self._must_be_free(start, end, holder, following)
        end = end or (following.start if following else None)
        span = Span(start, end, price)
        closed = replace(holder, end=start) if holder else None
        self._put(span, holder, closed)
        return Entered(span, closed=closed)

    def _must_be_free(self, start: date, end: date, holder: Span | None, following: Span | None) -> None:
        if end <= start:
            raise end_before_start()
        if following is not None and following.start < end:
            raise overlap(following.start)
        if holder is not None and (holder.end is None or holder.end > end):
            raise overlap(end)

    def _put(self, span: Span, holder: Span | None, closed: Span | None) -> None:
        kept = [each for each in self.spans if each is not holder]
        self.spans = sorted([*kept, *([closed] if closed else []), span], key=_start_of)


def _start_of(span: Span) -> date:
    return span.start


def end_before_start() -> Invalid:
    return Invalid(
        N_("The end must come after the first day."), code="end_before_start", field="effective_to"
    )


def overlap(day: date) -> Conflict:
    return Conflict(
        N_("Two prices would hold on %(day)s. End the other one first, or choose other days."),
        code="price_overlap",
        field="effective_to",
        day=day,
    )


def _taken(start: date) -> Conflict:
    return Conflict(
        N_("Another price begins on %(day)s already. Change that one, or choose another day."),
        code="price_there",
        field="effective_from",
        day=start,
    )
