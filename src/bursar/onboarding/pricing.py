"""What somebody pays for a product: its price or what was agreed in place of it, and the tax on that."""

from dataclasses import dataclass
from decimal import Decimal

from bursar.billing import rules
from bursar.catalog.kinds import TaxCategory
from bursar.core.money import Money


@dataclass(frozen=True, slots=True)
class Priced:
    """`total` is what is paid: always the sum of the other two."""

    net: Money
    tax: Money

    @property
    def total(self) -> Money:
        return self.net + self.tax


def priced(net: Money, category: TaxCategory, rate: Decimal) -> Priced:
    """One of a product at `net`, taxed as a line of an invoice is (R15): the invoice of it comes to the same."""
    taxes = rules.tax_lines([rules.Taxed(net.minor, rate, category)], net.currency)
    return Priced(net, Money(taxes.total, net.currency))
