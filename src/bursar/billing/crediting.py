"""What a credit note takes back of each line, from values alone: minor units, no gap and no cent too much.

What is credited last of a line takes what earlier credits left of its tax, so that the taxes of all credit notes
add up to the invoice's (R12, R15).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from bursar.billing import rules
from bursar.core.errors import N_, Invalid
from bursar.core.money import Money

_FINEST = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Left:
    """A line of an invoice, and what earlier credits have left of it in minor units."""

    line: Mapping[str, Any]
    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def quantity(self) -> Decimal:
        """How many were not taken back yet, by what is left of the line's price."""
        whole: int = self.line["net_minor"]
        if not whole:
            return Decimal(0)
        return (self.line["quantity"] * self.net / whole).quantize(_FINEST, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Part:
    """What to take back of the line at `position`: a quantity, a net amount, or all that is left of it."""

    position: int
    quantity: Decimal | None = None
    net: Money | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A line of a credit note; `quantity` times `unit_price` is `net`."""

    left: Left
    quantity: Decimal
    unit_price: int
    net: int
    tax: int


def all_of(lefts: Sequence[Left]) -> list[Taken]:
    """Everything that is left."""
    return [_taken(left, left.net, left.tax, left.quantity) for left in lefts if left.net or left.tax]


def by_amount(lefts: Sequence[Left], amount: int) -> list[Taken]:
    """`amount` with its tax, taken from every line in proportion to what is left of it.

    Tax is found for all lines of one rate together, so that it stays what that rate says of their sum.
    """
    total = sum(left.gross for left in lefts)
    if amount == total:
        return all_of(lefts)
    shares = rules.spread(amount, [left.gross for left in lefts])
    groups: dict[tuple[str, Decimal], list[int]] = defaultdict(list)
    for at, left in enumerate(lefts):
        groups[left.line["tax_category"], left.line["tax_rate"]].append(at)
    taxes = [0] * len(lefts)
    for (_, rate), members in groups.items():
        gross = sum(shares[at] for at in members)
        tax = gross - rules.net_of_gross(gross, rate)
        for at, part in zip(members, rules.spread(tax, [shares[at] for at in members]), strict=True):
            taxes[at] = _tax_of(lefts[at], shares[at], part)
    return [
        _taken(left, share - tax, tax, None)
        for left, share, tax in zip(lefts, shares, taxes, strict=True)
        if share
    ]


def by_lines(lefts: Sequence[Left], parts: Sequence[Part], currency: str) -> list[Taken]:
    """The parts that were chosen. Raises `Invalid` naming the line that has not as much left."""
    known = {left.line["position"]: left for left in lefts}
    chosen = [_chosen(known, part) for part in parts]
    if len({part.position for part in parts}) < len(parts):
        raise Invalid(N_("A line is named twice."), code="named_twice", field="lines")
    partial = [(left, net) for left, net, _ in chosen if net != left.net]
    taxed = [rules.Taxed(net, left.line["tax_rate"], left.line["tax_category"]) for left, net in partial]
    taxes = iter(rules.tax_lines(taxed, currency).of_lines)
    return [
        _taken(left, net, left.tax if net == left.net else _within(next(taxes), left.tax), quantity)
        for left, net, quantity in chosen
    ]


def _chosen(known: Mapping[int, Left], part: Part) -> tuple[Left, int, Decimal | None]:
    left = known.get(part.position)
    if left is None:
        raise Invalid(
            N_("The invoice has no line %(line)s."), code="no_such_line", field="lines", line=part.position
        )
    if part.quantity is not None:
        if not 0 < part.quantity <= left.quantity:
            raise _too_much(part, left)
        return left, _net_of(left, part.quantity), part.quantity
    net = left.net if part.net is None else part.net.minor
    if not net or _within(net, left.net) != net:
        raise _too_much(part, left)
    return left, net, left.quantity if net == left.net else None


def _net_of(left: Left, quantity: Decimal) -> int:
    if quantity == left.quantity:
        return left.net
    return _within(rules.half_up(left.line["net_minor"] * quantity / left.line["quantity"]), left.net)


def _too_much(part: Part, left: Left) -> Invalid:
    most = Money(left.net, part.net.currency).plain() if part.net else f"{left.quantity.normalize():f}"
    return Invalid(
        N_("Of line %(line)s at most %(left)s can be credited."),
        code="credit_does_not_fit",
        field="lines",
        line=part.position,
        left=most,
    )


def _taken(left: Left, net: int, tax: int, quantity: Decimal | None) -> Taken:
    """By quantity and the invoice's own price where those make the net amount, else as one piece."""
    price: int = left.line["unit_price_minor"]
    if quantity and rules.line_net(quantity, price, 0) == net:
        return Taken(left, quantity, price, net, tax)
    return Taken(left, Decimal(1), net, net, tax)


def _tax_of(left: Left, share: int, tax: int) -> int:
    """`tax` of a share, so that neither it nor the net beside it is more than what is left."""
    sign = -1 if left.gross < 0 else 1
    least = max(sign * (share - left.net), 0)
    return sign * min(max(sign * tax, least), sign * left.tax)


def _within(part: int, whole: int) -> int:
    """`part`, or the nearest to it between nothing and `whole`, which may stand below zero."""
    return max(min(part, max(whole, 0)), min(whole, 0))
